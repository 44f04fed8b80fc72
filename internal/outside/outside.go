// Package outside sends requests to services outside the server: functions, bots, other systems. It bounds what it
// reads of their answers, tries again what may pass, and follows no redirects: it asks whom an operator has named, and
// nobody else. Its errors name addresses and statuses and hold nothing of what was sent or answered.
package outside

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Dial connects to an address; nil is the network.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// NewClient returns a client that reads at most one byte more than limit of an answer, so that whoever asks can tell
// that there was more. Requests end with their contexts.
func NewClient(dial Dial, limit int) *http.Client {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: bound(dial), TLSHandshakeTimeout: connectWithin,
		MaxIdleConns: 64, MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport:     &bounded{t, int64(limit)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// connectWithin is how long it may take to connect, and then to agree on TLS.
const connectWithin = 5 * time.Second

// bound lets dialling end. The transport does not, when the request that asked for a connection has ended: another
// might want it.
func bound(dial Dial) Dial {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, connectWithin)
		defer cancel()
		return dial(ctx, network, address)
	}
}

type bounded struct {
	next  *http.Transport
	limit int64
}

// RoundTrip sends a request and bounds the body of its response.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, b.limit+1), resp.Body}
	return resp, nil
}

// Attempts is how often a request is sent that is throttled, fails on the other side, or gets lost.
// Source: Amazon Connect Administrator Guide, "Invoke Lambda functions", retries.
const Attempts = 3

// Pause is how long to wait after an attempt, the first being 1.
func Pause(attempt int) time.Duration { return 50 * time.Millisecond << attempt }

// Post sends a body to a URL with the headers that dress gives the request, nil for none. It tries again, as long as ctx
// lasts, after 429, 5xx and a connection that failed. It returns an answer of 2xx, or an error.
func Post(ctx context.Context, c *http.Client, to string, body []byte, dress func(*http.Request) error) (http.Header, []byte, error) {
	for attempt := 1; ; attempt++ {
		header, answer, err := post(ctx, c, to, body, dress)
		if err == nil || attempt == Attempts || ctx.Err() != nil || !passing(err) {
			return header, answer, err
		}
		timer := time.NewTimer(Pause(attempt))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, err
		}
	}
}

func post(ctx context.Context, c *http.Client, to string, body []byte, dress func(*http.Request) error) (http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, nil, Bare(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if dress != nil {
		if err := dress(req); err != nil {
			return nil, nil, &notSent{err}
		}
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, Bare(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("read the answer: %w", Bare(err))
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.Header, answer, Status(resp.StatusCode)
	}
	return resp.Header, answer, nil
}

// Status is an answer that says no.
type Status int

func (s Status) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the answer was %d %s", int(s), http.StatusText(int(s))))
}

// notSent says that it was our own end that failed.
type notSent struct{ error }

// passing says that another attempt may succeed.
func passing(err error) bool {
	var (
		status Status
		own    *notSent
	)
	if errors.As(err, &status) {
		return status == http.StatusTooManyRequests || status >= 500
	}
	return !errors.As(err, &own)
}

// Bare takes the URL out of an error: it may hold a password.
func Bare(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	if u.Op == "parse" {
		return errUnreadable // its cause quotes a part of the URL
	}
	return u.Err
}

var (
	errUnreadable = errors.New("it cannot be read as a URL; what a user or a password has besides letters and digits must be escaped, % as %25 and / as %2F")
	errLateUser   = errors.New("it has an @ behind the host: write it as %40, or if a password ends there, the /, ? or # in that as %2F, %3F or %23")
)

// CheckURL refuses what no request can be sent to, without quoting a part of it. A password with a /, ? or # in it would be
// taken for a port and a path, and errors name those.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return Bare(err)
	}
	_, rest, _ := strings.Cut(text, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && strings.ContainsAny(rest[:i], ":@") && strings.Contains(rest[i:], "@") {
		return errLateUser
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
		return errors.New("it must be an http:// or https:// URL")
	}
	return nil
}
