package memnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/memnet"
)

func TestAWriterBlocksUntilTheReaderReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pipe()
		sent := bytes.Repeat([]byte("x"), 1<<20)
		done := make(chan error, 1)
		go func() {
			_, err := a.Write(sent)
			done <- errors.Join(err, a.Close())
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("a megabyte was written with nobody reading")
		default:
		}
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("read %d bytes, %v", len(got), err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

func TestDeadlinesPassOnTheBubblesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pipe()
		start := time.Now()
		a.SetReadDeadline(start.Add(3 * time.Second))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("read: %v", err)
		}
		if got := time.Since(start); got != 3*time.Second {
			t.Fatalf("the deadline passed after %v", got)
		}
		a.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := a.Write(make([]byte, 1<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 {
			t.Fatalf("write: %d, %v", n, err)
		}
		// A deadline moved on lets the next call through.
		a.SetReadDeadline(time.Time{})
		if _, err := b.Write([]byte("y")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		var timeout net.Error
		a.SetReadDeadline(time.Now().Add(-time.Second))
		if _, err := a.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatalf("a deadline in the past: %v", err)
		}
	})
}

func TestClosing(t *testing.T) {
	read := func(c net.Conn) error { _, err := c.Read(make([]byte, 8)); return err }
	write := func(c net.Conn) error { _, err := c.Write([]byte("z")); return err }

	a, b := memnet.Pipe()
	write(a)
	a.Close()
	if err := read(b); err != nil {
		t.Errorf("what was written before the close: %v", err)
	}
	if err := read(b); err != io.EOF {
		t.Errorf("after it: %v, want EOF", err)
	}
	if err := write(b); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing to a closed peer: %v", err)
	}
	if err := read(a); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading from a closed conn: %v", err)
	}
	if err := a.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closing twice: %v", err)
	}

	a, b = memnet.Pipe()
	write(b)
	a.Close() // leaves a byte unread
	if err := read(b); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("peer left bytes unread: %v", err)
	}
}

func TestAnHTTPServerRunsOverIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Hour)
			io.Copy(w, r.Body)
		})}
		go server.Serve(l)
		transport := &http.Transport{DialContext: l.DialContext}
		client := &http.Client{Transport: transport}
		resp, err := client.Post("http://mem/", "text/plain", strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(got) != "hello" {
			t.Errorf("got %q", got)
		}
		transport.CloseIdleConnections()
		server.Close()
		if _, err := l.Dial(context.Background()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling a closed listener: %v", err)
		}
	})
}
