package bench

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// opener begins one chat after the other.
type opener struct {
	server   *load.Server
	line     *load.Line
	deadline time.Time
}

// open starts a chat, connects its customer, and returns how long it took until the greeting was on their socket.
func (o *opener) open() (time.Duration, error) {
	began := time.Now()
	customer, err := o.server.StartChat(o.line, "")
	if err != nil {
		return 0, err
	}
	_, socket, err := join(o.server, o.line, customer, o.deadline)
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	err = await(socket, []byte(load.Greeting))
	return time.Since(began), err
}

// BenchmarkStartChat is StartChatContact, CreateParticipantConnection, a socket, aws/subscribe, and the greeting of the
// flow on the socket: 32 customers at a time. Each StartChatContact is signed, and its chat goes on.
func BenchmarkStartChat(b *testing.B) {
	needProc(b)
	for _, subject := range subjects(b) {
		b.Run(subject.name, func(b *testing.B) {
			for b.Loop() {
				measureStartChat(b, subject)
			}
		})
	}
}

func measureStartChat(b *testing.B, subject subject) {
	const customers = 32
	s := subject.start(b)
	var workers []worker
	for range customers {
		deadline := time.Now().Add(time.Minute + warmUp + window())
		l, err := load.Dial(s.Address, deadline)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { l.Close() })
		workers = append(workers, repeat((&opener{s, l, deadline}).open))
	}
	r := run(b, s, subject.postmaster, workers)
	r.what, r.of = "StartChatContact to greeting", subject.name
	if subject.name == onSQLite {
		r.goal = goal{"1,500/s", r.perSecond >= 1500}
	}
	r.publish(b)
}
