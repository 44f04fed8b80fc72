package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listTaskTemplatesPage is the API model's maximum; Amazon Connect documents no default.
const listTaskTemplatesPage = 100

var taskTemplateOps = map[string]handler{
	"CreateTaskTemplate": answers(func(c call, in *connect.CreateTaskTemplateInput) (*connect.CreateTaskTemplateOutput, error) {
		once, err := catalog.NewClientToken(value(in.ClientToken), in.Name, in.Description, in.ContactFlowId, in.SelfAssignFlowId, in.ContactHooks, in.Constraints, in.Defaults, in.Status, in.Fields)
		if err != nil {
			return nil, err
		}
		t := taskTemplate(in.Name, in.Description, in.ContactFlowId, in.SelfAssignFlowId, in.ContactHooks, in.Constraints, in.Defaults, in.Fields)
		t.Status = center.TaskTemplateActive // inferred: the API Reference has no default
		set(&t.Status, in.Status)
		id, err := c.Catalog.CreateTaskTemplate(c.ctx(), c.at, t, once)
		if err != nil {
			return nil, err
		}
		t.ID = center.TaskTemplateID(id)
		m := madeOf(c, catalog.TaskTemplates, t)
		return &connect.CreateTaskTemplateOutput{Id: m.id, Arn: m.arn}, nil
	}),
	"GetTaskTemplate": answers(func(c call, in *connect.GetTaskTemplateInput) (*connect.GetTaskTemplateOutput, error) {
		t, err := catalog.TaskTemplates.Get(c.ctx(), c.Catalog, c.at, catalog.TaskTemplates.ParseID(*in.TaskTemplateId))
		if err != nil {
			return nil, err
		}
		if value(in.SnapshotVersion) != "" {
			return nil, center.Refuse(center.NotFound, "Resource not found of Type: TASK_TEMPLATE %s (there are no snapshots: they are made for tasks, which are not served)", t.ID)
		}
		o := taskTemplateOut(c, t)
		return &connect.GetTaskTemplateOutput{
			InstanceId: o.InstanceId, Id: o.Id, Arn: o.Arn, Name: o.Name, Description: o.Description, ContactFlowId: o.ContactFlowId, SelfAssignFlowId: o.SelfAssignFlowId,
			ContactHooks: o.ContactHooks, Constraints: o.Constraints, Defaults: o.Defaults, Fields: o.Fields, Status: o.Status,
			LastModifiedTime: o.LastModifiedTime, CreatedTime: o.CreatedTime, Tags: t.Tags,
		}, nil
	}),
	"ListTaskTemplates": lists(catalog.TaskTemplates, listTaskTemplatesPage,
		func(in *connect.ListTaskTemplatesInput) func(*center.TaskTemplate) bool {
			return func(t *center.TaskTemplate) bool {
				return (in.Status == nil || *in.Status == t.Status) && (in.Name == nil || *in.Name == t.Name)
			}
		},
		func(_ call, m made, t *center.TaskTemplate) connect.TaskTemplateMetadata {
			return connect.TaskTemplateMetadata{
				Id: m.id, Arn: m.arn, Name: &t.Name, Description: text(t.Description), Status: &t.Status, LastModifiedTime: &t.Modified, CreatedTime: &t.Created,
			}
		},
		func(all []connect.TaskTemplateMetadata, next *string) *connect.ListTaskTemplatesOutput {
			return &connect.ListTaskTemplatesOutput{TaskTemplates: all, NextToken: next}
		}),
	// The whole template is replaced: what the request leaves out is gone.
	"UpdateTaskTemplate": answers(func(c call, in *connect.UpdateTaskTemplateInput) (*connect.UpdateTaskTemplateOutput, error) {
		for _, required := range []struct {
			member string
			given  bool
		}{{"Name", in.Name != nil}, {"Status", in.Status != nil}} {
			if !required.given {
				return nil, center.RefuseProperty(required.member, center.PropertyMissing, "it is required, because the whole template is replaced")
			}
		}
		t := taskTemplate(in.Name, in.Description, in.ContactFlowId, in.SelfAssignFlowId, in.ContactHooks, in.Constraints, in.Defaults, in.Fields)
		t.Status = *in.Status
		id := catalog.TaskTemplates.ParseID(*in.TaskTemplateId)
		if err := c.Catalog.UpdateTaskTemplate(c.ctx(), c.at, id, t); err != nil {
			return nil, err
		}
		t, err := catalog.TaskTemplates.Get(c.ctx(), c.Catalog, c.at, id)
		if err != nil {
			return nil, err
		}
		return taskTemplateOut(c, t), nil
	}),
	"DeleteTaskTemplate": deletes[connect.DeleteTaskTemplateOutput, *connect.DeleteTaskTemplateOutput, *connect.DeleteTaskTemplateInput](catalog.TaskTemplates),
}

