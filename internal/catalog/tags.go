package catalog

import (
	"context"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/center"
)

// Tags are the tags of a resource, by its ARN.
func (c *Catalog) Tags(ctx context.Context, arn string) (map[string]string, error) {
	kind, at, id, err := c.tagged(ctx, arn)
	if err != nil {
		return nil, err
	}
	tags, ok, err := kind.tagsOf(ctx, c, at, id)
	if err == nil && !ok {
		err = untaggable(kind)
	}
	return tags, err
}

// Tag sets tags of a resource and takes others away, by its ARN.
func (c *Catalog) Tag(ctx context.Context, arn string, set map[string]string, remove []string) error {
	kind, at, id, err := c.tagged(ctx, arn)
	if err != nil {
		return err
	}
	return kind.tag(ctx, c, at, id, set, remove)
}

// tagged finds out what an ARN names. A version or an alias has no tags of its own (inferred: no operation that makes one
// takes any), so an ARN that names one is refused; the qualifiers for what a resource has now are not.
func (c *Catalog) tagged(ctx context.Context, arn string) (kind known, at center.InstanceID, id string, err error) {
	if kind, at, id, err = c.parseARN(arn); err != nil {
		return nil, "", "", err
	}
	return kind, at, id, c.in(ctx, at)
}

// parseARN reads an ARN without looking whether there is such a resource. The kind takes the id out of it, as it does for
// requests that name the resource in other members.
func (c *Catalog) parseARN(arn string) (kind known, at center.InstanceID, id string, err error) {
	named, err := c.Partition.ParseARN(arn)
	if err != nil {
		return nil, "", "", err
	}
	kind, ok := byTail[named.Tail]
	if !ok {
		return nil, "", "", center.Refuse(center.InvalidParameter, "resourceArn must name a type of resource that is known here, such as queue or contact-flow, got a type of %d characters", utf8.RuneCountInString(named.Tail))
	}
	text, qualifier, _ := strings.Cut(named.ID, ":")
	if err := changeable(qualifier); err != nil {
		return nil, "", "", err
	}
	if named.Instance != "" {
		text = c.Partition.InstanceARN(named.Instance) + "/" + named.Tail + "/" + text
	}
	return kind, named.Instance, kind.ParseID(text), nil
}

func untaggable(kind known) error {
	rows, _, _ := kind.names()
	return center.Refuse(center.InvalidParameter, "resourceArn names a resource of the type %s, which has no tags", noun(rows))
}

func (k *Kind[R]) tagsOf(ctx context.Context, c *Catalog, at center.InstanceID, id string) (tags map[string]string, ok bool, err error) {
	if k.tags == nil {
		return nil, false, nil
	}
	r, err := k.find(ctx, c, at, id)
	if err != nil {
		return nil, true, err
	}
	return maps.Clone(*k.tags(r)), true, nil
}

func (k *Kind[R]) tag(ctx context.Context, c *Catalog, at center.InstanceID, id string, set map[string]string, remove []string) error {
	if k.tags == nil {
		return untaggable(k)
	}
	return k.Update(ctx, c, at, id, 0, func(r *R) (err error) {
		tags := k.tags(r)
		*tags, err = center.MergeTags(*tags, set, remove)
		return err
	})
}
