package chat_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// archive is a chat with the ones it continues, as a dumb twin knows them: lists, oldest item first.
type archive struct {
	who     chat.Caller
	current []center.Item
	past    [][]center.Item // newest session first
}

// newArchive plays sessions of random lengths, each continuing the one before it. What a transcript does not show is
// between what it shows: receipts, and changes with nothing to see.
func newArchive(w *world, c *node, t *rapid.T) *archive {
	a := &archive{}
	var past *center.Persistence
	sessions := rapid.IntRange(1, 4).Draw(t, "sessions")
	for n := range sessions {
		who, started := w.start(c, past)
		max := w.customParticipant(c, started.Contact)
		for i := range rapid.IntRange(0, 12).Draw(t, "messages") {
			w.clock.advance(time.Duration(rapid.IntRange(0, 2).Draw(t, "ms")) * time.Millisecond)
			it := w.send(c, who, strconv.Itoa(i))
			switch rapid.IntRange(0, 3).Draw(t, "then") {
			case 0:
				_, err := c.Event(w.ctx, max, center.EventRead, `{"messageId":"`+string(it.ID)+`"}`)
				w.must(err)
			case 1:
				w.must(c.SetAttributes(w.ctx, instance, started.Contact, map[string]string{"n": strconv.Itoa(i)}))
			}
		}
		if n == sessions-1 {
			a.who, a.current = who, shown(w.items(who.Chat))
			return a
		}
		w.must(c.Leave(w.ctx, who))
		a.past = slices.Insert(a.past, 0, shown(w.items(who.Chat)))
		past = &center.Persistence{Type: center.EntirePastSession, Source: started.Contact}
	}
	return a
}

func shown(items []center.Item) []center.Item {
	return slices.DeleteFunc(items, func(it center.Item) bool { return !it.InTranscript })
}

// expect is what a query should find, in the order of its scan, by the words of GetTranscript's documentation.
func (a *archive) expect(q chat.TranscriptQuery) []center.ItemID {
	forward := isForward(q)
	from, isThere := len(a.current)-1, len(a.current) > 0 // the newest end
	if forward {
		isThere = false // nothing is newer than that
	}
	switch s := q.Start; {
	case s == nil:
	case s.ID != "":
		from = slices.IndexFunc(a.current, func(it center.Item) bool { return it.ID == s.ID })
		isThere = true
	case !s.AbsoluteTime.IsZero() && forward:
		from = slices.IndexFunc(a.current, func(it center.Item) bool { return !it.Time.Before(s.AbsoluteTime) })
		isThere = from >= 0
	case !s.AbsoluteTime.IsZero():
		from = len(a.current) - 1
		for from >= 0 && a.current[from].Time.After(s.AbsoluteTime) {
			from--
		}
	case *s.MostRecent > 0:
		from = max(0, len(a.current)-*s.MostRecent)
		isThere = true
	}
	var ids []center.ItemID
	if forward {
		if isThere {
			for _, it := range a.current[from:] {
				ids = append(ids, it.ID)
			}
		}
		return ids
	}
	for i := from; i >= 0; i-- {
		ids = append(ids, a.current[i].ID)
	}
	for _, session := range a.past { // filters do not reach the past
		for _, it := range slices.Backward(session) {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

func (a *archive) draw(t *rapid.T) chat.TranscriptQuery {
	q := chat.TranscriptQuery{
		Max: rapid.IntRange(0, 9).Draw(t, "max"), Ascending: rapid.Bool().Draw(t, "ascending"),
		Forward: rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, "forward"),
	}
	if rapid.Bool().Draw(t, "own contact") {
		q.Contact = a.who.Contact
	}
	switch rapid.IntRange(0, 4).Draw(t, "start") {
	case 0:
		q.Start = &chat.StartPosition{}
	case 1:
		q.Start = &chat.StartPosition{ID: rapid.SampledFrom(a.current).Draw(t, "item").ID}
	case 2:
		at := rapid.SampledFrom(a.current).Draw(t, "item").Time
		q.Start = &chat.StartPosition{AbsoluteTime: at.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "off")) * time.Millisecond)}
	case 3:
		q.Start = &chat.StartPosition{MostRecent: new(rapid.IntRange(0, 15).Draw(t, "most recent"))}
	}
	return q
}

