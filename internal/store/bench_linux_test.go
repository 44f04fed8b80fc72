package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// BenchmarkCommit commits messages of about 500 bytes to 10,000 chats with 20 KB of state each, from a number of
// writers, through Commit. The floors are the same queue and batches written to a file and synced: raw to the end of
// one that grows, as a log does, laid to one of full size already, so that no sync has to note down a new length. The
// metrics of-raw and of-laid are the parts of their rates, of the same run, that an engine reaches.
//
//	go test ./internal/store -run '^$' -bench Commit -benchtime 3s
func BenchmarkCommit(b *testing.B) {
	floors := map[string]float64{}
	for _, floor := range []string{"raw", "laid"} {
		b.Run(floor, func(b *testing.B) {
			benchmarkWriters(b, openRaw(b, floor == "laid"), makeChats(b, nil), floors)
		})
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			var s *Store
			if engine == "sqlite" {
				s = open(b, "sqlite:"+filepath.Join(b.TempDir(), "parley.db"))
			} else {
				s = open(b, postgresURL(b))
			}
			benchmarkWriters(b, s, makeChats(b, s), floors)
		})
	}
}

const (
	benchChats = 10_000
	benchState = 20_000
)

// benchChat is a chat and its last item's number; one writer's at a time.
type benchChat struct {
	id   center.StreamID
	last int64
}

func makeChats(b *testing.B, s *Store) []benchChat {
	b.Helper()
	chats := make([]benchChat, benchChats)
	state := []byte(strings.Repeat("s", benchState))
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := w; i < len(chats); i += 32 {
				c := newChat()
				c.State = state
				chats[i] = benchChat{c.Stream, 1}
				if s != nil {
					commit(b, s, c)
				}
			}
		})
	}
	wg.Wait()
	return chats
}

func benchmarkWriters(b *testing.B, s *Store, chats []benchChat, floors map[string]float64) {
	for _, writers := range []int{1, 64, 256} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			rate := benchmarkCommit(b, s, chats, writers)
			what := strings.Split(b.Name(), "/")[1]
			if what == "raw" || what == "laid" {
				floors[fmt.Sprint(what, writers)] = rate
				return
			}
			for _, floor := range []string{"raw", "laid"} {
				if f := floors[fmt.Sprint(floor, writers)]; f > 0 {
					b.ReportMetric(rate/f, "of-"+floor)
				}
			}
		})
	}
}

