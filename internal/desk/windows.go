package desk

import (
	"cmp"
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// checkEvery is how often a node with agents' sockets asks whether their sessions have ended, and whether their users may still
// work as agents and monitor contacts: another node may have ended one, or the user or its security profiles have changed.
const checkEvery = 5 * time.Second

// open takes a window in.
func (d *Desk) open(w *window) {
	if d.Presence != nil {
		d.Presence.Opened(w.who.Instance, w.who.User)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.windows == nil {
		d.windows = map[*window]struct{}{}
	}
	d.windows[w] = struct{}{}
	if !d.checking {
		d.checking = true
		d.running.Go(d.check)
	}
}

func (d *Desk) close(w *window) {
	if d.Presence != nil {
		d.Presence.Closed(w.who.Instance, w.who.User)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.windows, w)
	d.leaveBoard(w.board, w.who.User)
	if len(d.windows) == 0 && d.stopCheck != nil {
		d.stopCheck()
	}
}

// Close waits for what works for sockets. All of them must have ended.
func (d *Desk) Close() { d.running.Wait() }

// all are the windows that are open.
func (d *Desk) all() []*window {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*window, 0, len(d.windows))
	for w := range d.windows {
		all = append(all, w)
	}
	return all
}

// check closes the sockets of sessions that have ended, now and then while there are any.
func (d *Desk) check() {
	for {
		ctx, ok := d.checks()
		if !ok {
			return
		}
		select {
		case <-ctx.Done():
			continue
		case <-time.After(checkEvery):
		}
		if err := d.closeEnded(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("sessions of agents' sockets not checked, trying again", "error", err)
		}
	}
}

// checks returns a context that ends with the last window; not ok without one, when the checking is over.
func (d *Desk) checks() (context.Context, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopCheck != nil {
		d.stopCheck()
	}
	if len(d.windows) == 0 {
		d.checking, d.stopCheck = false, nil
		return nil, false
	}
	var ctx context.Context
	ctx, d.stopCheck = context.WithCancel(context.Background())
	return ctx, true
}

// closeEnded closes the sockets of sessions that have ended, and of users who may not work as agents any more. It warns those whose
// sessions are about to end for inactivity, and ends those. It ends what those monitor who may not any more. One user who cannot be
// looked at keeps none of the others open.
func (d *Desk) closeEnded(ctx context.Context) error {
	all := d.all()
	ids := make([][]byte, len(all))
	for i, w := range all {
		ids[i] = w.session.ID[:]
	}
	active, err := d.Catalog.Sessions(ctx, ids, d.Now())
	if err != nil {
		return err
	}
	type user struct {
		at center.InstanceID
		id center.UserID
	}
	refused := map[user]string{} // why, "" for those who are not
	longest := map[center.InstanceID]time.Duration{}
	for _, w := range all {
		last, alive := active[w.session.ID]
		if !alive {
			w.socket.Close(sessionClosed)
			continue
		}
		if _, known := longest[w.who.Instance]; !known {
			doing, failed := d.Catalog.Inactivity(ctx, w.who.Instance)
			if failed != nil {
				err = failed
			}
			longest[w.who.Instance] = doing
		}
		if failed := w.idle(ctx, last, longest[w.who.Instance]); failed != nil {
			err = failed
		}
		u := user{w.who.Instance, w.who.User}
		why, known := refused[u]
		if !known {
			who, _, failed := d.Catalog.Principal(ctx, u.at, u.id)
			switch {
			case center.Is(failed, center.NotFound):
				why = sessionClosed
			case failed != nil:
				err = failed
			case !who.Has(center.PermitAgent):
				why = noPermission
			}
			if failed == nil && !mayAll(&who, monitors) {
				err = cmp.Or(d.endMonitors(ctx, &who), err)
			}
			refused[u] = why
		}
		if why != "" {
			w.socket.Close(why)
		}
	}
	return err
}

// endMonitors leaves the contacts by which a user monitors others.
func (d *Desk) endMonitors(ctx context.Context, who *center.Principal) error {
	a, _, err := d.Staff.Agent(ctx, who.Instance, who.User)
	if err != nil {
		return err
	}
	for i := range a.Contacts {
		slot := &a.Contacts[i]
		if slot.Monitor == "" || !slot.Live() {
			continue
		}
		if left := d.Agents.Leave(ctx, who.Instance, who.User, slot.Contact); left != nil && !center.Refused(left) {
			err = left
		}
	}
	return err
}

// sessionEnded closes the sockets of this node's that a session has, and those of the others that ended with it.
func (d *Desk) sessionEnded(s *store.Session) {
	for _, w := range d.all() {
		if w.session.ID == s.ID || w.session.SameSignIn(s) {
			w.socket.Close(sessionClosed)
		}
	}
}

// idleEnded closes the sockets of this node's that a session had which ended for inactivity. Others of the same sign-in go on, whose users
// are active.
func (d *Desk) idleEnded(s *store.Session) {
	for _, w := range d.all() {
		if w.session.ID == s.ID {
			w.socket.Close(inactive)
		}
	}
}
