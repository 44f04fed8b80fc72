package parleytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// An assertion waits for something to happen. Outside a bubble contact time stands still meanwhile, so that what a flow
// does after an hour never happens by itself: when the server has nothing left to do, only the test's own code can go on,
// and it gets Options.Patience.

// errNothing ends an assertion's waiting.
var errNothing = errors.New("nothing happened")

// errStill is that nothing has happened for as long as the test's own code may take.
var errStill = errors.New("nothing happens")

// await is the next event. When nothing more happens, the error says what would.
func await[E any](s *Server, next func(context.Context) (E, error), timer func(context.Context) (time.Time, bool)) (event E, err error) {
	ctx, cancel := context.WithTimeoutCause(s.ctx, patience, errNothing)
	defer cancel()
	if s.bubble { // where time passes
		event, err = next(ctx)
	} else {
		event, err = awaitStill(ctx, s, next, timer)
	}
	if errors.Is(err, errNothing) || errors.Is(err, errStill) {
		hint := s.nextTimer(timer)
		return event, fmt.Errorf("%w%s", errNothing, hint)
	}
	return event, err
}

func awaitStill[E any](ctx context.Context, s *Server, next func(context.Context) (E, error), timer func(context.Context) (time.Time, bool)) (E, error) {
	for {
		event, err := within(ctx, s.patience, next)
		if !errors.Is(err, errStill) {
			return event, err
		}
		if err := s.settle(ctx); err != nil {
			return event, err
		}
		if event, err = within(ctx, 0, next); !errors.Is(err, errStill) {
			return event, err
		}
		if _, ok := timer(ctx); ok {
			return event, errStill
		}
	}
}

func within[E any](ctx context.Context, d time.Duration, next func(context.Context) (E, error)) (E, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d, errStill)
	defer cancel()
	return next(ctx)
}

// nextTimer says when something happens by itself.
func (s *Server) nextTimer(timer func(context.Context) (time.Time, bool)) string {
	at, ok := timer(s.ctx)
	if !ok {
		return ""
	}
	in := at.Sub(s.Now())
	if s.bubble {
		return "; the next timer is in " + inWords(in)
	}
	return "; contact time stands still, and the next timer is in " + inWords(in) + ": call Advance"
}

// inWords is a duration without zeros: 1h for 1h0m0s.
func inWords(d time.Duration) string {
	if d > time.Minute {
		d = d.Round(time.Second)
	}
	text := d.Round(time.Millisecond).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// timer is the next one of a contact's chat.
func (s *Server) timer(contactID string) func(context.Context) (time.Time, bool) {
	return func(ctx context.Context) (first time.Time, ok bool) {
		detail, err := s.server.Overview().Detail(ctx, center.ContactID(contactID))
		if err != nil {
			return first, false
		}
		for _, t := range detail.Timers {
			if at, err := time.Parse(time.RFC3339, t.At); err == nil && (!ok || at.Before(first)) {
				first, ok = at, true
			}
		}
		return first, ok
	}
}

// anyTimer is the next one of all.
func (s *Server) anyTimer(ctx context.Context) (time.Time, bool) {
	at, ok, err := s.server.NextDue(ctx)
	return at, ok && err == nil
}

// reasons says which error branches the flows of contacts have taken, and why.
func (s *Server) reasons(contactIDs ...string) string {
	var b strings.Builder
	for _, id := range contactIDs {
		for _, l := range s.server.Overview().Traced(center.ContactID(id)) {
			switch {
			case l.Error == "":
			case l.Action == "":
				fmt.Fprintf(&b, "\n  the flow was ended: %s", l.Why)
			case l.Branch == "":
				fmt.Fprintf(&b, "\n  the flow failed at %q (%s), which has no branch for %s: %s", l.Action, l.Type, l.Error, l.Why)
			default:
				fmt.Fprintf(&b, "\n  the flow took %s at %q (%s): %s", l.Branch, l.Action, l.Type, l.Why)
			}
		}
	}
	return b.String()
}

// contactsOf are the contacts of a chat, as far as they are known.
func (s *Server) contactsOf(contactID string) []string {
	all := []string{contactID}
	if detail, err := s.server.Overview().Detail(s.ctx, center.ContactID(contactID)); err == nil && string(detail.Contact) != contactID {
		all = append(all, string(detail.Contact))
	}
	return all
}

// everyContact lists the current contacts of all chats.
func (s *Server) everyContact() (all []string) {
	chats, _ := s.server.Overview().Chats(s.ctx, 100) // what cannot be read has no reasons
	for i := range chats {
		all = append(all, string(chats[i].Contact))
	}
	return all
}

// fatalf ends the test, and says why flows have taken error branches.
func (p *Participant) fatalf(format string, args ...any) {
	p.s.t.Helper()
	p.s.t.Fatalf("parleytest: %s%s", fmt.Sprintf(format, args...), p.s.reasons(p.s.contactsOf(p.ContactID())...))
}

// fatalf ends the test, and says why flows have taken error branches.
func (a *Agent) fatalf(format string, args ...any) {
	a.s.t.Helper()
	a.s.t.Fatalf("parleytest: %s%s", fmt.Sprintf(format, args...), a.s.reasons(a.s.everyContact()...))
}
