package catalog

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Widgets are the definitions of an instance's widgets.
var Widgets = &Kind[center.Widget]{
	rows: "widget", word: "WIDGET", tail: "widget",
	key:   (*center.Widget).Key,
	stamp: (*center.Widget).Stamp,
	check: (*center.Widget).Check,
	taken: "a widget of that name already exists in the instance",
	quota: 20, plural: "widgets",
	below: []string{widgetKeys.rows},
}

// widgetKeys are the keys of widgets, each in a row below that of its widget: the audit log has only that they came and went.
var widgetKeys = &Kind[center.WidgetKey]{
	rows: "widget-key", word: "WIDGET_KEY",
	key:   func(k *center.WidgetKey) (id, name string) { return k.ID, "" },
	stamp: func(*center.WidgetKey, func() string, time.Time) {},
}

// CreateWidget makes a widget, whose flow and form must exist. They may be deleted later, as everywhere.
func (c *Catalog) CreateWidget(ctx context.Context, at center.InstanceID, w *center.Widget) error {
	if err := c.checkWidget(ctx, at, w); err != nil {
		return err
	}
	w.Created = c.Now().UTC()
	_, err := Widgets.Create(ctx, c, at, w, ClientToken{})
	return err
}

// UpdateWidget puts a widget in the place of one, whose id, keys, tags and time of creation it keeps.
func (c *Catalog) UpdateWidget(ctx context.Context, at center.InstanceID, id string, w *center.Widget) error {
	if err := c.checkWidget(ctx, at, w); err != nil {
		return err
	}
	return Widgets.Update(ctx, c, at, id, 0, func(old *center.Widget) error {
		w.ID, w.Tags, w.Created = old.ID, old.Tags, old.Created
		*old = *w
		w.Modified = c.Now().UTC()
		return nil
	})
}

func (c *Catalog) checkWidget(ctx context.Context, at center.InstanceID, w *center.Widget) error {
	if err := w.Check(); err != nil {
		return err
	}
	f, err := Flows.Get(ctx, c, at, string(w.Flow))
	if err == nil {
		err = f.Startable()
	}
	if err == nil && w.Form != "" {
		_, err = Views.Get(ctx, c, at, string(w.Form))
	}
	return err
}

// widgetSecretBytes make a key of 44 characters, as Amazon Connect's have.
const widgetSecretBytes = 32

// AddWidgetKey makes a key of a widget and returns it with its secret, which is not shown again. Two are as many as a rotation
// needs: the old one is good until it is deleted.
func (c *Catalog) AddWidgetKey(ctx context.Context, at center.InstanceID, id string, by center.UserID) (key center.WidgetKey, secret string, err error) {
	var raw [widgetSecretBytes]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return key, "", err
	}
	secret = base64.StdEncoding.EncodeToString(raw[:])
	key = center.WidgetKey{ID: id + "/" + c.NewID(), Created: c.Now().UTC(), By: by}
	key.Sealed = c.Sealer.Seal([]byte(secret), widgetPurpose(at, key.ID))
	row, err := widgetKeys.fresh(at, &key, c.Now())
	if err != nil {
		return key, "", err
	}
	err = Widgets.changeRows(ctx, c, at, id, func(ctx context.Context, c *Catalog, at center.InstanceID, id string, commit *store.ResourceCommit) error {
		there, err := c.widgetKeyRows(ctx, at, id)
		if err == nil && len(there) >= center.MaxWidgetKeys {
			err = center.Refuse(center.QuotaExceeded, "a widget has at most %d keys; delete the old one first", center.MaxWidgetKeys)
		}
		commit.Insert = append(commit.Insert, row)
		return err
	})
	return key, secret, err
}

func widgetPurpose(at center.InstanceID, key string) string {
	return "widget key " + string(at) + " " + key
}

func (c *Catalog) widgetKeyRows(ctx context.Context, at center.InstanceID, id string) ([]store.Resource, error) {
	rows, err := c.Store.Resources(ctx, at, widgetKeys.rows, id+"/", center.MaxWidgetKeys+1)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r store.Resource) bool { return len(r.ID) <= len(id) || r.ID[:len(id)+1] != id+"/" }), nil
}

// WidgetKeys are the keys of a widget that exists, the oldest first.
func (c *Catalog) WidgetKeys(ctx context.Context, at center.InstanceID, id string) ([]center.WidgetKey, error) {
	rows, err := c.widgetKeyRows(ctx, at, id)
	if err != nil {
		return nil, err
	}
	keys := make([]center.WidgetKey, len(rows))
	for i, row := range rows {
		k, err := widgetKeys.decode(c, row)
		if err != nil {
			return nil, err
		}
		keys[i] = *k
	}
	slices.SortStableFunc(keys, func(a, b center.WidgetKey) int { return a.Created.Compare(b.Created) })
	return keys, nil
}

// OpenWidgetKey returns the secret of a key of an instance's widget.
func (c *Catalog) OpenWidgetKey(at center.InstanceID, k *center.WidgetKey) (string, error) {
	secret, err := c.Sealer.Open(k.Sealed, widgetPurpose(at, k.ID))
	return string(secret), err
}

// DeleteWidgetKey deletes a key of a widget: tokens that it has signed start no more chats.
func (c *Catalog) DeleteWidgetKey(ctx context.Context, at center.InstanceID, id, key string) error {
	if _, err := Widgets.Get(ctx, c, at, id); err != nil {
		return err
	}
	return widgetKeys.Delete(ctx, c, at, id+"/"+key)
}
