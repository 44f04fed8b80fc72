package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// TaskTemplates are the task templates of an instance.
var TaskTemplates = &Kind[center.TaskTemplate]{
	rows: "task-template", word: "TASK_TEMPLATE", tail: "task-template",
	key:   (*center.TaskTemplate).Key,
	stamp: (*center.TaskTemplate).Stamp,
	tags:  (*center.TaskTemplate).TagSet,
	check: (*center.TaskTemplate).Check,
	taken: "a task template of that name already exists in the instance",
	quota: 50, plural: "task templates",
}

// CreateTaskTemplate makes a task template whose flows and module exist, and returns its id.
func (c *Catalog) CreateTaskTemplate(ctx context.Context, at center.InstanceID, t *center.TaskTemplate, once ClientToken) (string, error) {
	if err := c.checkTaskFlows(ctx, at, t); err != nil {
		return "", err
	}
	id, err := TaskTemplates.Create(ctx, c, at, t, once)
	return id, nameTaken(err)
}

// UpdateTaskTemplate puts a task template in the place of one, whose id, tags and time of creation it keeps.
func (c *Catalog) UpdateTaskTemplate(ctx context.Context, at center.InstanceID, id string, t *center.TaskTemplate) error {
	if err := c.checkTaskFlows(ctx, at, t); err != nil {
		return err
	}
	return nameTaken(TaskTemplates.Update(ctx, c, at, id, 0, func(old *center.TaskTemplate) error {
		t.ID, t.Tags, t.Created = old.ID, old.Tags, old.Created
		*old = *t
		return nil
	}))
}

// checkTaskFlows refuses flows and modules that do not exist. They may be deleted later, as everywhere.
func (c *Catalog) checkTaskFlows(ctx context.Context, at center.InstanceID, t *center.TaskTemplate) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	for _, f := range []string{t.Flow, t.SelfAssign} {
		if f == "" {
			continue
		}
		if _, err := Flows.find(ctx, c, at, Flows.ParseID(f)); err != nil {
			return err
		}
	}
	if t.WrapUpModule == "" {
		return nil
	}
	_, err := Modules.find(ctx, c, at, Modules.ParseID(t.WrapUpModule))
	return err
}

// nameTaken tells of a name that exists in the words of the operations on task templates, which declare no other error.
func nameTaken(err error) error {
	if center.Is(err, center.Duplicate) {
		return center.RefuseProperty("Name", center.PropertyNameTaken, TaskTemplates.taken)
	}
	return err
}
