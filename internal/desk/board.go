package desk

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"

	"github.com/parley-chat/parley/internal/center"
)

// board is the snapshot that all windows of an agent on this node show. It is computed once for each change, however many
// windows there are, and encoded once.
type board struct {
	desk    *Desk
	windows int           // the desk's mutex guards it
	turn    chan struct{} // of capacity 1; the window that computes holds it

	mu      sync.Mutex
	seen    map[center.StreamID]int64 // the last item of each stream of which a window has heard
	changes int64                     // how many items that was

	// Only for the holder of the turn:
	known tokens
	upTo  int64 // the changes that last includes
	last  *posted
}

// posted is a snapshot as sockets get it.
type posted struct {
	sum   [sha256.Size]byte // of all but its time: what makes it another one
	frame []byte
}

// heard notes that something has changed with an item of a stream. Each window of the agent hears of it; it counts once.
func (b *board) heard(stream center.StreamID, seq int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if seq > b.seen[stream] {
		b.seen[stream] = seq
		b.changes++
	}
}

// post returns the snapshot as of all changes that windows have heard of. anew computes it in any case: what is no item, such as
// a contact's attributes or the name of a queue, may have changed as well.
func (b *board) post(ctx context.Context, who *center.Principal, anew bool) (*posted, error) {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-b.turn }()
	b.mu.Lock()
	changes := b.changes
	b.mu.Unlock()
	if b.last != nil && b.upTo == changes && !anew {
		return b.last, nil
	}
	b.desk.computed.Add(1)
	d, err := b.desk.desktop(ctx, who, b.known)
	if err != nil {
		return nil, err
	}
	p, err := d.posted()
	if err != nil {
		return nil, err
	}
	b.last, b.upTo = p, changes
	b.forget(who.User, d)
	return p, nil
}

// forget drops what belongs to contacts that the agent does not have any more.
func (b *board) forget(agent center.UserID, d *desktop) {
	parts := map[center.ParticipantID]bool{}
	for i := range d.Snapshot.Contacts {
		for _, c := range d.Snapshot.Contacts[i].Connections {
			parts[center.ParticipantID(c.ID)] = true
		}
	}
	for id := range b.known {
		if !parts[id] {
			delete(b.known, id)
		}
	}
	if len(parts) > 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for stream := range b.seen {
		if stream != center.StreamID(agent) {
			delete(b.seen, stream)
		}
	}
}

// posted encodes a snapshot.
func (d *desktop) posted() (*posted, error) {
	at := d.Snapshot.At
	d.Snapshot.At = 0
	same, err := json.Marshal(struct {
		Snapshot      *snapshot
		Configuration *configuration
	}{&d.Snapshot, &d.Configuration})
	if err != nil {
		return nil, err
	}
	d.Snapshot.At = at
	return &posted{sha256.Sum256(same), frameOf(d.Cursor, snapshotView{"snapshot", d})}, nil
}

// joinBoard finds the board of an agent who opens a window. The window leaves it when it is closed.
func (d *Desk) joinBoard(id center.UserID) *board {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.boards == nil {
		d.boards = map[center.UserID]*board{}
	}
	b := d.boards[id]
	if b == nil {
		b = &board{desk: d, turn: make(chan struct{}, 1), seen: map[center.StreamID]int64{}, known: tokens{}}
		d.boards[id] = b
	}
	b.windows++
	return b
}

// leaveBoard is called with d.mu held.
func (d *Desk) leaveBoard(b *board, id center.UserID) {
	if b.windows--; b.windows == 0 {
		delete(d.boards, id)
	}
}
