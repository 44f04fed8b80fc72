package routing

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The first of the expiries is the earliest, whatever was added and removed.
func TestExpiries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h expiries
		var all []*waiting
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if len(all) == 0 || rapid.IntRange(0, 2).Draw(t, "add") > 0 {
				w := &waiting{expires: time.Unix(rapid.Int64Range(0, 1000).Draw(t, "expires"), 0)}
				all = append(all, w)
				h.push(w)
			} else {
				i := rapid.IntRange(0, len(all)-1).Draw(t, "removed")
				h.remove(all[i])
				all = append(all[:i], all[i+1:]...)
			}
			var first *waiting
			for _, w := range all {
				if first == nil || w.expires.Before(first.expires) {
					first = w
				}
			}
			if got := h.first(); len(h) != len(all) || (got == nil) != (first == nil) || got != nil && !got.expires.Equal(first.expires) {
				t.Fatalf("of %d the first is %+v, want %+v", len(all), got, first)
			}
		}
	})
}

// The contact that takes the place of a removed one may be earlier than those above it.
func TestExpiriesFromTheMiddle(t *testing.T) {
	var h expiries
	var all []*waiting
	for _, second := range []int64{0, 100, 1, 101, 102, 2, 3} {
		w := &waiting{expires: time.Unix(second, 0)}
		all = append(all, w)
		h.push(w)
	}
	h.remove(all[3])
	for _, want := range []int64{0, 1, 2, 3, 100, 102} {
		first := h.first()
		if first.expires.Unix() != want {
			t.Fatalf("the first is %d, want %d", first.expires.Unix(), want)
		}
		h.remove(first)
	}
}
