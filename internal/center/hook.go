package center

import "maps"

// HooksOf are the flows that are set for the events of a contact.
func (c *Chat) HooksOf(id ContactID) map[string]FlowID {
	if contact, ok := c.Contact(id); ok && contact.Hooks != nil {
		return contact.Hooks
	}
	return c.Hooks
}

// SetHook sets the flow for an event of the contact that rules work on, or takes it away with "". What is set of a contact
// beside the customer's does not change the customer's, while that is another one.
func (d *Draft) SetHook(event string, flow FlowID) {
	chat := d.Edit()
	c, set := d.Subject(), map[string]FlowID{}
	maps.Copy(set, chat.HooksOf(c.ID))
	if set[event] = flow; flow == "" {
		delete(set, event)
	}
	if c.Beside {
		c.Hooks = set
	} else {
		chat.Hooks = set
	}
}
