package chat

import (
	"context"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/stock"
	"github.com/parley-chat/parley/internal/store"
)

// CreateInstance makes an instance; it is ACTIVE at once. An alias is unique over the whole server, as it is over
// all of AWS. A ClientToken seen before is answered with the instance it made.
func (c *Chats) CreateInstance(ctx context.Context, i center.Instance, clientToken string) (*center.Instance, error) {
	if err := i.Check(); err != nil {
		return nil, err
	}
	if i.ID == "" {
		i.ID = center.InstanceID(c.NewID())
	}
	i.Created = c.Clock.Now().UTC()
	var once []store.Resource
	key := claimKey(clientToken)
	if clientToken != "" {
		once = []store.Resource{{Kind: instanceToken, ID: key, Body: []byte(i.ID), Created: i.Created, Modified: i.Created}}
	}
	seeded, err := c.seeds(i.ID, i.Created)
	if err != nil {
		return nil, err
	}
	err = instances.insert(ctx, c, "", &i, append(once, seeded...)...)
	var refused *center.Error
	if !errors.As(err, &refused) || refused.Code != center.Duplicate {
		return &i, err
	}
	if first, err := c.Store.Resource(ctx, "", instanceToken, key); err == nil {
		return c.Instance(ctx, center.InstanceID(first.Body))
	}
	return nil, center.Refuse(center.InvalidRequest, "Invalid Input. Instance alias is already used.")
}

// seeds are the rows of what a new instance has: a queue, its hours of operation, and flows with their contents.
func (c *Chats) seeds(at center.InstanceID, now time.Time) ([]store.Resource, error) {
	var s seeding
	queue := center.BasicQueue(at, now)
	basic := center.BasicHours(queue.Hours, now)
	s.add(queues.resource(at, &queue))
	s.add(hours.resource(at, &basic))
	kept := map[string]bool{} // two flows may have one text
	for _, f := range stock.Flows(c.Partition, at) {
		f.Modified = now
		s.add(flows.resource(at, &f.ContactFlow))
		if !kept[f.Published] {
			kept[f.Published] = true
			s.add(contents.resource(at, &flowContent{SHA256: f.Published, Text: f.Content}))
		}
	}
	for i := range s.rows {
		s.rows[i].Created, s.rows[i].Modified = now, now
	}
	return s.rows, s.err
}

// seeding gathers rows until one could not be made.
type seeding struct {
	rows []store.Resource
	err  error
}

func (s *seeding) add(r store.Resource, err error) {
	s.rows = append(s.rows, r)
	s.err = errors.Join(s.err, err)
}

// instanceToken is the kind of the rows that remember which instance a ClientToken made.
const instanceToken = "instance-token"

// Instance finds an instance by id.
func (c *Chats) Instance(ctx context.Context, id center.InstanceID) (*center.Instance, error) {
	return instances.get(ctx, c, "", string(id))
}

// Instances lists instances in the order of their ids.
func (c *Chats) Instances(ctx context.Context, after string, limit int) ([]center.Instance, error) {
	return instances.list(ctx, c, "", after, limit)
}

// DeleteInstance ends the instance's chats and deletes all that belongs to it. Once it has begun it goes on without its
// caller; what a crash left behind, another call takes away.
func (c *Chats) DeleteInstance(ctx context.Context, id center.InstanceID) error {
	if _, ok := center.UUID(string(id)); !ok {
		return instances.notFound(string(id)) // what belongs to no instance has the empty id
	}
	// The row goes first: no new chat begins from here on.
	gone := instances.delete(ctx, c, "", string(id))
	var refused *center.Error
	if gone != nil && !(errors.As(gone, &refused) && refused.Code == center.NotFound) {
		return gone
	}
	ctx = context.WithoutCancel(ctx)
	for {
		active, err := c.Store.Chats(ctx, id, "", true, 100)
		if err != nil {
			return err
		}
		if len(active) == 0 {
			break
		}
		for _, row := range active {
			err := c.change(ctx, row.ID, func(t *turn) error {
				t.end(center.ReasonAPI)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	if err := c.Store.DeleteInstance(ctx, id, c.Wall()); err != nil {
		return err
	}
	c.erasures.dirty.Store(true)
	c.nudgeErasing()
	c.Forget()
	return gone
}
