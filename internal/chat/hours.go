package chat

import (
	"context"
	"slices"
	"time"
	_ "time/tzdata" // the time zones, also where the system has none

	"github.com/parley-chat/parley/internal/center"
)

var hours = kind[center.HoursOfOperation]{"hours-of-operation", "HOURS_OF_OPERATION", func(h *center.HoursOfOperation) (string, string) {
	return string(h.ID), h.Name
}}

// zone loads a time zone by its IANA name. Go's own names for UTC and for the machine's zone are none.
func zone(name string) (*time.Location, error) {
	z, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, center.Refuse(center.InvalidParameter, "TimeZone must be the name of a zone in the IANA time zone database, such as America/New_York")
	}
	return z, nil
}

// open says whether it is within the hours of operation at a time.
func (c *Chats) open(ctx context.Context, at center.InstanceID, hoursID string, now time.Time) (bool, error) {
	s, err := c.schedule(ctx, at, center.ParseHours(hoursID))
	if err != nil {
		return false, err
	}
	z, err := zone(s.Hours.TimeZone)
	if err != nil {
		return false, err
	}
	return s.Open(now, z), nil
}

// schedule finds hours of operation with those that they inherit from.
func (c *Chats) schedule(ctx context.Context, at center.InstanceID, id center.HoursID) (center.Schedule, error) {
	h, err := hours.get(ctx, c, at, string(id))
	if err != nil {
		return center.Schedule{}, err
	}
	parents, err := c.parents(ctx, at, h)
	return center.Schedule{Hours: h, Parents: parents}, err
}

// parents finds what hours of operation inherit from. A parent that was deleted has nothing to pass on.
func (c *Chats) parents(ctx context.Context, at center.InstanceID, h *center.HoursOfOperation) ([]center.HoursOfOperation, error) {
	var all []center.HoursOfOperation
	for _, id := range h.Parents {
		parent, err := hours.get(ctx, c, at, string(id))
		if refusedAs(err, center.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, *parent)
	}
	return all, nil
}

// CreateHours makes hours of operation.
func (c *Chats) CreateHours(ctx context.Context, at center.InstanceID, h center.HoursOfOperation, parents []center.HoursID) (*center.HoursOfOperation, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if h.ID == "" {
		h.ID = center.HoursID(c.NewID())
	}
	if err := c.inherit(ctx, at, &h, parents); err != nil {
		return nil, err
	}
	if err := validHours(&h); err != nil {
		return nil, err
	}
	h.Modified = c.Clock.Now().UTC()
	return &h, taken(hours.insert(ctx, c, at, &h), hoursNameTaken)
}

func validHours(h *center.HoursOfOperation) error {
	if _, err := zone(h.TimeZone); err != nil {
		return err
	}
	return h.Check()
}

const hoursNameTaken = "hours of operation of that name already exist in the instance"

func (c *Chats) inherit(ctx context.Context, at center.InstanceID, h *center.HoursOfOperation, parents []center.HoursID) error {
	for _, p := range parents {
		if _, err := hours.get(ctx, c, at, string(p)); err != nil {
			return err
		}
	}
	return h.Inherit(parents)
}

// Hours finds hours of operation, and the parents they inherit overrides from.
func (c *Chats) Hours(ctx context.Context, at center.InstanceID, id center.HoursID) (center.Schedule, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return center.Schedule{}, err
	}
	return c.schedule(ctx, at, id)
}

// ListHours lists hours of operation in the order of their ids: all of them, or the children of those named.
func (c *Chats) ListHours(ctx context.Context, at center.InstanceID, childrenOf center.HoursID, after string, limit int) ([]center.HoursOfOperation, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return hours.filter(ctx, c, at, after, limit, func(h *center.HoursOfOperation) bool {
		return childrenOf == "" || slices.Contains(h.Parents, childrenOf)
	})
}

// UpdateHours changes hours of operation. edit may be called again.
func (c *Chats) UpdateHours(ctx context.Context, at center.InstanceID, id center.HoursID, edit func(*center.HoursOfOperation) error) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	var refused error
	err := hours.update(ctx, c, at, string(id), func(h *center.HoursOfOperation) error {
		h.Modified = c.Clock.Now().UTC()
		if refused = edit(h); refused == nil {
			refused = validHours(h)
		}
		return refused
	})
	if refused != nil {
		return refused
	}
	return taken(err, hoursNameTaken)
}

// DeleteHours deletes hours of operation and their overrides. Hours that inherited from them go on without; those of a
// queue are in use, which InvalidRequest tells of because the operation declares no ResourceInUseException (inferred).
func (c *Chats) DeleteHours(ctx context.Context, at center.InstanceID, id center.HoursID) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	for after := ""; ; {
		page, err := queues.list(ctx, c, at, after, queuePage)
		if err != nil {
			return err
		}
		for _, q := range page {
			if after = string(q.ID); q.Hours == id {
				return center.Refuse(center.InvalidRequest, "the hours of operation are in use by the queue %s", q.ID)
			}
		}
		if len(page) < queuePage {
			return hours.delete(ctx, c, at, string(id))
		}
	}
}

// AssociateHours makes hours of operation inherit the overrides of others.
func (c *Chats) AssociateHours(ctx context.Context, at center.InstanceID, id center.HoursID, parents []center.HoursID) error {
	return c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error { return c.inherit(ctx, at, h, parents) })
}

// DisassociateHours ends that. Parents that were none are not found, and then nothing changes (inferred).
func (c *Chats) DisassociateHours(ctx context.Context, at center.InstanceID, id center.HoursID, parents []center.HoursID) error {
	return c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error {
		if stranger := h.Disinherit(parents); stranger != "" {
			return hours.notFound(string(stranger))
		}
		return nil
	})
}

// queuePage is how many queues are read at a time.
const queuePage = 100

func overrideNotFound(id center.OverrideID) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: HOURS_OF_OPERATION_OVERRIDE %s", printable(string(id)))
}

// CreateOverride adds an override to hours of operation.
func (c *Chats) CreateOverride(ctx context.Context, at center.InstanceID, id center.HoursID, o center.HoursOverride) (center.OverrideID, error) {
	o.ID = center.OverrideID(c.NewID())
	err := c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error { return h.AddOverride(o) })
	return o.ID, err
}

// Override finds an override and its hours of operation.
func (c *Chats) Override(ctx context.Context, at center.InstanceID, id center.HoursID, override center.OverrideID) (*center.HoursOverride, error) {
	s, err := c.Hours(ctx, at, id)
	if err != nil {
		return nil, err
	}
	if o := s.Hours.Override(override); o != nil {
		return o, nil
	}
	return nil, overrideNotFound(override)
}

// UpdateOverride changes an override. edit may be called again.
func (c *Chats) UpdateOverride(ctx context.Context, at center.InstanceID, id center.HoursID, override center.OverrideID, edit func(*center.HoursOverride) error) error {
	return c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error {
		o := h.Override(override)
		if o == nil {
			return overrideNotFound(override)
		}
		if err := edit(o); err != nil {
			return err
		}
		return h.CheckOverride(override)
	})
}

// DeleteOverride takes an override away.
func (c *Chats) DeleteOverride(ctx context.Context, at center.InstanceID, id center.HoursID, override center.OverrideID) error {
	return c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error {
		if !h.RemoveOverride(override) {
			return overrideNotFound(override)
		}
		return nil
	})
}
