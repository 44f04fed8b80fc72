package server

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/memnet"
)

// logged is a log that is read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// exhausted is a listener of a process that has no file descriptor left until it says otherwise.
type exhausted struct {
	*memnet.Listener
	none atomic.Bool
}

func (l *exhausted) Accept() (net.Conn, error) {
	if l.none.Load() {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

func TestOutOfFileDescriptorsIsSaidOnceAMinute(t *testing.T) {
	for _, door := range []string{"public", "operator"} {
		t.Run(door, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log logged
				s := development(t, func(c *Config) {
					c.Log = slog.New(slog.NewTextHandler(&log, nil)) // at the default level
				})
				short := &exhausted{Listener: memnet.Listen()}
				short.none.Store(true)
				doors := Listeners{Public: short, Operator: memnet.Listen()}
				if door == "operator" {
					doors = Listeners{Public: memnet.Listen(), Operator: short}
				}
				stop, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- s.Run(stop, make(chan os.Signal), doors) }()
				for minute, want := range []int{1, 2, 3} {
					time.Sleep(30 * time.Second)
					synctest.Wait()
					if n := log.count("level=WARN msg=\"out of file descriptors"); n != want {
						t.Errorf("%d warnings after %d min and a half, want %d", n, minute, want)
					}
					time.Sleep(30 * time.Second)
				}
				// With descriptors again, the listener is as good as ever.
				short.none.Store(false)
				client := &http.Client{Transport: &http.Transport{DialContext: short.DialContext, DisableKeepAlives: true}}
				resp, err := client.Get("http://127.0.0.1/health/live")
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("health: %d", resp.StatusCode)
				}
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestOutOfFileDescriptorsWhileAskingOutside(t *testing.T) {
	var log logged
	s := development(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.ENFILE)}
		}
	})
	for range 3 {
		if _, err := s.cfg.Dial(t.Context(), "tcp", "192.0.2.1:443"); err == nil {
			t.Error("it connected")
		}
	}
	if n := log.count("out of file descriptors"); n != 1 {
		t.Errorf("%d warnings", n)
	}
}
