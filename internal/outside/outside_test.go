package outside

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers serves the given statuses one after the other, then 200, and counts.
func answers(t *testing.T, statuses ...int) (url string, count func() int) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		if n <= len(statuses) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(statuses[n-1])
			return
		}
		_, _ = w.Write([]byte("good"))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() int { return n }
}

func TestWhatIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name     string
		statuses []int
		count    int
		err      string
	}{
		{"good at once", nil, 1, ""},
		{"throttled once", []int{429}, 2, ""},
		{"failed twice", []int{500, 503}, 3, ""},
		{"failed for good", []int{500, 502, 503}, 3, "the answer was 503 Service Unavailable"},
		{"refused", []int{404}, 1, "the answer was 404 Not Found"},
		{"led elsewhere", []int{302}, 1, "the answer was 302 Found"},
		{"led elsewhere with the body", []int{307}, 1, "the answer was 307 Temporary Redirect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, count := answers(t, c.statuses...)
			_, body, err := Post(t.Context(), NewClient(nil, 100), to, []byte("{}"), nil)
			if c.err == "" && (err != nil || string(body) != "good") || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("got %q, %v", body, err)
			}
			if n := count(); n != c.count {
				t.Errorf("%d requests, want %d", n, c.count)
			}
		})
	}
}

func TestLostConnectionsAreTriedAgain(t *testing.T) {
	to, count := answers(t)
	dials := 0
	c := NewClient(func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials < 3 {
			return nil, errors.New("no route")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}, 100)
	if _, _, err := Post(t.Context(), c, to, nil, nil); err != nil || count() != 1 {
		t.Errorf("%v after %d dials", err, dials)
	}
}

// The transport goes on dialling for the next request when the one that asked has given up: not for ever.
func TestDiallingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := make(chan time.Duration, 1)
		c := NewClient(func(ctx context.Context, _, _ string) (net.Conn, error) {
			begun := time.Now()
			<-ctx.Done()
			dialled <- time.Since(begun)
			return nil, ctx.Err()
		}, 100)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := Post(ctx, c, "http://example.org", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if took := <-dialled; took != connectWithin {
			t.Errorf("dialled for %v", took)
		}
	})
}

func TestErrorsHoldNoURL(t *testing.T) {
	c := NewClient(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }, 100)
	_, _, err := Post(t.Context(), c, "http://me:secret@example.org/hook?key=secret", nil, nil)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if err := CheckURL("http://me:secret@[::"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, 1<<20))
	}))
	defer s.Close()
	_, body, err := Post(t.Context(), NewClient(nil, 1000), s.URL, nil, nil)
	if err != nil || len(body) != 1001 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestTheContextEndsIt(t *testing.T) {
	to, count := answers(t, 500, 500, 500)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // less than the first pause
	defer cancel()
	if _, _, err := Post(ctx, NewClient(nil, 100), to, nil, nil); err == nil || count() != 1 {
		t.Errorf("%v after %d requests", err, count())
	}
}

func TestOwnFailuresAreNotTriedAgain(t *testing.T) {
	to, count := answers(t)
	n := 0
	_, _, err := Post(t.Context(), NewClient(nil, 100), to, nil, func(*http.Request) error { n++; return errors.New("no credentials") })
	if err == nil || n != 1 || count() != 0 {
		t.Errorf("%v after %d of ours and %d requests", err, n, count())
	}
}

func TestCheckURL(t *testing.T) {
	for url, good := range map[string]bool{
		"http://localhost:9000/f": true, "https://example.org/?a=b": true, "": false, "localhost:9000": false, "ftp://example.org": false,
		"/path": false, "http://": false, "http://example.org/#part": false,
	} {
		if err := CheckURL(url); (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
	}
}
