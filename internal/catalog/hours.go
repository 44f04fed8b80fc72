package catalog

import (
	"context"
	"strings"
	"time"
	_ "time/tzdata" // the time zones, also where the system has none

	"github.com/parley-chat/parley/internal/center"
)

// HoursOfOperation are the hours of operation of an instance.
var HoursOfOperation = &Kind[center.HoursOfOperation]{
	rows: "hours-of-operation", word: "HOURS_OF_OPERATION", tail: "operating-hours",
	parse: func(s string) string { return string(center.ParseHours(s)) },
	key:   hoursKey,
	stamp: (*center.HoursOfOperation).Stamp,
	tags:  func(h *center.HoursOfOperation) *map[string]string { return &h.Tags },
	check: validHours,
	taken: "hours of operation of that name already exist in the instance",
	fields: append(headFields(byText, hoursKey, func(h *center.HoursOfOperation) string { return h.Description }, parseID("operating-hours")),
		field[center.HoursOfOperation]{name: "timezone", how: byText, one: func(h *center.HoursOfOperation) string { return h.TimeZone }}),
}

func hoursKey(h *center.HoursOfOperation) (id, name string) { return string(h.ID), h.Name }

// Override is an override with the hours of operation that it is of.
type Override struct {
	center.HoursOverride
	Of *center.HoursOfOperation
}

// Overrides are the overrides of all hours of operation of an instance. Their tags are those of the hours (inferred).
var Overrides = &Kind[Override]{
	rows: "hours-of-operation", word: "HOURS_OF_OPERATION_OVERRIDE",
	key:  overrideKey,
	tags: func(o *Override) *map[string]string { return &o.Of.Tags },
	fields: append(headFields(byText, overrideKey, func(o *Override) string { return o.Description }, strings.ToLower),
		idField("HoursOfOperationId", parseID("operating-hours"), func(o *Override) string { return string(o.Of.ID) }),
		field[Override]{name: "EffectiveFrom", how: byDate, one: func(o *Override) string { return o.From }},
		field[Override]{name: "EffectiveTill", how: byDate, one: func(o *Override) string { return o.Till }}),
	gather: func(ctx context.Context, c *Catalog, at center.InstanceID) (all []Override, bytes int, err error) {
		hours, err := HoursOfOperation.all(ctx, c, at)
		for i := range hours {
			for _, o := range hours[i].Overrides {
				all = append(all, Override{o, &hours[i]})
			}
		}
		return all, len(all) * recordBytes, err
	},
}

func overrideKey(o *Override) (id, name string) { return string(o.ID), o.Name }

// zone loads a time zone by its IANA name. Go's own names for UTC and for the machine's zone are none.
func zone(name string) (*time.Location, error) {
	z, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, center.Refuse(center.InvalidParameter, "TimeZone must be the name of a zone in the IANA time zone database, such as America/New_York")
	}
	return z, nil
}

// Open says whether it is within the hours of operation at a time.
func (c *Catalog) Open(ctx context.Context, at center.InstanceID, hoursID string, now time.Time) (bool, error) {
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
func (c *Catalog) schedule(ctx context.Context, at center.InstanceID, id center.HoursID) (center.Schedule, error) {
	h, err := HoursOfOperation.find(ctx, c, at, string(id))
	if err != nil {
		return center.Schedule{}, err
	}
	return c.FoundHours(ctx, at, h)
}

// FoundHours are hours of operation as searches show them: with those that they inherit from.
func (c *Catalog) FoundHours(ctx context.Context, at center.InstanceID, h *center.HoursOfOperation) (center.Schedule, error) {
	parents, err := c.parents(ctx, at, h)
	return center.Schedule{Hours: h, Parents: parents}, err
}

// parents finds what hours of operation inherit from. A parent that was deleted has nothing to pass on.
func (c *Catalog) parents(ctx context.Context, at center.InstanceID, h *center.HoursOfOperation) ([]center.HoursOfOperation, error) {
	var all []center.HoursOfOperation
	for _, id := range h.Parents {
		parent, err := HoursOfOperation.find(ctx, c, at, string(id))
		if center.Is(err, center.NotFound) {
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
func (c *Catalog) CreateHours(ctx context.Context, at center.InstanceID, h center.HoursOfOperation, parents []center.HoursID) (*center.HoursOfOperation, error) {
	if err := c.inherit(ctx, at, &h, parents); err != nil {
		return nil, err
	}
	_, err := HoursOfOperation.Create(ctx, c, at, &h, ClientToken{})
	return &h, err
}

func validHours(h *center.HoursOfOperation) error {
	if _, err := zone(h.TimeZone); err != nil {
		return err
	}
	return h.Check()
}

func (c *Catalog) inherit(ctx context.Context, at center.InstanceID, h *center.HoursOfOperation, parents []center.HoursID) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	for _, p := range parents {
		if _, err := HoursOfOperation.find(ctx, c, at, string(p)); err != nil {
			return err
		}
	}
	return h.Inherit(parents)
}

// Hours finds hours of operation, and the parents they inherit overrides from.
func (c *Catalog) Hours(ctx context.Context, at center.InstanceID, id center.HoursID) (center.Schedule, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return center.Schedule{}, err
	}
	return c.schedule(ctx, at, id)
}

// UpdateHours changes hours of operation. edit may be called again.
func (c *Catalog) UpdateHours(ctx context.Context, at center.InstanceID, id center.HoursID, edit func(*center.HoursOfOperation) error) error {
	return HoursOfOperation.Update(ctx, c, at, string(id), 0, edit)
}

// AssociateHours makes hours of operation inherit the overrides of others.
func (c *Catalog) AssociateHours(ctx context.Context, at center.InstanceID, id center.HoursID, parents []center.HoursID) error {
	return c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error { return c.inherit(ctx, at, h, parents) })
}

// DisassociateHours ends that. Parents that were none are not found, and then nothing changes (inferred).
func (c *Catalog) DisassociateHours(ctx context.Context, at center.InstanceID, id center.HoursID, parents []center.HoursID) error {
	return c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error {
		if stranger := h.Disinherit(parents); stranger != "" {
			return HoursOfOperation.notFound(string(stranger))
		}
		return nil
	})
}

func overrideNotFound(id center.OverrideID) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: HOURS_OF_OPERATION_OVERRIDE %s", center.Printable(string(id)))
}

// CreateOverride adds an override to hours of operation.
func (c *Catalog) CreateOverride(ctx context.Context, at center.InstanceID, id center.HoursID, o center.HoursOverride) (center.OverrideID, error) {
	o.ID = center.OverrideID(c.NewID())
	err := c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error { return h.AddOverride(o) })
	return o.ID, err
}

// Override finds an override and its hours of operation.
func (c *Catalog) Override(ctx context.Context, at center.InstanceID, id center.HoursID, override center.OverrideID) (*center.HoursOverride, error) {
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
func (c *Catalog) UpdateOverride(ctx context.Context, at center.InstanceID, id center.HoursID, override center.OverrideID, edit func(*center.HoursOverride) error) error {
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
func (c *Catalog) DeleteOverride(ctx context.Context, at center.InstanceID, id center.HoursID, override center.OverrideID) error {
	return c.UpdateHours(ctx, at, id, func(h *center.HoursOfOperation) error {
		if !h.RemoveOverride(override) {
			return overrideNotFound(override)
		}
		return nil
	})
}
