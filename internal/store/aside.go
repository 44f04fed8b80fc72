package store

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// sideCommitters are one that halves batches and one that tries single jobs, each with a connection that is opened
	// when it is first needed.
	sideCommitters = 2
	// probeTimeout is the lock_timeout of what is tried again: of halves, since the whole has waited already, and of
	// jobs whose locks are known to be held, since they only have to find out when that ends.
	probeTimeout = 25 * time.Millisecond
	// asideFor is how long a job is tried aside. It bounds the wait for an answer however much is locked.
	asideFor = 2 * time.Second
	// lockedFor is how long a lock is remembered that no job was refused for again.
	lockedFor = 10 * time.Minute
)

// aside commits, beside the committers and their common batches, what waits for locks that other transactions hold: of
// a node that hangs, or of an operator's session that was left open. A batch that waited too long is tried again in
// halves, so that all commit but those jobs that are locked themselves. These are refused as Unavailable, one by one. Their
// locks are remembered, and what needs one of them is tried alone until one succeeds: a locked stream costs the others
// one wait, however many messages are sent to it.
type aside struct {
	engine *pgEngine
	halves *line         // groups whose halves are to be tried
	alone  *line         // single jobs
	limit  time.Duration // for how long a job is tried
	work   sync.WaitGroup

	known  atomic.Bool // locked is not empty
	mu     sync.Mutex
	locked map[string]time.Time // when a job was last refused for it, or for one of its neighbours
}

// group is jobs that are tried together.
type group struct {
	jobs  []*job
	since time.Time // when they came aside
}

func newAside(e *pgEngine) *aside {
	a := &aside{engine: e, halves: newLine(), alone: newLine(), limit: asideFor, locked: map[string]time.Time{}}
	a.work.Go(func() { a.run(a.halves, a.tryHalves) })
	a.work.Go(func() { a.run(a.alone, a.tryAlone) })
	return a
}

// close waits until all that came aside is answered. Nothing may come any more.
func (a *aside) close() {
	a.halves.close() // its jobs may go on to the other line
	a.alone.close()
	a.work.Wait()
}

// divert returns the jobs of a batch without those that need a lock that is known to be held.
func (a *aside) divert(batch []*job) []*job {
	if !a.known.Load() {
		return batch
	}
	return slices.DeleteFunc(batch, func(j *job) bool {
		held := a.isLocked(j)
		if held {
			a.alone.put(group{[]*job{j}, time.Now()})
		}
		return held
	})
}

// halve takes a batch over that has waited too long.
func (a *aside) halve(waiting []*job) {
	now := time.Now()
	var together []*job
	for _, j := range waiting {
		if j.alone {
			a.alone.put(group{[]*job{j}, now})
		} else {
			together = append(together, j)
		}
	}
	if len(together) > 0 {
		a.split(group{together, now})
	}
}

// split passes on a group that waited too long: as two halves, or as a single job.
func (a *aside) split(g group) {
	if len(g.jobs) == 1 {
		a.alone.put(g)
		return
	}
	half := len(g.jobs) / 2
	a.halves.put(group{g.jobs[:half:half], g.since})
	a.halves.put(group{g.jobs[half:], g.since})
}

// run is the life of one side committer.
func (a *aside) run(from *line, try func(*pgConn, group)) {
	conn := new(pgConn)
	defer conn.close() //nolint:errcheck // nothing is under way on it
	for {
		g, ok := from.next()
		if !ok {
			return
		}
		try(conn, g)
		from.done()
	}
}

func (a *aside) tryHalves(conn *pgConn, g group) {
	waiting := a.engine.try(conn, g.jobs, probeTimeout)
	switch {
	case len(waiting) == 0:
	case time.Since(g.since) > a.limit: // so much is locked that the rest is found out one request at a time
		a.refuse(waiting)
	default:
		a.split(group{waiting, g.since})
	}
}

func (a *aside) tryAlone(conn *pgConn, g group) {
	j := g.jobs[0]
	if time.Since(g.since) > a.limit {
		a.refuse(g.jobs)
		return
	}
	timeout := time.Duration(0) // the whole wait: until now it may have been its neighbours' that was too long
	if a.isLocked(j) {
		timeout = probeTimeout
	}
	waiting := a.engine.try(conn, g.jobs, timeout)
	switch {
	case len(waiting) > 0:
		a.refuse(waiting)
	case j.err == nil:
		a.unlock(j)
	}
}

