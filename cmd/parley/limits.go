package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// limitFlags are the quotas and times that Amazon Connect has and a server of one's own may do without.
type limitFlags struct {
	Throttle         string        `group:"Limits:" env:"PARLEY_THROTTLE" default:"off" placeholder:"RATES" help:"Rate limits: off, aws (with its quotas: 500 active chats, 100 flows, 200 modules, 50 functions, 100 bots), or OPERATION=RATE/BURST,… (${default})."`
	ActiveChats      int           `group:"Limits:" env:"PARLEY_ACTIVE_CHATS" placeholder:"N" help:"Concurrent active chats of an instance; 0 for no limit. Amazon Connect: 500."`
	ConnectWithin    time.Duration `group:"Limits:" env:"PARLEY_CONNECT_WITHIN" default:"5m" placeholder:"TIME" help:"How long a chat waits for its customer's first connection (${default})."`
	BotJoinWithin    time.Duration `group:"Limits:" env:"PARLEY_BOT_JOIN_WITHIN" default:"15s" placeholder:"TIME" help:"How long a custom participant has to connect (${default})."`
	RehydrationDelay time.Duration `group:"Limits:" env:"PARLEY_REHYDRATION_DELAY" placeholder:"TIME" help:"How long after its end a chat can be read on into, 45s for example. Amazon Connect: 30s to 60s."`
	KeepChats        time.Duration `group:"Limits:" env:"PARLEY_KEEP_CHATS" placeholder:"TIME" help:"Erase a chat with all that was said in it this long after it ended, 2160h for 90 days; 0 to keep chats (the default)."`
	StateCache       int           `group:"Limits:" env:"PARLEY_STATE_CACHE" default:"5" placeholder:"MIB" help:"Memory for the states of chats that nobody works on at the moment, in MiB (${default})."`
	KeepContacts     time.Duration `group:"Limits:" env:"PARLEY_KEEP_CONTACTS" default:"17520h" placeholder:"TIME" help:"Delete the figures of a contact (times, queue, reasons, counts of messages) this long after it ended, whether its chat is kept or not; 0 to keep them (${default}: 24 months)."`
	KeepAudit        time.Duration `group:"Limits:" env:"PARLEY_KEEP_AUDIT" default:"17520h" placeholder:"TIME" help:"Delete entries of the audit log this long after the change that they tell of; 0 to keep them (${default}: 24 months)."`
	AgentGrace       time.Duration `group:"Limits:" env:"PARLEY_AGENT_GRACE" placeholder:"TIME" help:"Set an agent Offline this long after the agent's last window was closed, 2m for example; 0 for never (the default, as on Amazon Connect)."`
	AgentReclaim     bool          `group:"Limits:" env:"PARLEY_AGENT_RECLAIM" help:"With --agent-grace: take the agent's chats away too; offers go to others, and chats back into their queues, but where a disconnect flow takes over."`
	LegacySizes      bool          `group:"Limits:" env:"PARLEY_LEGACY_SIZES" help:"Limit messages by content type, as before 2026: 1024 characters of text, 12000 of JSON."`
}

// minKeepChats leaves time for an end to be seen by everybody: sockets close 2 s after it, and nodes look every 15 s.
const minKeepChats = time.Minute

// minKeepRecords is how often a server looks for what is older.
const minKeepRecords = time.Hour

// minAgentGrace is longer than a page takes to load again.
const minAgentGrace = 10 * time.Second

// maxStateCache is a terabyte.
const maxStateCache = 1 << 20

// apply puts the limits into a configuration, or says what is wrong with them.
func (f *limitFlags) apply(cfg *server.Config) error {
	cfg.Settings = center.DefaultSettings()
	s := &cfg.Settings
	s.ActiveChats, s.RehydrationDelay, s.LegacySizes = f.ActiveChats, f.RehydrationDelay, f.LegacySizes
	s.ConnectWithin, s.JoinWithin, s.KeepChats, s.KeepContacts, s.KeepAudit = f.ConnectWithin, f.BotJoinWithin, f.KeepChats, f.KeepContacts, f.KeepAudit
	s.ResourceQuotas = f.Throttle == "aws"
	if f.Throttle == "aws" && f.ActiveChats == 0 {
		s.ActiveChats = 500
	}
	cfg.StateBytes = f.StateCache << 20
	cfg.AgentGrace, cfg.AgentReclaim = f.AgentGrace, f.AgentReclaim
	var wrong []error // one for each setting, so that each is found where it was set
	if f.ActiveChats < 0 {
		wrong = append(wrong, errors.New("--active-chats must not be negative"))
	}
	if f.StateCache < 0 || f.StateCache > maxStateCache {
		wrong = append(wrong, fmt.Errorf("--state-cache must be 0 (for the default) to %d MiB", maxStateCache))
	}
	if f.RehydrationDelay < 0 {
		wrong = append(wrong, errors.New("--rehydration-delay must not be negative"))
	}
	if f.KeepChats < 0 || f.KeepChats > 0 && f.KeepChats < minKeepChats {
		wrong = append(wrong, fmt.Errorf("--keep-chats must be 0 or at least %v", minKeepChats))
	}
	if f.KeepContacts < 0 || f.KeepContacts > 0 && f.KeepContacts < minKeepRecords {
		wrong = append(wrong, fmt.Errorf("--keep-contacts must be 0 or at least %v", minKeepRecords))
	}
	if f.KeepAudit < 0 || f.KeepAudit > 0 && f.KeepAudit < minKeepRecords {
		wrong = append(wrong, fmt.Errorf("--keep-audit must be 0 or at least %v", minKeepRecords))
	}
	if f.AgentGrace < 0 || f.AgentGrace > 0 && f.AgentGrace < minAgentGrace {
		wrong = append(wrong, fmt.Errorf("--agent-grace must be 0 or at least %v", minAgentGrace))
	}
	if f.AgentReclaim && f.AgentGrace == 0 {
		wrong = append(wrong, errors.New("--agent-reclaim needs --agent-grace"))
	}
	if f.ConnectWithin <= 0 {
		wrong = append(wrong, errors.New("--connect-within must be longer than nothing"))
	}
	if f.BotJoinWithin <= 0 {
		wrong = append(wrong, errors.New("--bot-join-within must be longer than nothing"))
	}
	rates, err := parseThrottle(f.Throttle)
	cfg.Throttle = rates
	return errors.Join(append(wrong, err)...)
}
