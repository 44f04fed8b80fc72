package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// MonitorRequest asks for a contact to be monitored. Capabilities are what the user may do, nil for what is usual.
type MonitorRequest struct {
	Contact      center.ContactID
	User         center.UserID
	Capabilities []string
	ClientToken  string
}

// monitored is what a ClientToken of MonitorContact was used for, and the answer.
type monitored struct {
	Asked   string           `json:"asked"` // a digest of the request
	Contact center.ContactID `json:"contact"`
}

// Monitor lets a user read a conversation between agents and a customer, and returns the contact that is made for that. It
// takes one of the slots that the user has for chats. A ClientToken that was used before is answered as the first time.
// Source: API reference of MonitorContact; agents.md 3.6, 6.
func (a *Agents) Monitor(ctx context.Context, at center.InstanceID, in MonitorRequest) (contact center.ContactID, err error) {
	chat, err := a.chatOf(ctx, at, in.Contact)
	if err != nil {
		return "", err
	}
	asked := center.Digest(append([]string{string(in.Contact), string(in.User)}, center.MonitorCapabilities(in.Capabilities)...)...)
	key := center.Digest(string(at), in.ClientToken)
	if in.ClientToken != "" { // before anything that may have changed since
		first, taken, err := a.store.Claim(ctx, center.ClaimMonitor, key, a.clock.Now())
		if err != nil {
			return "", err
		}
		if taken {
			return a.monitoredBefore(first, asked)
		}
	}
	w, limit, err := a.supervisor(ctx, at, in.User)
	if err != nil {
		return "", err
	}
	instance, err := a.catalog.Instance(ctx, at)
	if err != nil {
		return "", err
	}
	if err := center.CheckMonitorCapabilities(in.Capabilities, instance.Has(center.EnhancedChatMonitoring)); err != nil {
		return "", err
	}
	err = a.change(ctx, chat, func(t *turn) error {
		if in.ClientToken != "" {
			first, taken, err := a.store.Claim(ctx, center.ClaimMonitor, key, t.Now)
			if err != nil {
				return err
			}
			if taken {
				contact, err = a.monitoredBefore(first, asked)
				return err
			}
		}
		m, err := a.staff.In(t.tx, at, w.ID)
		if center.Is(err, center.NotFound) || err == nil && m.Agent.Status.Type == center.StatusOffline {
			return center.Refuse(center.InvalidRequest, "the user %s is not signed in to work: the status is Offline", w.Name)
		}
		if err != nil {
			return err
		}
		if n := len(m.Agent.Contacts); n >= limit {
			return center.Refuse(center.QuotaExceeded, "the user %s has %d contacts, and the routing profile allows %d chats", w.Name, n, limit)
		}
		c, err := t.Draft.Monitor(in.Contact, center.Supervisor{User: w.ID, DisplayName: displayName(w), Profile: w.RoutingProfile, Hierarchy: w.Groups}, center.MonitorCapabilities(in.Capabilities))
		if err != nil {
			return err
		}
		contact = c.ID
		if in.ClientToken == "" {
			return nil
		}
		raw, err := json.Marshal(monitored{asked, contact})
		if err != nil {
			return err
		}
		t.Take(center.Claim{Kind: center.ClaimMonitor, Key: key, Value: string(raw), Expires: t.Now.Add(a.settings.ClientTokenLife)})
		return nil
	})
	return contact, err
}

// monitoredBefore is the answer to a ClientToken that was used before.
func (a *Agents) monitoredBefore(first center.Claim, asked string) (center.ContactID, error) {
	var m monitored
	if err := json.Unmarshal([]byte(first.Value), &m); err != nil {
		return "", a.store.Damaged("claim", fmt.Errorf("claim %s: %w", first.Kind, err))
	}
	if m.Asked != asked {
		return "", center.Refuse(center.Conflict, "ClientToken was used before for another request")
	}
	return m.Contact, nil
}

// supervisor finds a user who may monitor, and how many chats the user can have at once.
func (a *Agents) supervisor(ctx context.Context, at center.InstanceID, id center.UserID) (*catalog.Worker, int, error) {
	w, err := a.catalog.Worker(ctx, at, id)
	if err != nil {
		return nil, 0, err
	}
	may := false
	for _, p := range w.SecurityProfiles {
		profile, err := catalog.SecurityProfiles.Get(ctx, a.catalog, at, string(p))
		if err != nil {
			return nil, 0, err
		}
		may = may || slices.Contains(profile.Permissions, center.PermitMonitor)
	}
	if !may {
		return nil, 0, center.Refuse(center.AccessDenied, "the user %s has no security profile with the permission %s", w.Name, center.PermitMonitor)
	}
	p, err := catalog.RoutingProfiles.Get(ctx, a.catalog, at, string(w.RoutingProfile))
	if err != nil {
		return nil, 0, err
	}
	return w, p.ChatLimit(), nil
}

// SetMonitorMode lets a supervisor barge into the conversation that one of their contacts monitors, or fall silent again.
func (a *Agents) SetMonitorMode(ctx context.Context, at center.InstanceID, user center.UserID, contact center.ContactID, mode string) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error { return t.Draft.SetMonitorMode(contact, user, mode) }, user)
}
