package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// kind is one kind of resource: how its rows are named, and how a value names itself. Every kind goes the same way
// through the store's one generic table.
type kind[T any] struct {
	name string // of the rows
	word string // in "Resource not found of Type: WORD id"
	row  func(*T) (id, name string)
}

var (
	instances = kind[center.Instance]{"instance", "INSTANCE", func(i *center.Instance) (string, string) { return string(i.ID), i.Alias }}
	flows     = kind[center.ContactFlow]{"contact-flow", "CONTACT_FLOW", func(f *center.ContactFlow) (string, string) { return string(f.ID), f.Name }}
	contents  = kind[flowContent]{"flow-content", "CONTACT_FLOW", func(c *flowContent) (string, string) { return c.SHA256, "" }}
)

// flowContent is the text of one version of a flow. Versions are kept, so that a contact goes on in the version it
// began with.
type flowContent struct {
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}

func (k kind[T]) resource(at center.InstanceID, v *T) (store.Resource, error) {
	id, name := k.row(v)
	body, err := json.Marshal(v)
	if err != nil {
		return store.Resource{}, fmt.Errorf("encode %s: %w", k.name, err)
	}
	return store.Resource{Instance: at, Kind: k.name, ID: id, Name: name, Body: body}, nil
}

func (k kind[T]) decode(c *Chats, r store.Resource) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(r.Body, v); err != nil {
		return nil, c.Store.Damaged("resource", fmt.Errorf("%s %s: %w", k.name, r.ID, err))
	}
	return v, nil
}

// notFound is AWS's answer with what it leaves out: which resource.
func (k kind[T]) notFound(id string) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: %s %s", k.word, printable(id))
}

// printable keeps an identifier that a caller sent short and plain in a message.
func printable(id string) string {
	if _, ok := center.UUID(id); ok {
		return id
	}
	return fmt.Sprintf("(an identifier of %d characters that is no UUID)", len([]rune(id)))
}

// refusedAs says whether an error is a refusal of that kind.
func refusedAs(err error, code center.Code) bool {
	var refused *center.Error
	return errors.As(err, &refused) && refused.Code == code
}

func (k kind[T]) get(ctx context.Context, c *Chats, at center.InstanceID, id string) (*T, error) {
	r, err := c.Store.Resource(ctx, at, k.name, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, k.notFound(id)
	}
	if err != nil {
		return nil, err
	}
	return k.decode(c, r)
}

// insert makes a value, and with it, all or none, the rows in with.
func (k kind[T]) insert(ctx context.Context, c *Chats, at center.InstanceID, v *T, with ...store.Resource) error {
	r, err := k.resource(at, v)
	if err != nil {
		return err
	}
	r.Created = c.Clock.Now()
	r.Modified = r.Created
	return c.Store.InsertResources(ctx, append(with, r))
}

// update changes a value as it stands.
func (k kind[T]) update(ctx context.Context, c *Chats, at center.InstanceID, id string, edit func(*T) error) error {
	err := c.Store.UpdateResource(ctx, at, k.name, id, func(old store.Resource) (store.Resource, error) {
		v, err := k.decode(c, old)
		if err != nil {
			return old, err
		}
		if err := edit(v); err != nil {
			return old, err
		}
		r, err := k.resource(at, v)
		r.Created, r.Modified, r.Version = old.Created, c.Clock.Now(), old.Version
		return r, err
	})
	if errors.Is(err, store.ErrNotFound) {
		return k.notFound(id)
	}
	return err
}

// list returns up to limit values after the one with the given id, in the order of ids.
func (k kind[T]) list(ctx context.Context, c *Chats, at center.InstanceID, after string, limit int) ([]T, error) {
	rows, err := c.Store.Resources(ctx, at, k.name, after, limit)
	if err != nil {
		return nil, err
	}
	all := make([]T, 0, len(rows))
	for _, r := range rows {
		v, err := k.decode(c, r)
		if err != nil {
			return nil, err
		}
		all = append(all, *v)
	}
	return all, nil
}

func (k kind[T]) delete(ctx context.Context, c *Chats, at center.InstanceID, id string) error {
	err := c.Store.DeleteResource(ctx, at, k.name, id)
	if errors.Is(err, store.ErrNotFound) {
		return k.notFound(id)
	}
	return err
}