// taskTemplate reads what the requests to make and to replace a task template have in common.
func taskTemplate(name, description, flow, selfAssign *string, hooks *connect.TaskTemplateContactHooks, constraints *connect.TaskTemplateConstraints,
	defaults *connect.TaskTemplateDefaults, fields []connect.TaskTemplateField,
) *center.TaskTemplate {
	t := &center.TaskTemplate{
		Head: head[center.TaskTemplateID](name, description, nil), Flow: value(flow), SelfAssign: value(selfAssign),
		Hooks: hooks != nil, Constraints: constraints != nil,
	}
	if hooks != nil {
		t.WrapUpModule = value(hooks.WrapUpFlowId)
	}
	if constraints != nil {
		for _, f := range constraints.RequiredFields {
			t.Required = append(t.Required, fieldName(f.Id))
		}
		for _, f := range constraints.ReadOnlyFields {
			t.ReadOnly = append(t.ReadOnly, fieldName(f.Id))
		}
		for _, f := range constraints.InvisibleFields {
			t.Invisible = append(t.Invisible, fieldName(f.Id))
		}
	}
	if defaults != nil {
		for _, d := range defaults.DefaultFieldValues {
			t.Defaults = append(t.Defaults, center.TaskDefault{Field: fieldName(d.Id), Value: d.DefaultValue})
		}
	}
	for _, f := range fields {
		t.Fields = append(t.Fields, center.TaskField{Name: fieldName(f.Id), Description: value(f.Description), Type: value(f.Type), Options: f.SingleSelectOptions})
	}
	return t
}

func fieldName(id *connect.TaskTemplateFieldIdentifier) string {
	if id == nil {
		return ""
	}
	return value(id.Name)
}

func fieldID(name *string) *connect.TaskTemplateFieldIdentifier {
	return &connect.TaskTemplateFieldIdentifier{Name: name}
}

// taskTemplateOut is a task template as it is shown, without its tags.
func taskTemplateOut(c call, t *center.TaskTemplate) *connect.UpdateTaskTemplateOutput {
	m, instance := madeOf(c, catalog.TaskTemplates, t), string(c.at)
	out := &connect.UpdateTaskTemplateOutput{
		InstanceId: &instance, Id: m.id, Arn: m.arn, Name: &t.Name, Description: text(t.Description), ContactFlowId: text(t.Flow), SelfAssignFlowId: text(t.SelfAssign),
		Constraints: &connect.TaskTemplateConstraints{}, Status: &t.Status, LastModifiedTime: &t.Modified, CreatedTime: &t.Created,
	}
	if t.Hooks {
		out.ContactHooks = &connect.TaskTemplateContactHooks{WrapUpFlowId: text(t.WrapUpModule)}
	}
	for i := range t.Required {
		out.Constraints.RequiredFields = append(out.Constraints.RequiredFields, connect.RequiredFieldInfo{Id: fieldID(&t.Required[i])})
	}
	for i := range t.ReadOnly {
		out.Constraints.ReadOnlyFields = append(out.Constraints.ReadOnlyFields, connect.ReadOnlyFieldInfo{Id: fieldID(&t.ReadOnly[i])})
	}
	for i := range t.Invisible {
		out.Constraints.InvisibleFields = append(out.Constraints.InvisibleFields, connect.InvisibleFieldInfo{Id: fieldID(&t.Invisible[i])})
	}
	if len(t.Defaults) > 0 {
		out.Defaults = &connect.TaskTemplateDefaults{}
	}
	for i := range t.Defaults {
		d := &t.Defaults[i]
		out.Defaults.DefaultFieldValues = append(out.Defaults.DefaultFieldValues, connect.TaskTemplateDefaultFieldValue{Id: fieldID(&d.Field), DefaultValue: d.Value})
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		out.Fields = append(out.Fields, connect.TaskTemplateField{Id: fieldID(&f.Name), Description: text(f.Description), Type: text(f.Type), SingleSelectOptions: f.Options})
	}
	return out
}
