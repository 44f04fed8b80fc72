package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/server"
)

type auditCmd struct {
	storeFlags
	Instance string        `placeholder:"ALIAS" help:"Alias or id of an instance: show what was changed in it alone."`
	Since    time.Duration `default:"24h" placeholder:"TIME" help:"How far to look back (${default}); 0 for all that is kept."`
	JSON     bool          `help:"One entry a line, as JSON, with what was there before and after."`
}

func (*auditCmd) Help() string {
	return `Every change of the configuration and of access keys is noted with the change itself: who made it (the access key, or who ran a command), from which address, when, and what was there before and after, without secrets. Entries are kept for --keep-audit of the server. What happens in chats is not in it, but for each page of a transcript that a user has read of a contact that is over.`
}

// auditLine is an entry as JSON.
type auditLine struct {
	Time     time.Time       `json:"time"`
	Who      string          `json:"who"`
	From     string          `json:"from,omitempty"`
	Action   string          `json:"action"`
	Change   string          `json:"change"`
	Instance string          `json:"instance,omitempty"`
	Kind     string          `json:"kind"`
	ID       string          `json:"id"`
	Name     string          `json:"name,omitempty"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
}

func (c *auditCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		var since time.Time
		if c.Since > 0 {
			since = time.Now().Add(-c.Since)
		}
		if c.JSON {
			lines := json.NewEncoder(os.Stdout)
			return a.Audit(ctx, c.Instance, since, func(e server.AuditEntry) error {
				return lines.Encode(auditLine{
					e.At.UTC(), e.Who, e.From, e.Action, e.Change, string(e.Instance), e.Kind, e.ID, e.Name, e.Before, e.After,
				})
			})
		}
		var failed error
		table("TIME\tWHO\tFROM\tACTION\tWHAT\tCHANGE", func(print func(string, ...any)) {
			failed = a.Audit(ctx, c.Instance, since, func(e server.AuditEntry) error {
				what := e.Kind + " " + plain(e.ID)
				if e.Name != "" {
					what = fmt.Sprintf("%s %q", e.Kind, e.Name)
				}
				change := e.Change
				if changed := e.Changed(); len(changed) > 0 {
					change += " " + strings.Join(changed, ", ")
				}
				print("%s\t%s\t%s\t%s\t%s\t%s", e.At.UTC().Format("2006-01-02 15:04:05Z"), plain(e.Who), e.From, e.Action, what, change)
				return nil
			})
		})
		return failed
	})
}
