package chat_test

import (
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// A call that is repeated while the first is still under way is answered as the first, whichever node it comes to.
func TestOneClientTokenAtTheSameTime(t *testing.T) {
	const calls = 6
	w := newWorld(t)
	nodes := []*node{w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})}
	ana, past := w.start(nodes[0], nil)
	w.must(nodes[0].Leave(w.ctx, ana))
	_, now := w.start(nodes[0], nil)

	for name, call := range map[string]func(*node) (string, error){
		"CreateParticipant": func(c *node) (string, error) {
			bot, err := c.AddCustomParticipant(w.ctx, instance, now.Contact, "Max", "token")
			if err != nil {
				return "", err
			}
			return string(bot.Participant), nil
		},
		"CreatePersistentContactAssociation": func(c *node) (string, error) {
			from, err := c.Associate(w.ctx, instance, now.Contact, center.Persistence{Type: center.FromSegment, Source: past.Contact}, "token")
			return string(from), err
		},
	} {
		answers := make([]string, calls)
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				var err error
				if answers[i], err = call(nodes[i%len(nodes)]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		for _, a := range answers {
			if a == "" || a != answers[0] {
				t.Errorf("%s: answers differ: %q", name, answers)
				break
			}
		}
	}
}