var errLocked = errors.New("another transaction holds what this would change")

// refuse answers jobs that are locked, and remembers their locks.
func (a *aside) refuse(jobs []*job) {
	if why := a.engine.store.trouble.Load(); why != nil {
		fail(jobs, unavailable(*why)) // it is not locks that they wait for
		return
	}
	now := time.Now()
	a.mu.Lock()
	first := len(a.locked) == 0
	for lock, at := range a.locked {
		if now.Sub(at) > lockedFor {
			delete(a.locked, lock)
		}
	}
	for _, j := range jobs {
		for _, lock := range j.locks() {
			a.locked[lock] = now
		}
	}
	first = first && len(a.locked) > 0
	a.known.Store(len(a.locked) > 0)
	a.mu.Unlock()
	if first {
		a.engine.store.log.Warn("another session holds locks for too long: what needs them is refused, all else goes on; " +
			"look for sessions that are idle in transaction in pg_stat_activity")
	}
	fail(jobs, unavailable(errLocked))
}

func (a *aside) isLocked(j *job) bool {
	if !a.known.Load() {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	return slices.ContainsFunc(j.locks(), func(lock string) bool {
		at, held := a.locked[lock]
		if held && now.Sub(at) > lockedFor {
			delete(a.locked, lock)
			a.known.Store(len(a.locked) > 0)
			held = false
		}
		return held
	})
}

// unlock forgets the locks of a job that was committed.
func (a *aside) unlock(j *job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.locked) == 0 {
		return
	}
	for _, lock := range j.locks() {
		delete(a.locked, lock)
	}
	if len(a.locked) == 0 {
		a.known.Store(false)
		a.engine.store.log.Info("no locks of other sessions are waited for any more")
	}
}

// locks are names of what the job may have to wait for while another transaction changes it: its streams, another stream
// whose due row it answers, and claims, which may be any stream's.
func (j *job) locks() []string {
	if j.change == nil {
		return j.on
	}
	all := j.part.locks(nil)
	for i := range j.others {
		all = j.others[i].locks(all)
	}
	return all
}

func (p *part) locks(all []string) []string {
	c := p.change
	all = slices.Grow(all, 2+len(c.Take)+len(c.Release))
	if c.After > 0 { // a stream that is refused before it exists is not tried again
		all = append(all, streamLock(string(c.Stream)))
	}
	if c.Done != nil && c.Done.Stream != c.Stream {
		all = append(all, streamLock(string(c.Done.Stream)))
	}
	for _, claim := range c.Take {
		all = append(all, lockName("claim", claim.Kind, claim.Key))
	}
	for _, claim := range c.Release {
		all = append(all, lockName("claim", claim.Kind, claim.Key))
	}
	return all
}

func streamLock(id string) string { return lockName("stream", id) }

// lockName tells its parts apart, whatever they contain.
func lockName(parts ...string) (name string) {
	for _, p := range parts {
		name += strconv.Itoa(len(p)) + ":" + p
	}
	return name
}

// line is groups in order of arrival. It is not bounded: what comes aside has left the queue, which is.
type line struct {
	mu      sync.Mutex
	changed sync.Cond
	groups  []group
	busy    bool // a group was taken and is not done
	closed  bool
}

func newLine() *line {
	l := &line{}
	l.changed.L = &l.mu
	return l
}

func (l *line) put(g group) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groups = append(l.groups, g)
	l.changed.Broadcast()
}

// next waits for a group. It returns none when the line is closed.
func (l *line) next() (g group, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.groups) == 0 && !l.closed {
		l.changed.Wait()
	}
	if len(l.groups) == 0 {
		return group{}, false
	}
	g = l.groups[0]
	l.groups[0] = group{}
	l.groups = l.groups[1:]
	l.busy = true
	return g, true
}

// done says that the group that was taken last is answered or passed on.
func (l *line) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	l.changed.Broadcast()
}

// close waits until no group is left.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.groups) > 0 || l.busy {
		l.changed.Wait()
	}
	l.closed = true
	l.changed.Broadcast()
}