// Whatever is asked for: page by page, every item that is meant is there exactly once, in order, no page is longer
// than asked for, none mixes sessions, none is of the past unless a NextToken leads there, and none but the first leads on
// without an item.
func TestTranscriptPages(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	rapid.Check(t, func(t *rapid.T) {
		a := newArchive(w, c, t)
		for range 5 {
			q := a.draw(t)
			want, forward := a.expect(empty(q)), isForward(q)
			if forward && empty(q).Start == nil {
				var refused *center.Error
				if _, err := c.Transcripts.Page(w.ctx, a.who, q); !errors.As(err, &refused) || refused.Code != center.InvalidParameter {
					t.Fatalf("%+v, forward from nowhere: %v", q, err)
				}
				continue
			}
			var got []center.ItemID
			for pages := 0; ; pages++ {
				page, err := c.Transcripts.Page(w.ctx, a.who, q)
				if err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				got = append(got, checkPage(t, q, forward, page)...)
				if page.Next == "" {
					break
				}
				if pages > 200 {
					t.Fatalf("%+v: no end", q)
				}
				q = chat.TranscriptQuery{NextToken: page.Next, Max: q.Max, Ascending: q.Ascending, Contact: q.Contact, Forward: q.Forward}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%+v:\n got %v\nwant %v", q, got, want)
			}
		}
	})
}

// empty takes an empty StartPosition for none: that is how clients leave it out.
func empty(q chat.TranscriptQuery) chat.TranscriptQuery {
	if q.Start != nil && *q.Start == (chat.StartPosition{}) {
		q.Start = nil
	}
	return q
}

// checkPage returns the ids of a page in the order of the scan.
func checkPage(t *rapid.T, q chat.TranscriptQuery, forward bool, page *chat.TranscriptPage) []center.ItemID {
	limit := q.Max
	if limit == 0 {
		limit = 10
	}
	first := q.NextToken == ""
	if len(page.Items) > limit || !first && len(page.Items) == 0 && page.Next != "" || first && len(page.Items) > 0 && page.Items[0].Past {
		t.Fatalf("%+v: a page of %d items, next %q", q, len(page.Items), page.Next)
	}
	if !slices.IsSortedFunc(page.Items, func(x, y chat.TranscriptItem) int {
		if q.Ascending {
			return x.Time.Compare(y.Time)
		}
		return y.Time.Compare(x.Time)
	}) {
		t.Fatalf("%+v: a page out of order", q)
	}
	var ids []center.ItemID
	for _, it := range page.Items {
		if it.Past != page.Items[0].Past || it.Stream != page.Items[0].Stream || it.Past == (it.Stream == center.StreamID(page.Chat)) {
			t.Fatalf("%+v: a page of several sessions", q)
		}
		ids = append(ids, it.ID)
	}
	if forward != q.Ascending {
		slices.Reverse(ids)
	}
	return ids
}

// isForward is the direction of a scan: as asked, or else back into the past, from a position forward.
func isForward(q chat.TranscriptQuery) bool {
	if q.Forward != nil {
		return *q.Forward
	}
	return empty(q).Start != nil
}

func TestTranscriptPositionsOfOthers(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	ana, _ := w.start(c, nil)
	ben, _ := w.start(c, nil)
	w.send(c, ana, "one")
	page, err := c.Transcripts.Page(w.ctx, ana, chat.TranscriptQuery{Max: 1})
	w.must(err)
	for name, q := range map[string]chat.TranscriptQuery{
		"the token of another chat":   {NextToken: page.Next},
		"a token cut short":           {NextToken: page.Next[:len(page.Next)-3]},
		"no token at all":             {NextToken: "?"},
		"an item of another chat":     {Start: &chat.StartPosition{ID: page.Items[0].ID}},
		"an item that does not exist": {Start: &chat.StartPosition{ID: center.ItemID(w.newID())}},
	} {
		var refused *center.Error
		if _, err := c.Transcripts.Page(w.ctx, ben, q); !errors.As(err, &refused) || refused.Code != center.InvalidParameter {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A past transcript of more than 5 MB cannot be continued.
func TestTooLargeAPast(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	ana, first := w.start(c, nil)
	for range center.MaxPastBytes/16384 + 1 {
		w.send(c, ana, long(16384))
	}
	w.must(c.Leave(w.ctx, ana))
	var refused *center.Error
	_, err := c.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: w.flow, DisplayName: "Ana",
		Persistent: &center.Persistence{Type: center.EntirePastSession, Source: first.Contact},
	})
	if !errors.As(err, &refused) || refused.Code != center.InvalidRequest {
		t.Errorf("got %v", err)
	}
}
