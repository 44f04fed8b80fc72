package hub_test

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
)

func (s *stage) trim(stream center.StreamID, first int64) {
	s.source.behave(func(src *source) { src.first = map[center.StreamID]int64{stream: first} })
}

// A stream may not keep the items behind an old cursor: then the membership ends, and its owner starts anew.
func TestACursorBeforeWhatIsKept(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		for _, text := range []string{"one", "two", "three", "four"} {
			s.sayIn(work, agent, text)
		}
		s.trim(work, 3)
		bob, cyd := s.socket("bob"), s.socket("cyd")
		bob.joins(work, 1)
		bob.hasEnded("work")
		bob.sees()
		cyd.joins(work, 2) // just what is kept
		cyd.sees(those(work, "three", "four"))
		bob.joins(work, 4)
		s.sayIn(work, agent, "five")
		bob.sees(those(work, "five"))
		cyd.sees(those(work, "five"))
		cyd.hasEnded()
	})
}

// A node that has heard nothing for long finds that the stream does not keep what it has missed.
func TestAGapThatIsNotKept(t *testing.T) {
	story(t, hub.Options{Remote: true}, func(s *stage) {
		bob, cyd := s.socket("bob"), s.socket("cyd")
		s.sayIn(work, agent, "one")
		bob.joins(work, 1)
		for _, text := range []string{"two", "three", "four"} {
			s.source.commitTo(work, message(agent, text)) // lost by the bus
		}
		s.trim(work, 4)
		cyd.joins(work, 3)
		time.Sleep(time.Minute)
		bob.hasEnded("work")
		bob.sees()
		cyd.sees(those(work, "four"))
		bob.joins(work, 4)
		s.sayIn(work, agent, "five")
		bob.sees(those(work, "five"))
		cyd.sees(those(work, "five"))
		cyd.hasEnded()
	})
}
