package center

import (
	"fmt"
	"slices"
	"time"
)

// TaskTemplateID names a task template.
type TaskTemplateID string

// TaskTemplate is a form that agents fill in to create a task. There are no tasks here: it is kept as it was given.
type TaskTemplate struct {
	Head[TaskTemplateID]
	Flow         string        `json:"flow,omitempty"`
	SelfAssign   string        `json:"selfAssign,omitempty"`
	WrapUpModule string        `json:"wrapUpModule,omitempty"`
	Hooks        bool          `json:"hooks,omitempty"` // that there are ContactHooks, of any content
	Constraints  bool          `json:"constraints"`     // that there are Constraints
	Required     []string      `json:"required,omitempty"`
	ReadOnly     []string      `json:"readOnly,omitempty"`
	Invisible    []string      `json:"invisible,omitempty"`
	Defaults     []TaskDefault `json:"defaults,omitempty"`
	Fields       []TaskField   `json:"fields"`
	Status       string        `json:"status"`
	Created      time.Time     `json:"created"`
}

// TaskField is a field of a task template. Its name is its identifier.
type TaskField struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type,omitempty"`
	Options     []string `json:"options,omitempty"`
}

// TaskDefault is what a field holds before anybody fills it in.
type TaskDefault struct {
	Field string  `json:"field"`
	Value *string `json:"value,omitempty"`
}

// Statuses and types of fields of task templates that have rules of their own, as the API spells them.
const (
	TaskTemplateActive    = "ACTIVE"
	taskFieldName         = "NAME"
	taskFieldQuickConnect = "QUICK_CONNECT"
	taskFieldSingleSelect = "SINGLE_SELECT"
)

// Stamp is that of all resources; a new template is created then.
func (t *TaskTemplate) Stamp(newID func() string, now time.Time) {
	t.Head.Stamp(newID, now)
	if t.Created.IsZero() {
		t.Created = now
	}
}

// Reasons why a property is refused, as the API spells them.
const (
	PropertyMissing    = "REQUIRED_PROPERTY_MISSING"
	PropertyTwice      = "UNIQUE_CONSTRAINT_VIOLATED"
	PropertyNotFound   = "REFERENCED_RESOURCE_NOT_FOUND"
	PropertyNameTaken  = "RESOURCE_NAME_ALREADY_EXISTS"
	PropertyNotAllowed = "NOT_SUPPORTED"
)

// Check refuses templates whose parts do not fit together (API Reference, CreateTaskTemplate; that fields are unique and that
// what is said of fields is said of those of the template is inferred).
func (t *TaskTemplate) Check() error {
	names := map[string]bool{}
	title, quick := "", false
	for i, f := range t.Fields {
		at := fmt.Sprintf("Fields[%d]", i)
		switch {
		case f.Name == "":
			return RefuseProperty(at+".Id.Name", PropertyMissing, "it is required")
		case names[f.Name]:
			return RefuseProperty(at+".Id.Name", PropertyTwice, "each field must have a name of its own")
		case f.Type == taskFieldName && title != "":
			return RefuseProperty(at+".Type", PropertyTwice, "there must be exactly one field of type NAME")
		case f.Type == taskFieldSingleSelect && len(f.Options) == 0:
			return RefuseProperty(at+".SingleSelectOptions", PropertyMissing, "it is required for a field of type SINGLE_SELECT")
		case f.Type != taskFieldSingleSelect && len(f.Options) > 0:
			return RefuseProperty(at+".SingleSelectOptions", PropertyNotAllowed, "it is for fields of type SINGLE_SELECT only")
		}
		names[f.Name] = true
		quick = quick || f.Type == taskFieldQuickConnect
		if f.Type == taskFieldName {
			title = f.Name
		}
	}
	switch {
	case title == "":
		return RefuseProperty("Fields", PropertyMissing, "there must be exactly one field of type NAME")
	case t.Flow == "" && !quick:
		return RefuseProperty("ContactFlowId", PropertyMissing, "it is required where no field has the type QUICK_CONNECT")
	case !t.Constraints:
		return RefuseProperty("Constraints", PropertyMissing, "it is required")
	case !slices.Contains(t.Required, title):
		return RefuseProperty("Constraints.RequiredFields", PropertyMissing, "the field of type NAME must be among them")
	}
	defaults := make([]string, len(t.Defaults))
	for i, d := range t.Defaults {
		defaults[i] = d.Field
	}
	for _, list := range []struct {
		path   string
		fields []string
	}{
		{"Constraints.RequiredFields", t.Required}, {"Constraints.ReadOnlyFields", t.ReadOnly}, {"Constraints.InvisibleFields", t.Invisible},
		{"Defaults.DefaultFieldValues", defaults},
	} {
		for i, name := range list.fields {
			switch {
			case !names[name]:
				return RefuseProperty(fmt.Sprintf("%s[%d].Id.Name", list.path, i), PropertyNotFound, "there is no field of that name")
			case slices.Contains(list.fields[:i], name):
				return RefuseProperty(fmt.Sprintf("%s[%d].Id.Name", list.path, i), PropertyTwice, "each field must be named once")
			}
		}
	}
	return nil
}