func benchmarkCommit(b *testing.B, s *Store, chats []benchChat, writers int) (rate float64) {
	content := strings.Repeat("m", 300) // with what an item says of itself, about 500
	participant := center.ParticipantID(newID())
	var left atomic.Int64
	left.Store(int64(b.N))
	before := cpu()
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			own := len(chats) / writers
			for left.Add(-1) >= 0 {
				chat := &chats[w+writers*random.IntN(own)]
				m := say(chat.id, chat.last, content)
				m.Items[0].ParticipantID = participant
				m.Items[0].Contact = center.ContactID(chat.id)
				if err := s.Commit(context.Background(), m); err != nil {
					b.Error(err)
					return
				}
				chat.last++
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	rate = float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "msgs/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	return rate
}

func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// rawLog appends the bytes of a batch to a file and syncs it: durable and nothing more.
type rawLog struct {
	f      *os.File
	size   int64 // written anew from the beginning after that many bytes; 0: it grows
	at     int64
	buffer []byte
}

const rawBytes = 256 << 20

func openRaw(b *testing.B, laid bool) *Store {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw.log"))
	if err != nil {
		b.Fatal(err)
	}
	log := &rawLog{f: f}
	if laid {
		log.size = rawBytes
		zeros := make([]byte, 1<<20)
		for range rawBytes / len(zeros) {
			if _, err := f.Write(zeros); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	s := &Store{engine: log, queue: newQueue()}
	s.committers.Go(s.commits)
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func (r *rawLog) scrub(context.Context) (bool, error) { return true, nil }

func (r *rawLog) commit(batch []*job) {
	sortByStream(batch)
	r.buffer = r.buffer[:0]
	for _, j := range batch {
		row := &j.rows[0]
		r.buffer = append(r.buffer, j.stream[:]...)
		r.buffer = binary.BigEndian.AppendUint64(r.buffer, uint64(row.seq))
		r.buffer = binary.BigEndian.AppendUint64(r.buffer, uint64(row.at))
		r.buffer = append(r.buffer, row.id...)
		r.buffer = append(r.buffer, row.body...)
	}
	if r.size > 0 && r.at+int64(len(r.buffer)) > r.size {
		r.at = 0
	}
	_, err := r.f.WriteAt(r.buffer, r.at)
	if err == nil {
		err = syscall.Fdatasync(int(r.f.Fd()))
	}
	if err != nil {
		fail(batch, err)
		return
	}
	r.at += int64(len(r.buffer))
	for _, j := range batch {
		j.answer()
	}
}

func (r *rawLog) loops() int        { return 1 }
func (r *rawLog) reader() *sql.DB   { return nil }
func (r *rawLog) dialect() *dialect { return nil }
func (r *rawLog) close() error      { return r.f.Close() }

// BenchmarkOpen is the time from nothing, or from an existing file, to a store that reads and writes.
func BenchmarkOpen(b *testing.B) {
	reopen := func(b *testing.B, path string) {
		s, err := Open(b.Context(), "sqlite:"+path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.Run("new", func(b *testing.B) {
		dir := b.TempDir()
		for i := range b.N {
			reopen(b, filepath.Join(dir, fmt.Sprint(i)))
		}
	})
	b.Run("existing", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "parley.db")
		for range b.N + 1 {
			reopen(b, path)
		}
	})
}

// BenchmarkBegin commits what StartChatContact commits, and what its customer's first connection does, of 32 customers at
// once: CPU time of both together, and what they allocate.
//
//	go test ./internal/store -run '^$' -bench Begin -benchtime 20000x -benchmem
func BenchmarkBegin(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			database := "sqlite:" + filepath.Join(b.TempDir(), "parley.db")
			if engine == "postgres" {
				database = postgresURL(b)
			}
			s := open(b, database)
			state := []byte(strings.Repeat("s", 1500))
			var left atomic.Int64
			left.Store(int64(b.N))
			before := cpu()
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range 32 {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						start, connect := beginning(state)
						if err := s.Commit(context.Background(), start); err != nil {
							b.Error(err)
							return
						}
						if err := s.Commit(context.Background(), connect); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// beginning is what a chat's start commits, and what its customer's first connection does.
func beginning(state []byte) (start, connect *center.Change) {
	now := time.Now()
	start = newChat(center.Item{ID: center.ItemID(newID()), Time: now, Type: center.Marker})
	start.State = state
	contact := center.ContactID(start.Stream)
	start.Contacts = []center.ContactRecord{{
		ID: contact, Chat: center.ChatID(start.Stream), Instance: instance, Channel: "CHAT", InitiationMethod: "API", Initiated: now, Subtype: "connect:Chat",
	}}
	start.Due = []center.Due{
		{Stream: start.Stream, Key: "expire", At: now.Add(25 * time.Hour)},
		{Stream: start.Stream, Key: "connect", At: now.Add(5 * time.Minute)},
	}
	start.Take = []center.Claim{{Kind: center.ClaimStart, Key: newID(), Value: newID() + newID(), Expires: now.Add(7 * 24 * time.Hour)}}
	first, second := message("joined"), message("How can we help?")
	connect = &center.Change{Stream: start.Stream, After: 1, Items: []center.Item{first, second}, State: state, Kind: start.Kind, Instance: instance}
	connect.Connected = []center.Connected{{ID: contact, At: now}}
	connect.Cancel = []string{"connect"}
	connect.Due = []center.Due{{Stream: start.Stream, Key: "flow:1", At: now.Add(7 * 24 * time.Hour)}}
	return start, connect
}
