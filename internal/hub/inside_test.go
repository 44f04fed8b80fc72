package hub

import (
	"net"
	"testing"
	"time"
	"unsafe"

	"github.com/parley-chat/parley/internal/center"
)

// TestAnIdleSocketCostsNoMore holds the size of what every socket has: the next size that Go's allocator has is 32 bytes
// more, for each of ten thousands.
func TestAnIdleSocketCostsNoMore(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("counted for 64 bits")
	}
	if n := unsafe.Sizeof(conn{}); n > 288 {
		t.Errorf("a conn has %d bytes", n)
	}
	if n := unsafe.Sizeof(room{}); n > 128 {
		t.Errorf("a room has %d bytes", n)
	}
}

// writing are sockets of participants that a writer is at, so that what is queued stays.
func writing(h *Hub, n int) *room {
	r := &room{hub: h, stream: chatOfTests, ready: true}
	for range n {
		c := &conn{hub: h, writing: true, queue: make([][]byte, 0, 1024)}
		c.own.conn, c.own.viewer = c, Viewer{Chat: chatOfTests, Participant: "p"}
		r.members = append(r.members, &c.own)
	}
	return r
}

func TestOneFrameForAllParticipants(t *testing.T) {
	h := New(Options{})
	r := writing(h, 3)
	items := []center.Item{{ID: "i", Time: time.Unix(1, 0), Type: center.TypeMessage, ContentType: center.TextPlain, Content: "hi"}}
	deliver := func() {
		items[0].Seq++
		r.deliver(items)
	}
	deliver()
	first := r.members[0].conn.queue[0]
	for _, m := range r.members {
		if q := m.conn.queue; len(q) != 1 || &q[0][0] != &first[0] {
			t.Errorf("a frame of its own, of %d", len(q))
		}
	}
	// The race detector empties pools at random, so one frame does not always cost the same; two frames always cost more.
	alone := testing.AllocsPerRun(100, func() { itemFrame(chatOfTests, &items[0]) })
	if all := testing.AllocsPerRun(100, deliver); all >= 2*alone {
		t.Errorf("delivering to three allocates %v times, the frame %v times", all, alone)
	}
}

// A socket may end between Join and the moment at which its stream is looked for.
func TestAMembershipThatIsGoneJoinsNoRoom(t *testing.T) {
	h := New(Options{})
	c := &conn{hub: h}
	c.own.conn = c
	ended, left := &Membership{conn: c, other: &Stream{ID: "s"}}, &Membership{conn: c, other: &Stream{ID: "s"}}
	c.joined = &joined{all: []*Membership{ended, left}}
	left.Leave()
	if len(c.joined.all) != 1 || c.joined.all[0] != ended {
		t.Errorf("%d memberships are left", len(c.joined.all))
	}
	h.forget(c)
	for _, m := range []*Membership{ended, left} {
		h.running.Add(1)
		h.subscribe(m)
	}
	h.running.Wait()
	if len(h.rooms) != 0 {
		t.Error("a room that nothing leaves")
	}
}

// A writer that fails is the last that could wake who waits for the queue.
func TestNothingWaitsForAQueueThatCannotBeWritten(t *testing.T) {
	h := New(Options{Queue: 2})
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := &conn{Conn: ours, hub: h, writing: true, joined: new(joined)}
	full := func() { c.queue = [][]byte{{1}, {2}} }
	full()
	waiting := c.emptied()
	if waiting == nil {
		t.Fatal("not full")
	}
	c.fail()
	select {
	case <-waiting:
	default:
		t.Error("not woken")
	}
	full()
	if c.emptied() != nil {
		t.Error("a wait that nothing ends")
	}
}
