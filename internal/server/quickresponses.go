package server

import (
	"context"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// ImportQuickResponses reads quick responses of an instance from a CSV file. The instance is named by its alias or id; "" is the only one.
func (a *Admin) ImportQuickResponses(ctx context.Context, instance string, text []byte, replace bool) (catalog.Imported, error) {
	i, err := a.named(ctx, instance)
	if err != nil {
		return catalog.Imported{}, err
	}
	return a.catalog.ImportQuickResponses(ctx, i.ID, text, replace, "")
}

// ExportQuickResponses writes the quick responses of an instance as such a file.
func (a *Admin) ExportQuickResponses(ctx context.Context, instance string) ([]byte, error) {
	i, err := a.named(ctx, instance)
	if err != nil {
		return nil, err
	}
	return a.catalog.ExportQuickResponses(ctx, i.ID)
}

// named is the instance with an alias or id, with "" the only one.
func (a *Admin) named(ctx context.Context, instance string) (*center.Instance, error) {
	if instance != "" {
		return a.FindInstance(ctx, instance)
	}
	all, err := a.Instances(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, center.Refuse(center.InvalidRequest, "there are %d instances; --instance says which one is meant", len(all))
	}
	return &all[0], nil
}
