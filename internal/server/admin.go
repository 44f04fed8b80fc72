package server

import (
	"context"
	"net/http"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/desk"
	"github.com/parley-chat/parley/internal/keys"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
)

// Admin does an operator's tasks on a store, beside servers that may be running on it.
type Admin struct {
	Keys     *keys.Ring
	s        *Server
	catalog  *catalog.Catalog
	erasures *chat.Erasures
	api      *api.API
}

// ByOperator notes in a context that the changes made with it are those of the command that runs, for the audit log.
func ByOperator(ctx context.Context) context.Context {
	command := "parley"
	for _, word := range os.Args[min(1, len(os.Args)):] {
		if strings.HasPrefix(word, "-") || len(strings.Fields(command)) == 3 {
			break
		}
		command += " " + word
	}
	return catalog.By(ctx, catalog.Author{Who: operator(), Action: command, At: time.Now()})
}

// operator is whoever runs this process.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "operator"
}

// silence is a bus nobody listens to: servers on the same store find out from the store.
type silence struct{}

func (silence) Publish(center.StreamID, []center.Item) {}

// OpenAdmin opens the store of a configuration.
func OpenAdmin(ctx context.Context, cfg Config) (*Admin, error) {
	if err := cfg.checkStore(); err != nil {
		return nil, err
	}
	cfg.fill()
	s, err := open(ctx, cfg, false)
	if err != nil {
		return nil, err
	}
	s.catalog = cfg.catalog(s.store, s.master)
	s.engine = cfg.engine(s.store, silence{}, true)
	s.staff = staff.New(s.engine, s.store, s.catalog, cfg.Clock, cfg.NewID)
	chats := chat.New(chat.Config{
		Engine: s.engine, Store: s.store, Catalog: s.catalog, Staff: s.staff, Clock: s.cfg.Clock, Wall: s.cfg.Now, NewID: s.cfg.NewID,
		Partition: s.cfg.Partition, Settings: s.cfg.Settings, Log: s.cfg.Log,
	})
	erasures := chat.NewErasures(chats)
	return &Admin{Keys: s.keys, s: s, catalog: s.catalog, erasures: erasures, api: api.New(api.Config{
		Chats: chats, Agents: chat.NewAgents(chats), Erasures: erasures, Catalog: s.catalog, AnyCredentials: true, Who: operator(), Partition: s.cfg.Partition,
		Now: s.cfg.Now, NewID: s.cfg.NewID, Log: s.cfg.Log,
	})}, nil
}

// Operations are the operations of Amazon Connect on the store, for callers in this process: nothing is asked of who
// calls. Participants cannot connect here.
func (a *Admin) Operations() http.Handler { return a.api }

// Close closes the store.
func (a *Admin) Close() error { return a.s.Close() }

// CreateInstance makes an instance that manages its own users.
func (a *Admin) CreateInstance(ctx context.Context, alias string) (*center.Instance, error) {
	return a.catalog.CreateInstance(ctx, center.Instance{
		Alias: alias, IdentityManagementType: center.IdentityManaged, InboundCalls: true, OutboundCalls: true,
	}, "")
}

// Instances lists all instances.
func (a *Admin) Instances(ctx context.Context) ([]center.Instance, error) {
	var all []center.Instance
	for after := ""; ; {
		page, err := a.catalog.Instances(ctx, after, 100)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < 100 {
			return all, nil
		}
		after = string(page[len(page)-1].ID)
	}
}

// FindInstance finds an instance by alias or id.
func (a *Admin) FindInstance(ctx context.Context, name string) (*center.Instance, error) {
	all, err := a.Instances(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if i.Alias == name || string(i.ID) == strings.ToLower(name) {
			return &i, nil
		}
	}
	return nil, center.Refuse(center.NotFound, "there is no instance with that alias or id; parley instance list shows them")
}

// SetPassword gives a user of an instance, which an alias or id names, another password. With "" it is the only instance.
func (a *Admin) SetPassword(ctx context.Context, instance, username, password string) error {
	i, err := a.meant(ctx, instance)
	if err != nil {
		return err
	}
	return a.catalog.SetPassword(ctx, i.ID, username, password, a.s.cfg.Now())
}

