package view

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Managed is a view that AWS provides: the same in every instance, in the one
// version 1. The templates here are our own; inputs, actions and outputs are
// those of the Administrator Guide, "Set up AWS managed views".
type Managed struct {
	ID          string
	Name        string
	Description string
	Content
}

// ManagedVersion is the only version of every managed view.
const ManagedVersion = 1

// AllManaged returns the managed views in the order of their names.
func AllManaged() []Managed { return append([]Managed(nil), managed...) }

// FindManaged finds a managed view by its id.
func FindManaged(id string) (Managed, bool) {
	for _, m := range managed {
		if m.ID == id {
			return m, true
		}
	}
	return Managed{}, false
}

// Schemas that several views share. An action slot, such as Back, is a label
// or an object that may rename the action which it raises.
const (
	text   = `{"type":"string"}`
	truth  = `{"type":"boolean"}`
	slot   = `{"anyOf":[{"type":"object","properties":{"Label":{"type":"string"},"Action":{"type":"string"},"Details":{}},"required":["Label"]},{"type":"string"}]}`
	labels = `{"type":"array","items":{"type":"string"}}`
	bar    = `{"type":"array","items":{"type":"object","properties":{"Label":{"type":"string"},"Value":{"type":"string"},` +
		`"LinkType":{"type":"string"},"ResourceId":{"type":"string"},"Copyable":{"type":"boolean"},"Url":{"type":"string"}},"required":["Label","Value"]}}`
	// A section is a text, a template, attributes, or a list of these.
	sections = `{"anyOf":[{"type":"array"},{"type":"object"},{"type":"string"}]}`
)

