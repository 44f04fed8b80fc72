package crash

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

const (
	// doorGrowth is how much the memory of a process may grow by, in MiB, whatever unauthenticated clients send.
	doorGrowth = 60
	// doorHold is how long the clients keep their connections open when they have sent what they send.
	doorHold = 3 * time.Second
)

// TestSoakDoors opens a number of connections at once that all leave their requests unfinished, through every door, and
// measures how much the process grows by. 1,500 is the number that doorGrowth is for.
func TestSoakDoors(t *testing.T) {
	clients := asked(t, "PARLEY_SOAK_DOORS", "connections that never finish their requests")
	serve := func(log io.Writer) (*load.Server, error) {
		return load.NewServer("sqlite:"+filepath.Join(t.TempDir(), "parley.db"), log)
	}
	dev := func(log io.Writer) (*load.Server, error) { return load.NewDev(log) }
	const most = 1 << 20
	for _, d := range []struct {
		name  string
		start func(io.Writer) (*load.Server, error)
		head  func(*load.Server) []string // the request's, without Host
		size  int                         // of the body that is announced; one byte less is sent
	}{
		{"a participant without a token", serve, participantHead, most},
		{"a participant without a token, within the bound", serve, participantHead, 100 << 10},
		{"a known key, a wrong signature", serve, func(s *load.Server) []string { return forged(t, s, "PUT", "/contact-flows/"+s.Instance) }, most},
		{"an unknown key", serve, func(s *load.Server) []string {
			lines := forged(t, s, "PUT", "/contact-flows/"+s.Instance)
			for i := range lines {
				lines[i] = strings.Replace(lines[i], "Credential=", "Credential=X", 1)
			}
			return lines
		}, most},
		{"no signature", serve, func(s *load.Server) []string { return []string{"PUT /contact-flows/" + s.Instance + " HTTP/1.1"} }, most},
		{"no operation", serve, func(*load.Server) []string { return []string{"POST /nothing HTTP/1.1"} }, 200 << 10},
		{"a page", serve, func(*load.Server) []string { return []string{"GET / HTTP/1.1"} }, 200 << 10},
		{"a header without an end", serve, func(*load.Server) []string {
			return []string{"GET / HTTP/1.1", "X: " + strings.Repeat("x", 30<<10)}
		}, 0},
		{"development: any key", dev, func(*load.Server) []string { return []string{"PUT /contact/chat HTTP/1.1"} }, most},
	} {
		t.Run(d.name, func(t *testing.T) {
			server, err := d.start(newJournal(t))
			if err != nil {
				t.Fatal(err)
			}
			defer server.Kill()
			request := strings.Join(append(d.head(server), "Host: "+server.Address), "\r\n") + "\r\n"
			if d.size > 0 {
				request += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", d.size, strings.Repeat(" ", d.size-1))
			}
			before, peak, answers := besiege(t, server, clients, []byte(request))
			t.Logf("%d connections: RSS %d MiB before, %d MiB at most; %s", clients, before>>20, peak>>20, answers)
			if grown := (peak - before) >> 20; grown >= doorGrowth {
				t.Errorf("the process grew by %d MiB, want less than %d", grown, doorGrowth)
			}
			if err := server.Stop(); err != nil { // and it still does what it is told
				t.Error(err)
			}
		})
	}
}

func participantHead(*load.Server) []string { return []string{"POST /participant/message HTTP/1.1"} }

// forged are the first line and the headers of a request that names the server's access key and is not signed with it.
func forged(t *testing.T, s *load.Server, method, path string) []string {
	t.Helper()
	lines, err := s.Sign(method, path, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		if at := strings.Index(line, "Signature="); at >= 0 {
			lines[i] = line[:at] + "Signature=" + strings.Repeat("0", 64)
		}
	}
	return append([]string{method + " " + path + " HTTP/1.1"}, lines...)
}

// besiege opens all connections, sends the request over each, keeps them for a while, and returns the process's memory
// before that, the most it had meanwhile, and how many connections were answered how.
func besiege(t *testing.T, s *load.Server, clients int, request []byte) (before, peak int64, answers string) {
	t.Helper()
	before = resident(t, s.PID())
	var mu sync.Mutex
	said := map[string]int{}
	var all sync.WaitGroup
	over := make(chan struct{})
	for range clients {
		all.Go(func() {
			answer := siege(s.Address, request, over)
			mu.Lock()
			defer mu.Unlock()
			said[answer]++
		})
	}
	sent := time.After(doorHold + 10*time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for waiting := true; waiting; {
		select {
		case <-tick.C:
			peak = max(peak, resident(t, s.PID()))
		case <-sent:
			waiting = false
		}
	}
	close(over)
	all.Wait()
	return before, peak, fmt.Sprint(said)
}

// siege is one connection: it sends, waits until the siege is over, and says what was answered meanwhile.
func siege(address string, request []byte, over <-chan struct{}) string {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "not connected"
	}
	defer c.Close() //nolint:errcheck // a client that has gone
	heard := make(chan string, 1)
	go func() {
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			heard <- "nothing"
			return
		}
		_ = r.Body.Close()
		heard <- strconv.Itoa(r.StatusCode)
	}()
	_ = c.SetWriteDeadline(time.Now().Add(doorHold))
	_, _ = c.Write(request) // the server may refuse before the end
	<-over
	_ = c.SetReadDeadline(time.Now())
	return <-heard
}

// resident is a process's RSS in bytes.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
