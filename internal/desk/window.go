package desk

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/store"
)

// window is one socket of an agent's client.
type window struct {
	desk    *Desk
	who     center.Principal
	session store.Session
	socket  hub.Memberships
	board   *board
	ctx     context.Context
	wake    chan struct{} // of capacity 1: something has changed

	mu     sync.Mutex
	own    bool // the agent's own stream is joined
	chats  map[center.StreamID]*joinedChat
	parts  map[center.ParticipantID]bool // those of the agent's contacts; false for what the agent did not get
	cursor map[center.StreamID]int64     // of chats, from the client; used once

	// Only the window's goroutine:
	shown  [sha256.Size]byte // of the last snapshot that was sent
	calm   time.Time         // before then no snapshot is sent
	opened bool
	alarm  *time.Timer // of later

	warned bool // that the session is about to end for inactivity; the goroutine of check has it
}

// run is the life of a window. Whatever may block happens here, and what the hub calls only wakes it.
func (w *window) run(begin int64) {
	until := time.NewTimer(w.session.Expires.Sub(w.desk.Now()))
	defer until.Stop()
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	defer func() {
		if w.alarm != nil {
			w.alarm.Stop()
		}
	}()
	w.poke()
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-until.C:
			w.socket.Close(sessionClosed)
			return
		case <-again.C:
		case <-w.wake:
		}
		if err := w.refresh(begin); err != nil {
			if w.ctx.Err() != nil {
				return
			}
			if center.Is(err, center.NotFound) { // the user is gone
				w.socket.Close(sessionClosed)
				return
			}
			w.desk.Log.Warn("agent's socket not brought up to date, trying again", "agent", w.who.User, "error", err)
			again.Reset(time.Second)
		}
	}
}

// Why sockets are closed.
const (
	sessionClosed = "the session has ended"
	noPermission  = "no permission " + center.PermitAgent
)

func (w *window) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// refresh sends the snapshot if it has changed, and joins the streams that the agent is part of.
func (w *window) refresh(begin int64) error {
	who, _, err := w.desk.Catalog.Principal(w.ctx, w.who.Instance, w.who.User)
	if err != nil {
		return err
	}
	if !who.Has(center.PermitAgent) {
		w.socket.Close(noPermission)
		return nil
	}
	a, seq, err := w.desk.Staff.Agent(w.ctx, who.Instance, who.User)
	if err != nil {
		return err
	}
	// The chats before the snapshot: whoever reads that a contact is connected has its items from there on.
	if err := w.joinChats(a); err != nil {
		return err
	}
	if wait := time.Until(w.calm); wait > 0 {
		w.later(wait)
		return nil
	}
	lost := w.opened && w.lost()
	p, err := w.board.post(w.ctx, &who, !w.opened || lost)
	if err != nil {
		return err
	}
	w.send(p)
	if !w.opened {
		w.opened = true
		w.joinOwn(begin)
	} else if lost {
		w.joinOwn(seq)
	}
	return nil
}

// snapshotBytes is how many bytes of snapshots a socket gets in a second: changes of an agent with very many contacts become
// fewer snapshots. One of an agent's usual few is sent at once.
const snapshotBytes = 1 << 20

// later wakes the window after a while.
func (w *window) later(wait time.Duration) {
	if w.alarm == nil {
		w.alarm = time.AfterFunc(wait, w.poke)
		return
	}
	w.alarm.Reset(wait)
}

// send sends what an agent's client is shown, unless it is the same as before.
func (w *window) send(p *posted) {
	if p.sum == w.shown {
		return
	}
	w.shown = p.sum
	w.calm = time.Now().Add(time.Duration(len(p.frame)) * time.Second / snapshotBytes)
	w.socket.Send(p.frame)
}

// agentFrame is a frame of the topic of agents.
type agentFrame struct {
	Topic       string `json:"topic" rule:"enum=parley/agent"`
	ContentType string `json:"contentType" rule:"enum=application/json"`
	Content     any    `json:"content" about:"A SnapshotView, a TransitionView or an InactivityView."`
	Cursor      string `json:"cursor,omitempty" about:"Where the frame stands for an item."`
}

// snapshotView is the content of a frame that says what a client is to show.
type snapshotView struct {
	Type string `json:"type" rule:"enum=snapshot"`
	*desktop
}

func frameOf(cursor string, content any) []byte {
	raw, err := json.Marshal(agentFrame{topicAgent, typeJSON, content, cursor})
	if err != nil {
		panic(err) // strings, numbers and times in range
	}
	return raw
}

// lost says that the membership of the agent's own stream has ended by itself.
func (w *window) lost() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.own
}
