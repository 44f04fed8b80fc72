package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// IntegrationAssociations are the resources outside that an instance works with.
var IntegrationAssociations = &Kind[center.IntegrationAssociation]{
	rows: "integration-association", word: "INTEGRATION_ASSOCIATION", tail: "integration-association",
	key:   (*center.IntegrationAssociation).Key,
	stamp: (*center.IntegrationAssociation).Stamp,
	tags:  (*center.IntegrationAssociation).TagSet,
	check: (*center.IntegrationAssociation).Check,
	taken: "an integration association of the same type and IntegrationArn already exists in the instance",
}

// UseCases are what the integration associations of an instance are used for. Their ARNs do not name the association
// (AWS's service authorization reference, "Resource types" of Amazon Connect).
var UseCases = &Kind[center.UseCase]{
	rows: "use-case", word: "USE_CASE", tail: "use-case",
	key:   (*center.UseCase).Key,
	stamp: (*center.UseCase).Stamp,
	tags:  (*center.UseCase).TagSet,
	refs: func(u *center.UseCase) []store.Ref {
		return []store.Ref{{Kind: IntegrationAssociations.rows, ID: string(u.Association)}}
	},
	taken: "the integration association already has a use case of that type",
}

// ListUseCases lists the use cases of an integration association after the one with the given id.
func (c *Catalog) ListUseCases(ctx context.Context, at center.InstanceID, of center.IntegrationID, after string, limit int) ([]center.UseCase, error) {
	if _, err := IntegrationAssociations.Get(ctx, c, at, string(of)); err != nil {
		return nil, err
	}
	return UseCases.List(ctx, c, at, after, limit, func(u *center.UseCase) bool { return u.Association == of })
}

// DeleteUseCase deletes a use case of an integration association. Which one it is of never changes.
func (c *Catalog) DeleteUseCase(ctx context.Context, at center.InstanceID, of center.IntegrationID, id string) error {
	u, err := UseCases.Get(ctx, c, at, id)
	if err == nil && u.Association != of {
		err = UseCases.notFound(id)
	}
	if err != nil {
		return err
	}
	return UseCases.Delete(ctx, c, at, id)
}
