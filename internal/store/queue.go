package store

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/parley-chat/parley/internal/center"
)

const (
	batchMax = 512  // jobs of one transaction
	queueMax = 8192 // jobs that may wait; more are turned away, so that overload is an answer and not a delay
)

// job is one thing to commit: the Changes of a decision, or any other write. It is answered exactly once, on done.
type job struct {
	// part is the Change of the decision's first stream; without one, the job is work. Its stream orders a batch, so that
	// transactions of several committers and nodes touch streams in one order.
	part
	others []part     // of the decision's other streams, in the order of their ids
	claims []claiming // of all of them, in order
	work   func(session) error
	on     []string // what work writes to, as its locks; none when that is not worth remembering
	alone  bool     // on PostgreSQL in a transaction of its own: what it locks has no place in the order of streams
	later  bool     // its claims come after the streams of the whole batch
	pages  int      // that work may add to SQLite's WAL; 0: few

	state atomic.Int32 // queued, taken or abandoned
	err   error        // the committer's alone until it is sent
	done  chan error
}

const (
	queued = iota
	taken
	abandoned
)

// plain says that the job is one append of one item and touches nothing else.
func (j *job) plain() bool {
	c := j.change
	return c != nil && len(j.others) == 0 && c.After > 0 && len(c.Items) == 1 && c.State == nil && len(c.Contacts) == 0 && len(c.Due) == 0 &&
		len(c.Cancel) == 0 && len(c.Take) == 0 && len(c.Release) == 0 && len(c.Receipts) == 0 && c.Done == nil
}

// answer sends the outcome that the engine left in err.
func (j *job) answer() {
	if j.err == errCommitted {
		j.err = nil
	}
	j.done <- j.err
}

// fail answers all jobs of a batch alike.
func fail(batch []*job, err error) {
	for _, j := range batch {
		j.err = err
		j.answer()
	}
}

// queue is what waits for the committers, in order of arrival, bounded.
type queue struct {
	wake chan struct{} // holds one when a committer has something to look for

	mu     sync.Mutex
	jobs   []*job
	closed bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

var (
	errClosed = errors.New("the store is closed")
	errFull   = errors.New("too many commits are waiting")
)

func (q *queue) put(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return unavailable(errClosed)
	}
	if len(q.jobs) >= queueMax {
		return unavailable(errFull)
	}
	q.jobs = append(q.jobs, j)
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for jobs and appends up to batchMax of them to batch. It returns none when the queue is closed and
// drained.
func (q *queue) take(batch []*job) []*job {
	for {
		<-q.wake
		// Let whoever is ready to send do so: on one processor a batch is one job without this.
		runtime.Gosched()
		batch, closed := q.drain(batch)
		if len(batch) > 0 || closed {
			return batch
		}
	}
}

func (q *queue) drain(batch []*job) (_ []*job, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.jobs), batchMax)
	for _, j := range q.jobs[:n] {
		if j.state.CompareAndSwap(queued, taken) {
			batch = append(batch, j)
		}
	}
	rest := copy(q.jobs, q.jobs[n:])
	clear(q.jobs[rest:])
	q.jobs = q.jobs[:rest]
	if rest > 0 || q.closed {
		q.signal() // for the next committer
	}
	return batch, q.closed && rest == 0
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// do has j committed and waits for its outcome. A ctx that ends before a committer took j up means that nothing of
// it is kept; after that the outcome is waited for, so that it is never unknown.
func (s *Store) do(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j.done = make(chan error, 1)
	s.tries.begin()
	err := s.await(ctx, j)
	s.tries.end(err)
	return err
}

func (s *Store) await(ctx context.Context, j *job) error {
	if err := s.queue.put(j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return s.noted(err)
	case <-ctx.Done():
		if j.state.CompareAndSwap(queued, abandoned) {
			return ctx.Err()
		}
		return s.noted(<-j.done)
	}
}

// write runs work inside a transaction of its own standing: what it did is kept when it returns nil, and undone
// otherwise. It may run more than once.
func (s *Store) write(ctx context.Context, work func(session) error) error {
	return s.do(ctx, &job{work: work})
}

// writeDue is write for what touches due rows of one stream: when a lock on that is held by others, what else writes to it
// does not delay the common batches.
func (s *Store) writeDue(ctx context.Context, stream center.StreamID, work func(session) error) error {
	raw, _ := center.UUID(string(stream))
	return s.do(ctx, &job{part: part{stream: raw}, work: work, on: []string{streamLock(string(stream))}})
}

// writeAlone is write for what locks rows in an order of its own.
func (s *Store) writeAlone(ctx context.Context, work func(session) error) error {
	return s.do(ctx, &job{work: work, alone: true})
}
