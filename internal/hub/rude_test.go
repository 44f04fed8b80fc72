package hub_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/memnet"
)

// rude is a client that writes what it likes and reads when it likes.
type rude struct {
	s  *stage
	c  *memnet.Conn
	br *bufio.Reader
}

const handshake = "GET /?%s HTTP/1.1\r\nHost: mem\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// rude dials; what it writes first is sent together with the request, before the answer.
func (s *stage) rude(p center.ParticipantID, first ...byte) *rude {
	s.Helper()
	return s.rudeAs("p="+string(p), first...)
}

func (s *stage) rudeAs(query string, first ...byte) *rude {
	s.Helper()
	c, err := s.listen.Dial(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	r := &rude{s, c, bufio.NewReader(c)}
	fmt.Fprintf(c, handshake, query)
	c.Write(first)
	resp, err := http.ReadResponse(r.br, nil)
	if err != nil {
		s.Fatal(err)
	}
	if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		s.Fatalf("handshake: %s %v", resp.Status, resp.Header)
	}
	if ext := resp.Header.Get("Sec-WebSocket-Extensions"); ext != "" {
		s.Fatalf("extensions %q", ext)
	}
	return r
}

func (r *rude) text(s string) { r.write(frame(0x81, s)...) }

func (r *rude) write(b ...byte) {
	r.c.SetWriteDeadline(time.Now().Add(time.Minute))
	r.c.Write(b)
}

// frame masks its payload with zeroes, which changes nothing.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

// read returns the next frame as the server wrote it.
func (r *rude) read() (first byte, payload string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r.br, head[:]); err != nil {
		return 0, "", err
	}
	n := uint64(head[1])
	switch n {
	case 126:
		var b [2]byte
		io.ReadFull(r.br, b[:])
		n = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		io.ReadFull(r.br, b[:])
		n = binary.BigEndian.Uint64(b[:])
	}
	if n > 1<<20 {
		return 0, "", fmt.Errorf("a frame of %d bytes, masked or broken", n)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r.br, b)
	return head[0], string(b), err
}

// end reads until the connection ends and says how: the frames in short, the close code, EOF or error.
func (r *rude) end() string {
	var said []string
	for {
		first, payload, err := r.read()
		switch {
		case err != nil:
			return strings.Join(append(said, err.Error()), " ")
		case first == 0x81:
			if !json.Valid([]byte(payload)) {
				r.s.Errorf("a frame that is not JSON: %q", payload)
			}
			said = append(said, inShort(payload))
		case first == 0x8a:
			said = append(said, "pong:"+payload)
		case first == 0x88 && payload == "":
			said = append(said, "close")
		case first == 0x88:
			said = append(said, fmt.Sprint("close:", binary.BigEndian.Uint16([]byte(payload))))
		default:
			r.s.Errorf("a frame that no server sends: %#x", first)
		}
	}
}

// fill makes far more items than a socket's queue and network hold.
func (s *stage) fill() {
	text := strings.Repeat("x", 8000)
	for range 10 {
		for range 30 {
			s.say(agent, text)
		}
		synctest.Wait() // whoever reads has read
	}
}

func TestWhatRudeClientsGet(t *testing.T) {
	beat := `{"topic":"aws/heartbeat"}`
	for _, c := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"close 1000", frame(0x88, "\x03\xe8bye"), "close:1000 EOF"},
		{"close 1001", frame(0x88, "\x03\xe9"), "close:1001 EOF"},
		{"close with an application's code", frame(0x88, "\x0f\xa1"), "close:4001 EOF"},
		{"close without a code", frame(0x88, ""), "close EOF"},
		{"close with a forbidden code", frame(0x88, "\x03\xed"), "close:1002 EOF"},
		{"close with half a code", frame(0x88, "\x03"), "close:1002 EOF"},
		{"frames after a close", append(frame(0x88, "\x03\xe8"), frame(0x81, beat)...), "close:1000 EOF"},

		{"garbage text", append(frame(0x81, "}{"), frame(0x81, beat)...), "heartbeat"},
		{"empty text", append(frame(0x81, ""), frame(0x81, beat)...), "heartbeat"},
		{"binary", append(frame(0x82, beat), frame(0x81, beat)...), "heartbeat"},
		{"a stray parenthesis", frame(0x81, subscribe+")"), "subscribed"},
		{"pings", append(frame(0x89, "a"), frame(0x89, "")...), "pong:a pong:"},
		{"a pong nobody asked for", append(frame(0x8a, "a"), frame(0x81, beat)...), "heartbeat"},
		{"fragments with a ping among them",
			append(append(frame(0x01, beat[:9]), frame(0x89, "p")...), append(frame(0x00, beat[9:12]), frame(0x80, beat[12:])...)...),
			"pong:p heartbeat"},
		{"a message at the limit", append(frame(0x81, strings.Repeat(" ", 32<<10)), frame(0x81, beat)...), "heartbeat"},

		{"text that is not UTF-8", append(frame(0x81, "\xff\xfe"), frame(0x81, beat)...), "close:1007 EOF"},
		{"text with half a character", append(frame(0x81, "\xe2\x82"), frame(0x81, beat)...), "close:1007 EOF"},
		{"a character in two fragments", append(append(frame(0x01, "\xe2\x82"), frame(0x80, "\xac")...), frame(0x81, beat)...), "heartbeat"},
		{"fragments that are not UTF-8", append(frame(0x01, "\xe2\x82"), frame(0x80, "x")...), "close:1007 EOF"},
		{"binary that is not UTF-8", append(frame(0x82, "\xff\xfe"), frame(0x81, beat)...), "heartbeat"},
		{"close with a reason that is not UTF-8", frame(0x88, "\x03\xe8\xff"), "close:1007 EOF"},

		{"a message over the limit", frame(0x81, strings.Repeat(" ", 32<<10+1)), "close:1009 EOF"},
		{"fragments over the limit", append(frame(0x01, strings.Repeat(" ", 20<<10)), frame(0x80, strings.Repeat(" ", 20<<10))...), "close:1009 EOF"},
		{"a length beyond all memory", []byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, "close:1009 EOF"},
		{"a negative length", []byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, "close:1002 EOF"},
		{"no mask", []byte{0x81, 0x01, 'x'}, "close:1002 EOF"},
		{"a reserved bit", frame(0xc1, beat), "close:1002 EOF"},
		{"a reserved opcode", frame(0x83, ""), "close:1002 EOF"},
		{"a reserved control opcode", frame(0x8b, ""), "close:1002 EOF"},
		{"a fragmented ping", frame(0x09, ""), "close:1002 EOF"},
		{"a long ping", frame(0x89, strings.Repeat("x", 126)), "close:1002 EOF"},
		{"a continuation of nothing", frame(0x80, "x"), "close:1002 EOF"},
		{"a message within a message", append(frame(0x01, "x"), frame(0x81, "x")...), "close:1002 EOF"},
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), "close:1002 EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			story(t, hub.Options{}, func(s *stage) {
				r := s.rude(customer)
				r.write(c.bytes...)
				if !strings.HasSuffix(c.want, "EOF") { // the socket lives on
					synctest.Wait()
					r.c.SetReadDeadline(time.Now().Add(time.Second))
					c.want += " " + os.ErrDeadlineExceeded.Error()
				}
				if got := r.end(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				r.c.Close()
			})
		})
	}
}

