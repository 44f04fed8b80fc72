package server_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parley-chat/parley/internal/bus/bustest"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/server"
)

const instance = string(server.SeedInstance)

// commands are what the people in a story can do. A command that the server refuses fails the story; with ! before
// it, it must be refused, and stderr has the refusal.
func (s *story) commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*call) error{
		// The house.
		"server":  s.cmdServer,
		"restart": s.cmdRestart,
		"node":    s.cmdNode,
		"advance": s.cmdAdvance,
		"timers":  s.cmdTimers,
		"bus":     s.cmdBus,

		// Those outside whom flows ask.
		"function": s.cmdOutsider("function"),
		"lex":      s.cmdOutsider("lex"),
		"system":   s.cmdOutsider("system"),
		"pool":     s.cmdOutsider("pool"),
		"asked":    s.cmdAsked,

		// What a company's backend does.
		"flow":            s.cmdFlow,
		"publish":         s.cmdPublish,
		"version-flow":    s.cmdVersionFlow,
		"alias-flow":      s.cmdAliasFlow,
		"delete-alias":    s.cmdDeleteAlias,
		"delete-flow":     s.cmdDeleteFlow,
		"delete-instance": s.cmdDeleteInstance,
		"view":            s.cmdView,
		"module":          s.cmdModule,
		"publish-module":  s.cmdPublishModule,
		"version-module":  s.cmdVersionModule,
		"delete-module":   s.cmdDeleteModule,
		"tag":             s.cmdTag,
		"follow":          s.cmdFollow,
		"start":           s.cmdStart,
		"start-again":     s.cmdStartAgain,
		"bot":             s.cmdBot,
		"stop-contact":    s.cmdStopContact,
		"describe":        s.cmdDescribe,
		"attributes":      s.cmdAttributes,
		"set":             s.cmdSet,
		"associate":       s.cmdAssociate,
		"role-config":     s.cmdRoleConfig,
		"signed-in":       s.cmdSignedIn,

		// What agents do, and what is done to them.
		"agent":        s.cmdAgent,
		"delete-agent": s.cmdDeleteAgent,
		"status":       s.cmdStatus,
		"assign":       s.cmdAssign,
		"accept":       s.cmdWorks((*chat.Agents).Accept),
		"reject":       s.cmdWorks((*chat.Agents).Reject),
		"depart":       s.cmdWorks((*chat.Agents).Leave),
		"clear":        s.cmdWorks((*chat.Agents).Clear),
		"dismiss":      s.cmdDismiss,
		"attend":       s.cmdAttend,
		"is":           s.cmdIs,
		"told":         s.cmdTold,
		"profile":      s.cmdProfile,
		"offered":      s.cmdOffered,
		"why":          s.cmdWhy,
		"steps":        s.cmdSteps,
		"log-in":       s.cmdLogIn,
		"api":          s.cmdAPI,

		// What agents and supervisors do by quick connects, and with each other.
		"queue":         s.cmdQueue,
		"quick-connect": s.cmdQuickConnect,
		"switch":        s.cmdSwitch,
		"transfer":      s.cmdConnects((*chat.Agents).Transfer),
		"invite":        s.cmdConnects((*chat.Agents).Invite),
		"start-flow":    s.cmdConnects(startFlow),
		"cancel-flow":   s.cmdWorks((*chat.Agents).CancelFlow),
		"remove":        s.cmdRemove,
		"monitor":       s.cmdMonitor,
		"mode":          s.cmdMode,
		"associated":    s.cmdAssociated,

		// What a participant does.
		"credentials": s.cmdCredentials,
		"connect":     s.cmdConnect,
		"subscribe":   s.cmdSubscribe,
		"join":        s.cmdJoin,
		"reconnect":   s.cmdReconnect,
		"cut":         s.cmdCut,
		"say":         s.cmdSay,
		"say-again":   s.cmdSayAgain,
		"types":       s.cmdTypes,
		"got":         s.cmdReceipt("message.delivered"),
		"read":        s.cmdReceipt("message.read"),
		"open":        s.cmdOpen,
		"answer":      s.cmdAnswer,
		"sign-in":     s.cmdSignIn,
		"opt-out":     s.cmdOptOut,
		"leave":       s.cmdLeave,
		"talk":        s.cmdTalk,
		"see":         s.cmdSee,
		"hear":        s.cmdHear,
		"frames":      s.cmdFrames,
		"sockets":     s.cmdSockets,
		"closed":      s.cmdClosed,
		"page":        s.cmdPage,
		"transcript":  s.cmdTranscript,
	}
	before := []string{"server", "function", "lex", "system", "pool"} // may come before the servers start
	commands := map[string]func(*testscript.TestScript, bool, []string){}
	for name, f := range all {
		commands[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			for i := range args {
				args[i] = swell(args[i])
			}
			if !slices.Contains(before, name) {
				ts.Check(s.serve(1))
			}
			s.finish(ts, neg, f(&call{TestScript: ts, neg: neg, args: args}))
		}
	}
	return commands
}

