package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"pgregory.net/rapid"
)

// twin says in maps what a store is to do.
type twin struct {
	chats  map[center.StreamID]*twinChat
	claims map[string]center.Claim
}

type twinChat struct {
	items    []center.Item
	state    string
	ended    bool
	due      map[string]center.Due
	receipts map[string]center.Receipt
}

func newTwin() *twin {
	return &twin{map[center.StreamID]*twinChat{}, map[string]center.Claim{}}
}

// commit returns the kind of refusal, "" when all are kept.
func (tw *twin) commit(changes ...*center.Change) string {
	changes = slices.SortedFunc(slices.Values(changes), func(a, b *center.Change) int { return cmp.Compare(a.Stream, b.Stream) })
	taken := map[string]bool{}
	for _, c := range changes {
		for _, claim := range c.Take {
			if taken[claim.Kind+claim.Key] {
				return "internal"
			}
			taken[claim.Kind+claim.Key] = true
		}
	}
	first := changes[0]
	if items := tw.chat(first.Stream).items; first.After < int64(len(items)) && items[first.After].ID == first.Items[0].ID {
		return ""
	}
	next := tw.clone()
	var answered []*center.Due // of other streams
	for _, c := range changes {
		if c.Done != nil && c.Done.Stream != c.Stream {
			answered = append(answered, c.Done)
		}
	}
	slices.SortFunc(answered, func(a, b *center.Due) int { return cmp.Compare(a.Stream, b.Stream) })
	for _, c := range changes {
		for len(answered) > 0 && answered[0].Stream < c.Stream {
			if !next.finish(answered[0]) {
				return "stale"
			}
			answered = answered[1:]
		}
		if refusal := tw.refuses(c); refusal != "" {
			return refusal
		}
		if c.Done != nil && c.Done.Stream == c.Stream && !next.finish(c.Done) {
			return "stale"
		}
		next.keep(c)
	}
	for _, due := range answered {
		if !next.finish(due) {
			return "stale"
		}
	}
	if !next.claim(changes) {
		return "claim"
	}
	*tw = *next
	return ""
}

func (tw *twin) chat(id center.StreamID) *twinChat {
	if chat := tw.chats[id]; chat != nil {
		return chat
	}
	return &twinChat{due: map[string]center.Due{}, receipts: map[string]center.Receipt{}}
}

func (tw *twin) clone() *twin {
	next := &twin{map[center.StreamID]*twinChat{}, maps.Clone(tw.claims)}
	for id, chat := range tw.chats {
		next.chats[id] = &twinChat{slices.Clone(chat.items), chat.state, chat.ended, maps.Clone(chat.due), maps.Clone(chat.receipts)}
	}
	return next
}

// finish takes a due row away, if it is there.
func (tw *twin) finish(due *center.Due) bool {
	there, ok := tw.chat(due.Stream).due[due.Key]
	delete(tw.chat(due.Stream).due, due.Key)
	return ok && there.At.Equal(due.At)
}

// refuses says why the items of c cannot be put into their places, "" when they can.
func (tw *twin) refuses(c *center.Change) string {
	chat := tw.chat(c.Stream)
	last := int64(len(chat.items))
	if c.After == 0 && last > 0 || c.After > 0 && last == 0 && c.State != nil {
		return "conflict"
	}
	refusal := ""
	if c.After != last {
		refusal = "conflict"
	}
	for _, it := range c.Items {
		for _, there := range chat.items {
			if it.Token != [16]byte{} && there.Token == it.Token {
				refusal = "token"
			}
		}
	}
	if refusal != "" && c.Done != nil {
		if there, ok := tw.chat(c.Done.Stream).due[c.Done.Key]; !ok || !there.At.Equal(c.Done.At) {
			return "stale"
		}
	}
	return refusal
}

