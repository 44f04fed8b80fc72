package flow

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// What the parameters of single types of action must be to be published, where
// a list of names does not say it.

func (c *checker) routingBehavior() {
	c.exactlyOne("QueuePriority", "QueueTimeAdjustmentSeconds")
	c.integer("QueuePriority", minPriority, maxPriority)
	c.integer("QueueTimeAdjustmentSeconds", -maxAdjustment, maxAdjustment)
}

func (c *checker) contactData() {
	c.oneOf("TargetContact", "Current", "Related")
	if names := c.a.params.names; len(names) == 0 || len(names) == 1 && names[0] == "TargetContact" {
		c.missing(c.path(".Parameters"))
	}
	for _, f := range contactFields {
		v, _ := c.param(f.name).scalar()
		if c.wrongShape(f.name) || !newText(v).dynamic() && utf8.RuneCountInString(v) > f.limit {
			c.badValue(c.paramPath(f.name))
		}
	}
	references := c.param("References")
	if references.kind != 0 && (references.kind != '{' || len(references.names) == 0) {
		c.badValue(c.paramPath("References"))
	}
	for i, name := range references.names {
		if references.kids[i].kind != '{' || !references.kids[i].get("Value").present() {
			c.badValue(c.paramPath("References." + name))
		}
	}
}

func (c *checker) contactTags() {
	tags := c.param("Tags")
	if tags.kind == 0 {
		return // reported already
	}
	if tags.kind != '{' || len(tags.names) == 0 {
		c.badValue(c.paramPath("Tags"))
	}
	c.tags()
	for i, name := range tags.names {
		_, scalar := tags.kids[i].scalar()
		if !scalar || !newText(name).dynamic() && badTagKey(name) != "" {
			c.badValue(c.paramPath("Tags." + name))
		}
	}
}

func (c *checker) tagKeys() {
	keys := c.param("TagKeys")
	if keys.kind == 0 {
		return // reported already
	}
	if keys.kind != '[' || len(keys.kids) == 0 {
		c.badValue(c.paramPath("TagKeys"))
	}
	for i := range keys.kids {
		key, ok := keys.kids[i].scalar()
		if !ok || !newText(key).dynamic() && badTagKey(key) != "" {
			c.badValue(c.paramPath("TagKeys[" + strconv.Itoa(i) + "]"))
		}
	}
}

// dynamic says whether the text has references in it.
func (t text) dynamic() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.ref != nil })
}