// call is one line of a story.
type call struct {
	*testscript.TestScript
	neg  bool
	args []string
}

// take removes and returns the first argument.
func (c *call) take() (first string) {
	if len(c.args) > 0 {
		first, c.args = c.args[0], c.args[1:]
	}
	return first
}

func (c *call) option(key string) (string, bool) { return option(&c.args, key) }

// unmet is an expectation of a story that did not hold.
type unmet string

func (u unmet) Error() string { return string(u) }

func (s *story) finish(ts *testscript.TestScript, neg bool, err error) {
	refused, isRefusal := err.(*refusal)
	if refused == nil && isRefusal {
		err = nil
	}
	_, isUnmet := err.(unmet)
	switch {
	case !neg:
		ts.Check(err)
	case err == nil:
		ts.Fatalf("it was not refused")
	case isRefusal || isUnmet:
		_, _ = fmt.Fprintln(ts.Stderr(), err) // a buffer
	default:
		ts.Check(err)
	}
}

// cmdServer says what kind of servers the story needs, before they start: "server file nodes=2 ActiveChats=1".
func (s *story) cmdServer(c *call) error {
	nodes := 1
	for _, a := range c.args {
		key, value, _ := strings.Cut(a, "=")
		number, err := strconv.ParseFloat(value, 64)
		length, errLength := time.ParseDuration(value)
		set := &s.config.Settings
		switch key {
		case "file":
			s.lasting, err = true, nil
		case "nodes":
			nodes = int(number)
		case "ActiveChats":
			set.ActiveChats = int(number)
		case "RehydrationDelay":
			set.RehydrationDelay, err = length, errLength
		case "drop":
			s.faults.Drop = number
		case "double":
			s.faults.Double = number
		case "delay":
			s.faults.Delay, s.faults.MaxDelay = number, time.Second
		default:
			return fmt.Errorf("servers have no %s", key)
		}
		if err != nil {
			return err
		}
	}
	return s.serve(nodes)
}

func (s *story) cmdRestart(*call) error {
	if !s.lasting {
		return fmt.Errorf("a server that is to be restarted needs a file")
	}
	return s.restart()
}

// cmdNode stops one server of several: "node 2 down".
func (s *story) cmdNode(c *call) error {
	n, err := strconv.Atoi(c.take())
	if err != nil || n < 1 || n > len(s.nodes) || c.take() != "down" {
		return fmt.Errorf("which node is down?")
	}
	return s.nodes[n-1].close()
}

func (s *story) cmdAdvance(c *call) error {
	by, err := time.ParseDuration(c.take())
	if err != nil {
		return err
	}
	return s.on.advance(s, by)
}

// cmdBus expects that the bus between the nodes was as bad as it should be.
func (s *story) cmdBus(*call) error {
	dropped, doubled, delayed := s.network.Faults()
	if dropped == 0 || doubled == 0 || delayed == 0 || s.faults == (bustest.Faults{}) {
		return unmet(fmt.Sprintf("the bus dropped %d, doubled %d and delayed %d", dropped, doubled, delayed))
	}
	return nil
}

// cmdTimers prints what waits for its time, and for whom.
func (s *story) cmdTimers(c *call) error {
	var answer struct {
		Timers []struct{ Contact, Timer string }
	}
	if refused := s.anyNode().call("GET", "/_parley/timers", "", nil, &answer); refused != nil {
		return refused
	}
	var lines []string
	for _, t := range answer.Timers {
		key, _, _ := strings.Cut(t.Timer, ":")
		for _, p := range s.people {
			if p.started != nil && p.initial == t.Contact {
				lines = append(lines, p.name+" "+key)
			}
		}
	}
	slices.Sort(lines)
	print(c.Stdout(), lines)
	return nil
}
