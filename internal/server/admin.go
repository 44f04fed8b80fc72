package server

import (
	"context"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/keys"
	"github.com/parley-chat/parley/internal/store"
)

// Admin does an operator's tasks on a store, beside servers that may be running on it.
type Admin struct {
	Keys     *keys.Ring
	s        *Server
	catalog  *catalog.Catalog
	erasures *chat.Erasures
}

// silence is a bus nobody listens to: servers on the same store find out from the store.
type silence struct{}

func (silence) Publish(center.StreamID, []center.Item) {}

// OpenAdmin opens the store of a configuration.
func OpenAdmin(ctx context.Context, cfg Config) (*Admin, error) {
	if err := cfg.checkStore(); err != nil {
		return nil, err
	}
	cfg.fill()
	s, err := open(ctx, cfg, false)
	if err != nil {
		return nil, err
	}
	s.catalog = cfg.catalog(s.store)
	chats := chat.New(chat.Config{
		Engine: cfg.engine(s.store, silence{}, true), Store: s.store, Catalog: s.catalog, Clock: s.cfg.Clock, Wall: s.cfg.Now, NewID: s.cfg.NewID,
		Partition: s.cfg.Partition, Settings: s.cfg.Settings, Log: s.cfg.Log,
	})
	return &Admin{Keys: s.keys, s: s, catalog: s.catalog, erasures: chat.NewErasures(chats)}, nil
}

// Close closes the store.
func (a *Admin) Close() error { return a.s.Close() }

// CreateInstance makes an instance that manages its own users.
func (a *Admin) CreateInstance(ctx context.Context, alias string) (*center.Instance, error) {
	return a.catalog.CreateInstance(ctx, center.Instance{
		Alias: alias, IdentityManagementType: center.IdentityManaged, InboundCalls: true, OutboundCalls: true,
	}, "")
}

// Instances lists all instances.
func (a *Admin) Instances(ctx context.Context) ([]center.Instance, error) {
	var all []center.Instance
	for after := ""; ; {
		page, err := a.catalog.Instances(ctx, after, 100)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < 100 {
			return all, nil
		}
		after = string(page[len(page)-1].ID)
	}
}

// FindInstance finds an instance by alias or id.
func (a *Admin) FindInstance(ctx context.Context, name string) (*center.Instance, error) {
	all, err := a.Instances(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if i.Alias == name || string(i.ID) == name {
			return &i, nil
		}
	}
	return nil, center.Refuse(center.NotFound, "there is no instance with that alias or id; parley instance list shows them")
}

// EraseChat erases the whole chat that a contact belongs to and returns what that was. A chat that has not ended is
// refused, or with end ended first.
func (a *Admin) EraseChat(ctx context.Context, contact center.ContactID, end bool) (store.Erased, error) {
	return a.erasures.Erase(ctx, contact, end)
}

// DeleteInstance ends an instance's chats and deletes all that belongs to it.
func (a *Admin) DeleteInstance(ctx context.Context, id center.InstanceID) error {
	return a.erasures.DeleteInstance(ctx, id)
}