// meant is the instance that an alias or id names. With "" it is the only one.
func (a *Admin) meant(ctx context.Context, instance string) (*center.Instance, error) {
	all, err := a.Instances(ctx)
	if err != nil {
		return nil, err
	}
	if instance == "" {
		if len(all) != 1 {
			return nil, center.Refuse(center.InvalidRequest, "there are %d instances; --instance says which one is meant", len(all))
		}
		return &all[0], nil
	}
	return a.FindInstance(ctx, instance)
}

// MakeLink makes a link by which a user chooses a password. base is the address that users reach the server by.
func (a *Admin) MakeLink(ctx context.Context, instance, username string, purpose center.LinkPurpose, base string) (url string, expires time.Time, err error) {
	i, err := a.meant(ctx, instance)
	if err != nil {
		return "", time.Time{}, err
	}
	u, err := a.catalog.UserNamed(ctx, i.ID, username)
	if err != nil {
		return "", time.Time{}, err
	}
	secret, expires, err := a.catalog.MakeLink(ctx, i.ID, string(u.ID), purpose, a.s.cfg.Now())
	return base + desk.LinkPage + "#" + secret, expires, err
}

// ResetCodes takes the one-time codes of a user away.
func (a *Admin) ResetCodes(ctx context.Context, instance, username string) error {
	i, err := a.meant(ctx, instance)
	if err != nil {
		return err
	}
	u, err := a.catalog.UserNamed(ctx, i.ID, username)
	if err != nil {
		return err
	}
	err = a.catalog.ResetCodes(ctx, i.ID, string(u.ID))
	if center.Is(err, center.NotFound) {
		return center.Refuse(center.NotFound, "the user has no one-time codes")
	}
	return err
}

// CodesRequired says whether an instance asks for one-time codes; with a value it is told to, or not to.
func (a *Admin) CodesRequired(ctx context.Context, instance string, to *bool) (bool, error) {
	i, err := a.meant(ctx, instance)
	if err != nil {
		return false, err
	}
	if to != nil {
		if err := a.catalog.RequireCodes(ctx, i.ID, *to); err != nil {
			return false, err
		}
	}
	s, err := a.catalog.SignInSettings(ctx, i.ID)
	return s.CodeRequired, err
}

// EraseChat erases the whole chat that a contact belongs to and returns what that was. A chat that has not ended is
// refused, or with end ended first.
func (a *Admin) EraseChat(ctx context.Context, contact center.ContactID, end bool) (store.Erased, error) {
	return a.erasures.Erase(ctx, contact, end)
}

// DeleteInstance ends an instance's chats and deletes all that belongs to it.
func (a *Admin) DeleteInstance(ctx context.Context, id center.InstanceID) error {
	return a.erasures.DeleteInstance(ctx, id)
}

// AuditEntry is an entry of the audit log.
type AuditEntry struct{ store.AuditEntry }

// Changed names the members of what was changed that differ before and after.
func (e *AuditEntry) Changed() []string { return catalog.Changed(e.Before, e.After) }

// auditPage is how many entries are read at a time.
const auditPage = 500

// Audit shows the entries of the audit log from a time on, the oldest first: of the instance with an alias or id, its making and
// deletion included, or with "" of all and of the account.
func (a *Admin) Audit(ctx context.Context, instance string, since time.Time, show func(AuditEntry) error) error {
	var at center.InstanceID
	known := true
	if instance != "" {
		// One that was deleted is known by its id alone.
		i, err := a.FindInstance(ctx, instance)
		if _, isID := center.UUID(instance); err != nil && !isID {
			return err
		}
		if at = center.InstanceID(strings.ToLower(instance)); err == nil {
			at = i.ID
		}
		known = err == nil
	}
	for behind := store.From(since); ; {
		page, err := a.s.store.Audit(ctx, behind, auditPage)
		if err != nil {
			return err
		}
		for _, e := range page {
			behind = e.AuditPlace
			if instance != "" && e.Instance != at && (e.Kind != "instance" || e.ID != string(at)) {
				continue
			}
			known = true
			if err := show(AuditEntry{e}); err != nil {
				return err
			}
		}
		if len(page) < auditPage {
			if !known {
				return center.Refuse(center.NotFound, "there is no instance with that id, and no entry of one in the time that was asked for; parley instance list shows the instances")
			}
			return nil
		}
	}
}
