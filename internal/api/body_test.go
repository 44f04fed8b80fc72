package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/door"
	"github.com/parley-chat/parley/internal/memnet"
)

// unfinished is a body of which a part arrives, and then no more for an hour. It counts what was read.
type unfinished struct {
	part io.Reader
	read int
}

func (u *unfinished) Read(p []byte) (int, error) {
	n, err := u.part.Read(p)
	u.read += n
	if errors.Is(err, io.EOF) {
		time.Sleep(time.Hour)
		return n, errors.New("the client has gone")
	}
	return n, err
}

func (u *unfinished) Close() error { return nil }

// Who cannot be authenticated is refused before anything of the body is read.
func TestTheBodyOfAStrangerIsNotRead(t *testing.T) {
	for _, c := range []struct{ name, line, headers, want string }{
		{"no token", "POST /participant/message", "", "403 AccessDeniedException"},
		{"a forged token", "POST /participant/message", "X-Amz-Bearer: v4.local.x", "403 AccessDeniedException"},
		{"a token for another thing", "POST /participant/connection", "X-Amz-Bearer: ${customerConnection}", "403 AccessDeniedException"},
		{"no signature", "PUT /contact/chat", "", "403 MissingAuthenticationTokenException"},
		{"an incomplete signature", "PUT /contact/chat", "Authorization: AWS4-HMAC-SHA256 x", "403 IncompleteSignatureException"},
		{"an unknown key", "PUT /contact/chat", "Sign: AKIDOTHER x", "403 UnrecognizedClientException"},
		{"another region", "PUT /contact/chat", "Sign: AKIDEXAMPLE x eu-west-1", "403 InvalidSignatureException"},
		{"another day", "PUT /contact/chat", "Sign: AKIDEXAMPLE x us-east-1 24h", "403 InvalidSignatureException"},
		{"a wrong signature that says what the body hashes to", "PUT /contact/chat", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\nSign: AKIDEXAMPLE x", "403 InvalidSignatureException"},
		{"no operation", "POST /nothing", "", "404 UnknownOperationException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(front *api.Config, _ *chat.Config) { front.AnyCredentials = false })
				w.prepare("start")
				w.prepare("connect")
				body := &unfinished{part: strings.NewReader(strings.Repeat(" ", 10_000))}
				r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(w.head(c.line, c.headers))))
				if err != nil {
					t.Fatal(err)
				}
				r.Body, r.ContentLength = body, 1<<20
				rec := httptest.NewRecorder()
				w.api.ServeHTTP(rec, r)
				if got := fmt.Sprint(rec.Code, " ", errorType(rec)); got != c.want || body.read != 0 {
					t.Errorf("got %s after %d bytes of the body, want %s after none", got, body.read, c.want)
				}
				if rec.Header()["Connection"] == nil {
					t.Error("the connection waits for the rest of the body")
				}
			})
		})
	}
}

// head is a request's head, signed when a line says so.
func (w *world) head(line, headers string) string {
	lines := []string{line + " HTTP/1.1", "Host: localhost:4510"}
	for h := range strings.SplitSeq(headers, "\n") {
		if with, ok := strings.CutPrefix(h, "Sign: "); ok {
			parts := strings.Fields(with)
			signed := w.signature(parts[0]+" "+parts[1], lines, "")
			for i := range signed {
				if len(parts) > 2 {
					signed[i] = strings.Replace(signed[i], "/us-east-1/", "/"+parts[2]+"/", 1)
				}
				if len(parts) > 3 {
					signed[i] = strings.ReplaceAll(signed[i], "20000101", "19991231")
				}
			}
			lines = append(lines, signed...)
		} else if h != "" {
			lines = append(lines, w.fill(h))
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// A participant's largest body is far below 128 KiB, that of a flow is larger; both are known before they are read.
func TestABodyHasTheBoundOfItsOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.prepare("start")
		w.prepare("connect")
		escaped := `{"ContentType":"text/plain","Content":"` + strings.Repeat(`\u0041`, 16384) + `","ClientToken":"` + strings.Repeat(`\u0042`, 500) + `"}`
		for _, c := range []struct {
			name, method, target, body string
			want                       int
		}{
			{"the largest message, escaped", "POST", "/participant/message", escaped, 200},
			{"a message of 128 KiB", "POST", "/participant/message", escaped + strings.Repeat(" ", 128<<10-len(escaped)), 413},
			{"leaving with 16 KiB", "POST", "/participant/disconnect", "{}" + strings.Repeat(" ", 16<<10), 413},
			{"a flow of 600 KiB", "PUT", "/contact-flows/" + instanceID, `{"Name":"x"` + strings.Repeat(" ", 600<<10) + `}`, 400},
		} {
			if got := w.call(c.method, c.target, w.names["customerConnection"], c.body); got.status != c.want {
				t.Errorf("%s: got %d %s, want %d", c.name, got.status, got.body, c.want)
			}
			chunked := c.method + " " + c.target + " HTTP/1.1\r\nHost: localhost\r\nX-Amz-Bearer: " + w.names["customerConnection"] +
				"\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(c.body), c.body)
			if got := w.parse(w.raw(chunked)); got.status != c.want {
				t.Errorf("%s, in chunks: got %d %s, want %d", c.name, got.status, got.body, c.want)
			}
		}
	})
}

// A request that names a known key may be anybody's until its signature is verified: however many there are, they hold no
// more than the budget, and are answered so that clients try again.
func TestUnverifiedBodiesShareOneBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		w := newWorld(t, func(front *api.Config, _ *chat.Config) { front.AnyCredentials = false })
		budget, listener := door.New(size, nil), memnet.Listen()
		server := &http.Server{Handler: w.api, ReadTimeout: time.Minute}
		budget.Guard(server)
		go server.Serve(budget.Listen(listener)) //nolint:errcheck // it ends with Close
		head := strings.TrimSuffix(w.head("PUT /contact-flows/"+instanceID, "Sign: AKIDEXAMPLE x"), "\r\n") +
			fmt.Sprintf("Content-Length: %d\r\n\r\n", 1<<20) + strings.Repeat(" ", 40<<10)
		status := map[int]int{}
		answers := make(chan int)
		for range 100 {
			c, err := listener.Dial(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				defer c.Close() //nolint:errcheck // a client that has gone
				_, _ = io.WriteString(c, head)
				r, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					answers <- 0
					return
				}
				answers <- r.StatusCode
			}()
		}
		time.Sleep(30 * time.Second)
		if st := budget.Stats(); st.Peak > size || st.Peak < size*3/4 {
			t.Errorf("stats %+v", st)
		}
		time.Sleep(time.Minute)
		for range 100 {
			status[<-answers]++
		}
		// The last to have room wait for the rest of their bodies until the server's own limit.
		if status[503]+status[408] != 100 || status[503] < 50 {
			t.Errorf("answered %v", status)
		}
		_ = server.Close()
		time.Sleep(time.Second)
		if st := budget.Stats(); st.Held != 0 {
			t.Errorf("stats at the end %+v", st)
		}
	})
}
