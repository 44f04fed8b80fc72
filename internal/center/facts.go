package center

import (
	"slices"
	"strings"
	"time"
)

// Facts is what a decision about one stream writes, in the making.
type Facts struct {
	// Now is contact time.
	Now   time.Time
	NewID func() string

	change Change
	last   time.Time // of the last item
}

func newFacts(stream StreamID, after int64, last, now time.Time, newID func() string) Facts {
	return Facts{Now: now.UTC(), NewID: newID, last: last, change: Change{Stream: stream, After: after}}
}

// idle says that nothing was decided beside the state.
func (f *Facts) idle() bool {
	c := &f.change
	return len(c.Items) == 0 && len(c.Due) == 0 && len(c.Cancel) == 0 && len(c.Take) == 0 && len(c.Release) == 0 && len(c.Receipts) == 0 && c.Done == nil
}

// After is the number of the last item that was there.
func (f *Facts) After() int64 { return f.change.After }

// Seq is the number that the next item will get.
func (f *Facts) Seq() int64 { return f.change.After + int64(len(f.change.Items)) + 1 }

// add numbers and dates an item and takes it in. Times rise strictly within a stream, because clients sort by them
// and the clocks of nodes differ.
func (f *Facts) add(it Item) *Item {
	it.Stream, it.Seq = f.change.Stream, f.Seq()
	it.Time = f.Now.Truncate(time.Millisecond)
	if !it.Time.After(f.last) {
		it.Time = f.last.Add(time.Millisecond)
	}
	f.last = it.Time
	if it.ID == "" {
		it.ID = ItemID(f.NewID())
	}
	f.change.Items = append(f.change.Items, it)
	return &f.change.Items[len(f.change.Items)-1]
}

// Schedule puts a due row.
func (f *Facts) Schedule(key string, at time.Time, data string) {
	f.change.Cancel = remove(f.change.Cancel, key)
	f.change.Due = slices.DeleteFunc(f.change.Due, func(due Due) bool { return due.Key == key })
	f.change.Due = append(f.change.Due, Due{Stream: f.change.Stream, Key: key, At: at.UTC(), Data: data})
}

// Unschedule takes a due row away, whether it was there before or put by this decision.
func (f *Facts) Unschedule(key string) {
	f.change.Due = slices.DeleteFunc(f.change.Due, func(due Due) bool { return due.Key == key })
	f.change.Cancel = append(remove(f.change.Cancel, key), key)
}

func remove(keys []string, key string) []string {
	return slices.DeleteFunc(keys, func(k string) bool { return k == key })
}

// Take asks for a claim; the decision fails as a whole if it is held.
func (f *Facts) Take(c Claim) { f.change.Take = append(f.change.Take, c) }

// Release gives a claim back, also one that this decision has asked for.
func (f *Facts) Release(c Claim) {
	same := func(t Claim) bool { return t.Kind == c.Kind && t.Key == c.Key }
	if i := slices.IndexFunc(f.change.Take, same); i >= 0 {
		f.change.Take = slices.Delete(f.change.Take, i, i+1)
		return
	}
	f.change.Release = append(f.change.Release, c)
}

// Pending are the keys of claims of a kind, beginning with a prefix, that this decision takes and gives back.
func (f *Facts) Pending(kind, prefix string) (taken, released []string) {
	keys := func(all []Claim) (keys []string) {
		for _, c := range all {
			if c.Kind == kind && strings.HasPrefix(c.Key, prefix) {
				keys = append(keys, c.Key)
			}
		}
		return keys
	}
	return keys(f.change.Take), keys(f.change.Release)
}

// Answers says which due row this decision is the answer to.
func (f *Facts) Answers(due Due) { f.change.Done = &due }
