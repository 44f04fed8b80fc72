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

func (c *checker) routingCriteria() {
	n := c.param("RoutingCriteria")
	if !n.present() {
		return // reported already
	}
	if at := (criteria{written: true}).wrong(n); at != "" {
		c.badValue(c.paramPath("RoutingCriteria." + at))
	}
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
		if references.kids[i].kind != '{' || lacks(&references.kids[i], "Value") {
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

func (c *checker) lex() {
	c.lexBot()
	c.equalsOnly()
	if bot := c.param("LexV2Bot"); bot.kind != 0 && lacks(bot, "AliasArn") {
		c.missing(c.paramPath("LexV2Bot.AliasArn"))
	}
	if data := c.param("LexInitializationData"); data.kind != 0 && lacks(data, "InitialMessage") {
		c.missing(c.paramPath("LexInitializationData.InitialMessage"))
	}
	if a := c.param("LexSessionAttributes"); a.kind != 0 && a.kind != '{' {
		c.badValue(c.paramPath("LexSessionAttributes"))
	}
	if limit := c.param("LexTimeoutSeconds"); limit.kind != 0 && !integerWithin(limit.get("Text"), minLexTimeout, maxLexTimeout) {
		c.badValue(c.paramPath("LexTimeoutSeconds.Text"))
	}
}

func (c *checker) view() {
	c.equalsOnly()
	c.integer("InvocationTimeLimitSeconds", minViewTimeout, maxViewTimeout)
	if resource := c.param("ViewResource"); resource.kind != 0 && lacks(resource, "Id") {
		c.missing(c.paramPath("ViewResource.Id"))
	}
	if data := c.param("ViewData"); data.kind != 0 && data.kind != '{' && wholeReference(data.text) == nil {
		c.badValue(c.paramPath("ViewData"))
	}
	for i, n := range c.param("SensitiveDataConfiguration").get("HideResponseOn").kids {
		if n.text != "TRANSCRIPT" {
			c.badValue(c.paramPath("SensitiveDataConfiguration.HideResponseOn[" + strconv.Itoa(i) + "]"))
		}
	}
}

// equalsOnly: results that are names are compared by Equals alone.
func (c *checker) equalsOnly() {
	for i := range c.a.conditions {
		if c.a.conditions[i].name != "Equals" {
			c.badValue(c.path(".Transitions.Conditions[" + strconv.Itoa(i) + "].Condition.Operator"))
		}
	}
}

// lacks: the object has no such member. An empty string is reported already.
func lacks(object *node, name string) bool {
	k := object.get(name).kind
	return k == 0 || k == 'n'
}

// integerWithin: a whole number within limits, or a reference.
func integerWithin(n *node, least, most int) bool {
	v, _ := n.scalar()
	if wholeReference(v) != nil {
		return true
	}
	i, err := strconv.Atoi(v)
	return err == nil && least <= i && i <= most
}

// dynamic says whether the text has references in it.
func (t text) dynamic() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.ref != nil })
}

// task: what a template does not say, the action does.
func (c *checker) task() {
	template := c.param("TaskTemplateId").present()
	if !template && !c.param("ContactFlowId").present() && !c.param("QuickConnectId").present() {
		c.missing(c.paramPath("ContactFlowId"))
	}
	if !template && !c.param("Name").present() {
		c.missing(c.paramPath("Name"))
	}
	if c.param("DelaySeconds").present() && c.param("ScheduledTime").present() {
		c.report("Only one of these properties may be defined. Properties: [DelaySeconds, ScheduledTime]", c.path(".Parameters"))
	}
}