var managed = []Managed{
	define("after-contact-work", "After contact work", "Collects the outcome of a contact: categories, a summary and notes.",
		[]string{"Submit", "Cancel"},
		nil, []string{
			"CustomerName", text, "Category_DefaultValue", text, "Summary", text, "ContactNotes", text,
		}, `[
		{"_id":"after_contact_work","Type":"Form","Props":{"Heading":"$.CustomerName"},"Content":[
			{"_id":"category","Type":"Dropdown","Props":{"Name":"Category","Label":"Category","DefaultValue":"$.Category_DefaultValue"},"Content":[]},
			{"_id":"summary","Type":"TextArea","Props":{"Name":"ModifiedSummary","Label":"Summary","DefaultValue":"$.Summary"},"Content":[]},
			{"_id":"notes","Type":"TextArea","Props":{"Name":"ContactNotes","Label":"Notes","DefaultValue":"$.ContactNotes"},"Content":[]},
			{"_id":"submit","Type":"Button","Props":{"Action":"Submit"},"Content":["Submit"]},
			{"_id":"cancel","Type":"Button","Props":{"Action":"Cancel"},"Content":["Cancel"]}]}]`),
	define("cards", "Cards", "Shows topics to choose from, each with what lies behind it.",
		[]string{"ActionSelected", "Back", "NoMatchFound"},
		[]string{"Cards"}, []string{
			"Cards", `{"type":"array","items":{"type":"object","properties":{` +
				`"Summary":{"type":"object","properties":{"Id":` + text + `,"Heading":` + text + `,"Icon":` + text + `,"Status":` + text + `,"Description":` + text + `},"required":["Id","Heading"]},` +
				`"Detail":{"type":"object","properties":{"Heading":` + text + `,"Description":` + text + `,"Sections":` + sections + `,"Actions":` + labels + `}}},"required":["Summary"]}}`,
			"CardsPerRow", `{"enum":[1,2,3,4,6,12]}`, "Heading", text, "AttributeBar", bar, "Back", slot, "NoMatchFound", slot,
		}, `[
		{"_id":"attribute_bar","Type":"AttributeBar","Props":{"Attributes":"$.AttributeBar"},"Content":[]},
		{"_id":"back","Type":"Button","Props":{"Label":"$.Back","Action":"Back"},"Content":[]},
		{"_id":"heading","Type":"Heading","Props":{"Text":"$.Heading"},"Content":[]},
		{"_id":"cards","Type":"Cards","Props":{"Cards":"$.Cards","CardsPerRow":"$.CardsPerRow","Action":"ActionSelected"},"Content":[]},
		{"_id":"no_match_found","Type":"Button","Props":{"Label":"$.NoMatchFound","Action":"NoMatchFound"},"Content":[]}]`),
	define("confirmation", "Confirmation", "Says that something has been done, and what comes next.",
		[]string{"Next"},
		[]string{"Heading"}, []string{
			"Heading", text, "SubHeading", text, "Graphic", `{"type":"object","properties":{"Include":` + truth + `}}`,
			"AttributeBar", bar, "Next", slot,
		}, `[
		{"_id":"attribute_bar","Type":"AttributeBar","Props":{"Attributes":"$.AttributeBar"},"Content":[]},
		{"_id":"graphic","Type":"Graphic","Props":{"Graphic":"$.Graphic"},"Content":[]},
		{"_id":"heading","Type":"Heading","Props":{"Text":"$.Heading"},"Content":[]},
		{"_id":"sub_heading","Type":"Text","Props":{"Text":"$.SubHeading"},"Content":[]},
		{"_id":"next","Type":"Button","Props":{"Label":"$.Next","Action":"Next"},"Content":[]}]`),
	define("detail", "Detail", "Shows information, and actions that can be taken.",
		[]string{"ActionSelected", "Back"},
		[]string{"Sections"}, []string{
			"Sections", sections, "Heading", text, "Description", text, "AttributeBar", bar, "Actions", labels, "Back", slot,
		}, `[
		{"_id":"attribute_bar","Type":"AttributeBar","Props":{"Attributes":"$.AttributeBar"},"Content":[]},
		{"_id":"back","Type":"Button","Props":{"Label":"$.Back","Action":"Back"},"Content":[]},
		{"_id":"heading","Type":"Heading","Props":{"Text":"$.Heading"},"Content":[]},
		{"_id":"description","Type":"Text","Props":{"Text":"$.Description"},"Content":[]},
		{"_id":"sections","Type":"Sections","Props":{"Sections":"$.Sections"},"Content":[]},
		{"_id":"actions","Type":"ButtonGroup","Props":{"Labels":"$.Actions","Action":"ActionSelected"},"Content":[]}]`),
	define("form", "Form", "Collects input in sections, perhaps as one step of several.",
		[]string{"Next", "Back", "Step"},
		[]string{"Sections"}, []string{
			"Sections", `{"type":"array","items":{"type":"object","properties":{"Type":{"enum":["FormSection","DataSection"]},"Heading":` + text +
				`,"Items":{"type":"array","items":{"type":"object"}},"IsEditable":` + truth + `}}}`,
			"Wizard", `{"type":"array","items":{"type":"object","properties":{"Heading":` + text + `,"Optional":` + truth + `,"Selected":` + truth + `}}}`,
			"Heading", text, "SubHeading", text, "ErrorText", text, "AttributeBar", bar,
			"Next", slot, "Back", slot, "Previous", slot, "Cancel", slot, "Edit", slot,
		}, `[
		{"_id":"attribute_bar","Type":"AttributeBar","Props":{"Attributes":"$.AttributeBar"},"Content":[]},
		{"_id":"back","Type":"Button","Props":{"Label":"$.Back","Action":"Back"},"Content":[]},
		{"_id":"wizard","Type":"Wizard","Props":{"Steps":"$.Wizard","Action":"Step"},"Content":[]},
		{"_id":"heading","Type":"Heading","Props":{"Text":"$.Heading"},"Content":[]},
		{"_id":"sub_heading","Type":"Text","Props":{"Text":"$.SubHeading"},"Content":[]},
		{"_id":"error_text","Type":"Alert","Props":{"Text":"$.ErrorText"},"Content":[]},
		{"_id":"form","Type":"Form","Props":{"Sections":"$.Sections","Edit":"$.Edit","Output":"FormData"},"Content":[
			{"_id":"cancel","Type":"Button","Props":{"Label":"$.Cancel","Action":"Back"},"Content":[]},
			{"_id":"previous","Type":"Button","Props":{"Label":"$.Previous","Action":"Back"},"Content":[]},
			{"_id":"next","Type":"Button","Props":{"Label":"$.Next","Action":"Next"},"Content":[]}]}]`),
	define("list", "List", "Shows items to choose from.",
		[]string{"ActionSelected", "Back"},
		[]string{"Items"}, []string{
			"Items", `{"type":"array","items":{"type":"object","properties":{"Heading":` + text + `,"Description":` + text + `,"Icon":` + text + `,"Id":` + text + `}}}`,
			"Heading", text, "SubHeading", text, "AttributeBar", bar, "Back", slot,
		}, `[
		{"_id":"attribute_bar","Type":"AttributeBar","Props":{"Attributes":"$.AttributeBar"},"Content":[]},
		{"_id":"back","Type":"Button","Props":{"Label":"$.Back","Action":"Back"},"Content":[]},
		{"_id":"heading","Type":"Heading","Props":{"Text":"$.Heading"},"Content":[]},
		{"_id":"sub_heading","Type":"Text","Props":{"Text":"$.SubHeading"},"Content":[]},
		{"_id":"items","Type":"List","Props":{"Items":"$.Items","Action":"ActionSelected"},"Content":[]}]`),
}

// define makes a managed view. Properties are names and schemas in turn.
func define(id, name, description string, actions, required, properties []string, body string) Managed {
	var s strings.Builder
	s.WriteString(`{"type":"object","properties":{`)
	for i := 0; i < len(properties); i += 2 {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString(`"` + properties[i] + `":` + properties[i+1])
	}
	s.WriteString(`},"required":[`)
	if len(required) > 0 {
		s.WriteString(`"` + strings.Join(required, `","`) + `"`)
	}
	s.WriteString(`],"$defs":` + conditions + `}`)
	template := `{"Head":{"Title":"` + name + `","Configuration":{"Layout":{"Columns":["12"]}}},"Body":` + compact(body) + `}`
	return Managed{ID: id, Name: name, Description: description, Content: Content{Template: template, InputSchema: s.String(), Actions: actions}}
}

func compact(text string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		panic("view: a managed view's template: " + err.Error())
	}
	return b.String()
}