// claim releases and takes what changes do, and says whether it could.
func (tw *twin) claim(changes []*center.Change) bool {
	for _, c := range changes {
		for _, r := range c.Release {
			delete(tw.claims, r.Kind+r.Key)
		}
	}
	for _, c := range changes {
		for _, take := range c.Take {
			held, ok := tw.claims[take.Kind+take.Key]
			if ok && (held.Expires.IsZero() || held.Expires.After(c.Items[0].Time)) {
				return false
			}
			tw.claims[take.Kind+take.Key] = take
		}
	}
	return true
}

// keep does all but what is to be done to claims and answered due rows.
func (tw *twin) keep(c *center.Change) {
	chat := tw.chat(c.Stream)
	tw.chats[c.Stream] = chat
	for i, it := range c.Items {
		it.Stream, it.Seq = c.Stream, c.After+1+int64(i)
		chat.items = append(chat.items, it)
	}
	if c.State != nil {
		chat.state, chat.ended = string(c.State), chat.ended || c.Ended
	}
	for _, key := range c.Cancel {
		delete(chat.due, key)
	}
	for _, d := range c.Due {
		d.Stream = c.Stream
		chat.due[d.Key] = d
	}
	for _, r := range c.Receipts {
		key := string(r.Message) + string(r.Recipient)
		old := chat.receipts[key]
		if r.Delivered.IsZero() {
			r.Delivered = old.Delivered
		}
		if r.Read.IsZero() {
			r.Read = old.Read
		}
		chat.receipts[key] = r
	}
}

func kindOf(t *rapid.T, err error) string {
	var (
		conflict *Conflict
		token    *TokenTaken
		claim    *ClaimTaken
		stale    *Stale
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &conflict):
		return "conflict"
	case errors.As(err, &token):
		return "token"
	case errors.As(err, &claim):
		return "claim"
	case errors.As(err, &stale):
		return "stale"
	case center.Is(err, center.Internal):
		return "internal"
	}
	t.Fatal(err)
	return ""
}

// drawChange draws a Change of few chats, keys and tokens, so that they meet.
func drawChange(t *rapid.T, chats []center.StreamID, tw *twin) *center.Change {
	c := &center.Change{Stream: rapid.SampledFrom(chats).Draw(t, "chat"), Kind: center.KindChat, Instance: instance}
	var last int64
	if chat := tw.chats[c.Stream]; chat != nil {
		last = int64(len(chat.items))
	}
	c.After = max(0, last+rapid.SampledFrom([]int64{0, 0, 0, 0, -1, -2, 1}).Draw(t, "behind"))
	at := start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "at")) * time.Minute)
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		it := message(rapid.StringN(0, 9, -1).Draw(t, "content"))
		it.Time = at
		it.InTranscript = rapid.Bool().Draw(t, "shown")
		if n := rapid.IntRange(0, 9).Draw(t, "token"); n > 6 && len(c.Items) == 0 {
			it.Token[0] = byte(n)
		}
		c.Items = append(c.Items, it)
	}
	if c.After == 0 || rapid.Bool().Draw(t, "has state") {
		c.State = []byte("s" + rapid.String().Draw(t, "state"))
		c.Ended = rapid.Bool().Draw(t, "ended")
	}
	if rapid.Bool().Draw(t, "message only") {
		return c
	}
	keys := func(what string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 2, rapid.ID).Draw(t, what)
	}
	for _, key := range keys("due") {
		c.Due = append(c.Due, center.Due{Key: key, At: at, Data: key})
	}
	c.Cancel = keys("undue")
	for _, key := range keys("take") {
		claim := center.Claim{Kind: "k", Key: key, Value: rapid.StringN(0, 3, -1).Draw(t, "value")}
		if rapid.Bool().Draw(t, "expires") {
			claim.Expires = at.Add(time.Minute)
		}
		c.Take = append(c.Take, claim)
	}
	for _, key := range keys("release") {
		c.Release = append(c.Release, center.Claim{Kind: "k", Key: key})
	}
	if key := rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "done"); key != "" {
		c.Done = &center.Due{Stream: rapid.SampledFrom(append(chats, c.Stream, c.Stream)).Draw(t, "due of"), Key: key, At: at}
	}
	if rapid.Bool().Draw(t, "receipt") {
		r := center.Receipt{Message: c.Items[0].ID, Recipient: "ana", Read: at}
		if chat := tw.chats[c.Stream]; chat != nil {
			r.Message = chat.items[0].ID
		}
		if rapid.Bool().Draw(t, "delivered") {
			r.Delivered, r.Read = r.Read, r.Delivered
		}
		c.Receipts = append(c.Receipts, r)
	}
	return c
}

