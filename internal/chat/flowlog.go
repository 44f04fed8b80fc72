package chat

import (
	"log/slog"

	"github.com/parley-chat/parley/internal/flow"
)

// logFlow writes one line of the flow log: names and identifiers, never a value.
func (c *Chats) logFlow(t *turn, e flow.Effect) {
	switch e := e.(type) {
	case flow.Log:
		c.Log.Info("flow", "contact", t.Chat.Current().ID, "module", e.ModuleType, "action", e.Identifier, "result", e.Result, "error", e.Error, "why", e.Why)
	case flow.Fault:
		c.Log.LogAttrs(t.ctx, slog.LevelWarn, "flow ended by a fault", slog.String("contact", string(t.Chat.Current().ID)), slog.String("reason", e.Reason))
	}
}
