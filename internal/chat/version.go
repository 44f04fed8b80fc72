package chat

import (
	"context"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// Versions of flows and of modules: contents with a number, which never change.
var (
	flowVersions   = versions{kind[center.Version]{"contact-flow-version", "CONTACT_FLOW_VERSION", versionRow}}
	moduleVersions = versions{kind[center.Version]{"flow-module-version", "CONTACT_FLOW_MODULE_VERSION", versionRow}}
)

type versions struct{ kind[center.Version] }

func versionRow(v *center.Version) (id, name string) { return v.Key(), "" }

// version finds the version of a flow or module with that number.
func (k versions) version(ctx context.Context, c *Chats, at center.InstanceID, of string, number int64) (*center.Version, error) {
	v, err := k.get(ctx, c, at, center.VersionKey(of, number))
	return v, k.missing(err, of, number)
}

// missing is AWS's answer for a version that is not there, with what it leaves out: which one.
func (k versions) missing(err error, of string, number int64) error {
	if refusedAs(err, center.NotFound) {
		return center.Refuse(center.NotFound, "Resource not found of Type: %s %s:%d", k.word, of, number)
	}
	return err
}

// matches refuses a version of a content that is not the latest any more: "If the FlowContentSha256 provided is
// different from the FlowContentSha256 of the $LATEST published flow content, then an error is returned" (API
// reference, CreateContactFlowVersion; which error is inferred).
func matches(given, latest string) error {
	if given != "" && given != latest {
		return center.Refuse(center.InvalidRequest, "the hash of the content is not that of the latest published content, %s", latest)
	}
	return nil
}

// below lists up to limit values whose ids begin with the prefix, after the one with the given id.
func (k kind[T]) below(ctx context.Context, c *Chats, at center.InstanceID, prefix, after string, limit int) ([]T, error) {
	if after < prefix {
		after = prefix
	}
	all, err := k.list(ctx, c, at, after, limit)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if id, _ := k.row(&all[i]); !strings.HasPrefix(id, prefix) {
			return all[:i], nil
		}
	}
	return all, nil
}

// deleteBelow deletes all values whose ids begin with the prefix.
func (k kind[T]) deleteBelow(ctx context.Context, c *Chats, at center.InstanceID, prefix string) error {
	for {
		some, err := k.below(ctx, c, at, prefix, "", 100)
		if err != nil || len(some) == 0 {
			return err
		}
		for i := range some {
			id, _ := k.row(&some[i])
			if err := k.delete(ctx, c, at, id); err != nil && !refusedAs(err, center.NotFound) {
				return err
			}
		}
	}
}

// filter lists up to limit values to keep, after the one with the given id, in the order of ids.
func (k kind[T]) filter(ctx context.Context, c *Chats, at center.InstanceID, after string, limit int, keep func(*T) bool) ([]T, error) {
	var found []T
	for {
		page, err := k.list(ctx, c, at, after, limit)
		if err != nil {
			return nil, err
		}
		for i := range page {
			after, _ = k.row(&page[i])
			if keep(&page[i]) {
				found = append(found, page[i])
			}
			if len(found) == limit {
				return found, nil
			}
		}
		if len(page) < limit {
			return found, nil
		}
	}
}

// Amazon Connect's default quotas of an instance (admin guide, "Amazon Connect service quotas").
const (
	maxFlows     = 100
	maxModules   = 200
	maxFunctions = 50
	maxBots      = 100
)

// room refuses one more value than the quota, where quotas are kept. Requests at the same moment may pass together.
func (k kind[T]) room(ctx context.Context, c *Chats, at center.InstanceID, quota int, what string) error {
	if !c.Settings.ResourceQuotas {
		return nil
	}
	rows, err := c.Store.Resources(ctx, at, k.name, "", quota)
	if err == nil && len(rows) == quota {
		err = center.Refuse(center.QuotaExceeded, "the instance has its quota of %d %s", quota, what)
	}
	return err
}

// taken is the answer to a name that another has.
func taken(err error, message string) error {
	if refusedAs(err, center.Duplicate) {
		return center.Refuse(center.Duplicate, "%s", message)
	}
	return err
}