// dump writes all that can be read of a store.
func dump(t *rapid.T, s *Store, chats []center.StreamID) string {
	ctx := context.Background()
	var b strings.Builder
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range chats {
		chat, err := s.Stream(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		check(err)
		items, err := s.ItemsAfter(ctx, id, 0, 10000)
		check(err)
		due, err := s.DueOf(ctx, id)
		check(err)
		var asked []center.ItemID
		for _, it := range items {
			asked = append(asked, it.ID)
		}
		receipts, err := s.Receipts(ctx, id, asked)
		check(err)
		fmt.Fprintf(&b, "%s %q %v %d\n", id, chat.State, chat.Ended, chat.LastSeq)
		for _, it := range items {
			fmt.Fprintf(&b, "  %+v\n  %v\n", it, receipts[it.ID])
		}
		fmt.Fprintf(&b, "  %v\n", due)
	}
	claims, err := s.Claims(ctx, "k", "")
	check(err)
	fmt.Fprintf(&b, "%v\n", claims)
	return b.String()
}

func (tw *twin) dump(chats []center.StreamID) string {
	var b strings.Builder
	for _, id := range chats {
		chat := tw.chats[id]
		if chat == nil {
			continue
		}
		fmt.Fprintf(&b, "%s %q %v %d\n", id, chat.state, chat.ended, len(chat.items))
		for _, it := range chat.items {
			it.Token = [16]byte{}
			var receipts []center.Receipt
			if r, ok := chat.receipts[string(it.ID)+"ana"]; ok {
				receipts = append(receipts, r)
			}
			fmt.Fprintf(&b, "  %+v\n  %v\n", it, receipts)
		}
		fmt.Fprintf(&b, "  %v\n", sorted(chat.due))
	}
	fmt.Fprintf(&b, "%v\n", sorted(tw.claims))
	return b.String()
}

func sorted[V any](m map[string]V) (all []V) {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		all = append(all, m[k])
	}
	return all
}

func TestStoreDoesWhatItsTwinDoes(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		rapid.Check(t, func(t *rapid.T) {
			if err := s.Reset(context.Background()); err != nil {
				t.Fatal(err)
			}
			tw := newTwin()
			chats := []center.StreamID{center.StreamID(newID()), center.StreamID(newID()), center.StreamID(newID())}
			var past [][]*center.Change
			for range rapid.IntRange(1, 20).Draw(t, "commits") {
				var parts []*center.Change
				for range rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "streams") {
					c := drawChange(t, chats, tw)
					if !slices.ContainsFunc(parts, func(other *center.Change) bool { return other.Stream == c.Stream }) {
						parts = append(parts, c)
					}
				}
				if len(past) > 0 && rapid.IntRange(0, 9).Draw(t, "repeat") == 0 {
					parts = rapid.Permutation(rapid.SampledFrom(past).Draw(t, "past")).Draw(t, "in order")
				}
				past = append(past, parts)
				want := tw.commit(parts...)
				if got := kindOf(t, s.Commit(context.Background(), parts...)); got != want {
					for _, c := range parts {
						t.Logf("%+v", c)
					}
					t.Fatalf("answered %q, want %q", got, want)
				}
			}
			if got, want := dump(t, s, chats), tw.dump(chats); got != want {
				t.Fatalf("the store holds\n%s\nand its twin\n%s", got, want)
			}
		})
	})
}