func TestFramesSentTogetherWithTheHandshake(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		r := s.rude(customer, append(frame(0x81, subscribe), frame(0x88, "")...)...)
		if got := r.end(); got != "subscribed close EOF" && got != "close EOF" {
			t.Errorf("got %q", got)
		}
		r.c.Close()
	})
}

func TestASlowReaderLeaves(t *testing.T) {
	story(t, hub.Options{Queue: 256}, func(s *stage) {
		slow, other := s.rude(customer), s.join(agent)
		slow.text(subscribe)
		synctest.Wait()
		s.fill()
		other.news()
		if st := s.hub.Stats(); st.SlowClosed != 1 || st.Queued > 2 {
			t.Errorf("stats %+v", st)
		}
		// It begins to read in time, and learns that it may come back.
		said := slow.end()
		if !strings.HasPrefix(said, "subscribed xxx") || !strings.HasSuffix(said, "xxx close:1001 EOF") {
			t.Errorf("said %.20q…%q", said, said[max(0, len(said)-20):])
		}
		slow.c.Close()
	})
}

func TestAReaderThatNeverReadsIsCutOff(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		slow := s.rude(customer)
		slow.text(subscribe)
		synctest.Wait()
		s.fill()
		time.Sleep(10 * time.Second) // the write's timeout
		synctest.Wait()
		if st := s.hub.Stats(); st.Sockets != 0 || st.Streams != 0 {
			t.Errorf("stats %+v", st)
		}
		if said := slow.end(); strings.Contains(said, "close:1000") {
			t.Error("it was told not to come back")
		}
		slow.c.Close()
	})
}

func TestAHalfOpenSocketLeaves(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		r := s.rude(customer)
		r.text(subscribe)
		time.Sleep(150 * time.Second)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := s.hub.Stats().Sockets; n != 0 {
			t.Errorf("%d sockets", n)
		}
		if got := r.end(); got != "subscribed close:1001 EOF" {
			t.Errorf("got %q", got)
		}
		r.c.Close()
	})
}

func TestWhoGoesOnTalkingInsteadOfClosingIsCutOff(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		r := s.rude(customer)
		s.hub.SendAway(context.Background(), 0)
		for range 5 {
			if n := s.hub.Stats().Sockets; n != 1 {
				t.Errorf("%d sockets", n)
			}
			r.text(`{"topic":"aws/heartbeat"}`)
			time.Sleep(400 * time.Millisecond)
			synctest.Wait()
		}
		if n := s.hub.Stats().Sockets; n != 0 {
			t.Errorf("%d sockets", n)
		}
		r.c.Close()
	})
}

func TestAConnectionThatBreaksIsAnsweredWith1001(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		r := s.rude(customer)
		r.write(0x81) // half a frame, and then silence
		if got := r.end(); got != "close:1001 EOF" {
			t.Errorf("got %q", got)
		}
		r.c.Close()
	})
}

// FuzzClientBytes: whatever a client sends, its socket is closed within the timeouts, and every frame it gets is
// one that a server may send.
func FuzzClientBytes(f *testing.F) {
	f.Add(frame(0x81, subscribe))
	f.Add(frame(0x88, "\x03\xe8"))
	f.Add(append(frame(0x01, `{"topic":`), frame(0x80, `"aws/ping"}`)...))
	f.Add(append(frame(0x89, "ping"), 0x81, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, b []byte) {
		story(t, hub.Options{}, func(s *stage) {
			r := s.rude(customer)
			go r.write(b...)
			said := r.end()
			if !strings.Contains(said, "close") {
				t.Errorf("after %q: %s", b, said)
			}
			if !strings.HasSuffix(said, io.EOF.Error()) && !strings.HasSuffix(said, "connection reset by peer") {
				t.Errorf("after %q: ends with %s", b, said)
			}
			r.c.Close()
		})
	})
}

func TestCutOffWhileWriting(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		r := s.rude(customer)
		r.text(subscribe)
		synctest.Wait()
		s.fill()
		r.c.Close()
		synctest.Wait()
		if n := s.hub.Stats().Sockets; n != 0 {
			t.Errorf("%d sockets", n)
		}
		if _, err := r.c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
}
