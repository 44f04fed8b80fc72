package crash

import (
	"bytes"
	"sync"
	"testing"
)

// journal keeps the last of what a server prints, for the moment a test fails: under a database that is gone, it has
// much to say.
type journal struct {
	mu   sync.Mutex
	text []byte
}

// journalKept is how much is shown.
const journalKept = 16 << 10

func newJournal(t *testing.T) *journal {
	j := &journal{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last that parley printed:\n%s", j.last())
		}
	})
	return j
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text = append(j.text, p...)
	if len(j.text) > 2*journalKept {
		j.text = append(j.text[:0], j.text[len(j.text)-journalKept:]...)
	}
	return len(p), nil
}

func (j *journal) last() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.text)
}
