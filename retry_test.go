package parley

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// script is a service that answers each attempt with the next of its lines, and the last one from then on.
type script struct {
	lines    []func(*http.Request) (*http.Response, error)
	requests []map[string]any // the bodies
	paused   []time.Duration  // before each attempt
	last     time.Time
}

func (s *script) service() service {
	return func(r *http.Request) (*http.Response, error) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		if !s.last.IsZero() {
			s.paused = append(s.paused, time.Since(s.last))
		}
		s.last = time.Now()
		s.requests = append(s.requests, body)
		return s.lines[min(len(s.requests), len(s.lines))-1](r)
	}
}

func says(status int, code, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) { return answer(r, status, code, body), nil }
}

func breaks(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// hangs answers when the request is given up.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// half is an answer whose connection is cut in the middle of the body.
func half(r *http.Request) (*http.Response, error) {
	resp := answer(r, 200, "", started)
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(started[:20]), broken{io.ErrUnexpectedEOF}))
	return resp, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

var (
	throttled = says(429, "TooManyRequestsException", `{"message":"Too Many Requests"}`)
	full      = says(429, "LimitExceededException", `{"Message":"The quota of active chats is used up"}`)
	fine      = says(200, "", started)
)

func TestThrottledTwiceThenAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script{lines: []func(*http.Request) (*http.Response, error){throttled, throttled, fine}}
		out, err := startable(New(s.service().config())).Send(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if *out.ContactId != "c-1" || len(s.requests) != 3 {
			t.Errorf("contact %s after %d attempts, want c-1 after 3", *out.ContactId, len(s.requests))
		}
		if s.paused[0] <= 0 && s.paused[1] <= 0 {
			t.Errorf("retried after %v, without a pause", s.paused)
		}
	})
}

func TestThreeAttemptsAreTheDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script{lines: []func(*http.Request) (*http.Response, error){throttled}}
		_, err := startable(New(s.service().config())).Send(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Attempts != 3 || len(s.requests) != 3 || !IsThrottling(err) || IsActiveChatQuota(err) || !IsRetryable(err) {
			t.Errorf("%d requests and %v, want 3 attempts and throttling", len(s.requests), err)
		}
	})
}

func TestAttemptsAreConfigured(t *testing.T) {
	for name, c := range map[string]struct {
		config func(*aws.Config)
		client []Option
		call   []Option
		want   int
	}{
		"by the AWS configuration":       {config: func(c *aws.Config) { c.RetryMaxAttempts = 5 }, want: 5},
		"for the client":                 {client: []Option{WithMaxAttempts(2)}, want: 2},
		"for the call":                   {client: []Option{WithMaxAttempts(2)}, call: []Option{WithMaxAttempts(4)}, want: 4},
		"for the call, down to one":      {call: []Option{WithMaxAttempts(1)}, want: 1},
		"for the call as for the client": {client: []Option{WithMaxAttempts(2)}, call: []Option{WithMaxAttempts(2)}, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{lines: []func(*http.Request) (*http.Response, error){throttled}}
				cfg := s.service().config()
				if c.config != nil {
					c.config(&cfg)
				}
				client := New(cfg, c.client...)
				_, err := startable(client).Customize().Override(c.call...).Send(t.Context())
				var e *Error
				if !errors.As(err, &e) || e.Attempts != c.want || len(s.requests) != c.want {
					t.Errorf("%d requests, error %v; want %d attempts", len(s.requests), err, c.want)
				}
				if len(c.call) > 0 {
					return
				}
				if _, err := client.StopContact().InstanceID("i").ContactID("c").Send(t.Context()); err == nil || len(s.requests) != 2*c.want {
					t.Errorf("another call of the client made %d attempts, want %d", len(s.requests)-c.want, c.want)
				}
			})
		})
	}
}

func TestActiveChatQuotaCanBeLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		options []Option
		want    int
	}{
		"retried like throttling by default": {nil, 3},
		"left out":                           {[]Option{WithoutQuotaRetries()}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{lines: []func(*http.Request) (*http.Response, error){full}}
				_, err := startable(New(s.service().config(), c.options...)).Send(t.Context())
				var quota *types.LimitExceededException
				if !errors.As(err, &quota) || !IsActiveChatQuota(err) || IsThrottling(err) || len(s.requests) != c.want {
					t.Errorf("%d requests, error %v; want %d and the quota", len(s.requests), err, c.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // the other 429 is retried all the same
		s := script{lines: []func(*http.Request) (*http.Response, error){throttled, fine}}
		if _, err := startable(New(s.service().config(), WithoutQuotaRetries())).Send(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestClientTokenIsKeptOverAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script{lines: []func(*http.Request) (*http.Response, error){throttled, breaks(io.EOF), fine}}
		client := New(s.service().config())
		b := startable(client)
		first, second := b.Clone(), b.Clone()
		if _, err := first.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := second.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		var tokens []string
		for _, r := range s.requests {
			tokens = append(tokens, r["ClientToken"].(string))
		}
		if len(tokens) != 4 || tokens[0] == "" || tokens[1] != tokens[0] || tokens[2] != tokens[0] {
			t.Errorf("the attempts of one call had the tokens %q", tokens)
		}
		if tokens[3] == tokens[0] {
			t.Error("two calls had one token")
		}
		if first.GetClientToken() != nil {
			t.Error("the token that was filled in shows in the builder")
		}
		s.requests = nil
		if _, err := startable(client).ClientToken("mine").Send(t.Context()); err != nil || s.requests[0]["ClientToken"] != "mine" {
			t.Errorf("sent token %v, error %v", s.requests[0]["ClientToken"], err)
		}
	})
}

// TestDroppedAnswerStartsOneChat has a service that does what it is asked, and whose first answers are lost.
func TestDroppedAnswerStartsOneChat(t *testing.T) {
	for name, lost := range map[string]func(*http.Request) (*http.Response, error){
		"before the headers": breaks(io.EOF), "in the body": half, "connection reset": breaks(&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{lines: []func(*http.Request) (*http.Response, error){lost, lost, fine}}
				out, err := startable(New(s.service().config())).Send(t.Context())
				if err != nil || *out.ContactId != "c-1" {
					t.Fatalf("error %v", err)
				}
				chats := map[any]bool{} // as the service tells them apart
				for _, r := range s.requests {
					chats[r["ClientToken"]] = true
				}
				if len(chats) != 1 || len(s.requests) != 3 {
					t.Errorf("%d requests ask for %d chats, want 3 and 1", len(s.requests), len(chats))
				}
			})
		})
	}
}

func TestFailuresHaveTheirKind(t *testing.T) {
	html := func(r *http.Request) (*http.Response, error) {
		resp := answer(r, 502, "", "<html><body>Bad Gateway</body></html>")
		resp.Header.Set("Content-Type", "text/html")
		return resp, nil
	}
	for name, c := range map[string]struct {
		line     func(*http.Request) (*http.Response, error)
		change   func(*StartChatContactBuilder)
		options  []Option
		kind     Kind
		attempts int
		status   int
		text     string
	}{
		"wrong before it is sent": {change: func(b *StartChatContactBuilder) { b.SetInstanceID(nil) }, kind: KindConstruction, text: "StartChatContact: not sent: InstanceId is required"},
		"time is up":              {line: hangs, options: []Option{WithTimeout(5 * time.Second)}, kind: KindTimeout, attempts: 1, text: "given up waiting for an answer from https://connect.us-east-1.amazonaws.com"},
		"attempts take too long":  {line: hangs, options: []Option{WithAttemptTimeout(time.Second)}, kind: KindTimeout, attempts: 3, text: "after 3 attempts: no complete answer within 1s"},
		"no connection":           {line: breaks(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}), kind: KindDispatch, attempts: 3, text: "no answer from https://connect.us-east-1.amazonaws.com after 3 attempts"},
		"HTML in place of JSON":   {line: html, kind: KindResponse, attempts: 3, status: 502, text: "not an answer of the API from https://connect.us-east-1.amazonaws.com (status 502) after 3 attempts"},
		"half a body, for ever":   {line: half, kind: KindResponse, attempts: 3, status: 200, text: "unexpected EOF"},
		"refused by the service":  {line: says(404, "ResourceNotFoundException", `{"Message":"no such flow"}`), kind: KindService, attempts: 1, status: 404, text: "ResourceNotFoundException (status 404) from https://connect.us-east-1.amazonaws.com, request 11111111-aaaa-4bbb-8ccc-222222222222: no such flow"},
		"undeclared error":        {line: says(403, "ExpiredTokenException", `{"message":"expired"}`), kind: KindService, attempts: 1, status: 403, text: "ExpiredTokenException (status 403)"},
		"failure of the service":  {line: says(500, "InternalServiceException", `{"Message":"oops"}`), kind: KindService, attempts: 3, status: 500, text: "oops"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{lines: []func(*http.Request) (*http.Response, error){c.line}}
				b := startable(New(s.service().config(), c.options...))
				if c.change != nil {
					c.change(b)
				}
				_, err := b.Send(t.Context())
				var e *Error
				if !errors.As(err, &e) {
					t.Fatalf("error %v, want an *Error", err)
				}
				if e.Kind != c.kind || e.Attempts != c.attempts || e.StatusCode != c.status || e.Operation != "StartChatContact" || len(s.requests) != c.attempts {
					t.Errorf("kind %v, %d attempts, status %d, %d requests: %v", e.Kind, e.Attempts, e.StatusCode, len(s.requests), err)
				}
				if !strings.Contains(err.Error(), c.text) {
					t.Errorf("says %q, want %q", err, c.text)
				}
			})
		})
	}
}

func TestCancelledContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := script{lines: []func(*http.Request) (*http.Response, error){hangs}}
		time.AfterFunc(time.Second, cancel)
		_, err := startable(New(s.service().config())).Send(ctx)
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindTimeout || !errors.Is(err, context.Canceled) || len(s.requests) != 1 || IsRetryable(err) {
			t.Errorf("cancelled while waiting: %v", err)
		}

		s = script{lines: []func(*http.Request) (*http.Response, error){throttled}}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Nanosecond, cancel)
		_, err = startable(New(s.service().config(), WithMaxAttempts(20))).Send(ctx)
		if !errors.As(err, &e) || e.Kind != KindTimeout || !errors.Is(err, context.Canceled) || len(s.requests) > 2 {
			t.Errorf("cancelled between attempts, after %d requests: %v", len(s.requests), err)
		}

		s = script{lines: []func(*http.Request) (*http.Response, error){fine}}
		_, err = startable(New(s.service().config())).Send(ctx)
		if !errors.As(err, &e) || e.Kind != KindTimeout || e.Attempts != 0 || len(s.requests) != 0 || !strings.Contains(err.Error(), "given up before it was sent") {
			t.Errorf("with a context that is done, after %d requests: %v", len(s.requests), err)
		}
	})
}

func TestInterceptorsSeeEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var story []string
		note := func(who string) Interceptor {
			return Interceptor{
				BeforeAttempt: func(_ context.Context, a *Attempt) error {
					story = append(story, who+" before "+string(rune('0'+a.Number)))
					a.Request.Header.Set("X-Seen-By", who)
					return nil
				},
				AfterAttempt: func(_ context.Context, a *Attempt) {
					outcome := "ok"
					if a.Err != nil {
						outcome = code(a.Err)
					}
					if a.Response == nil {
						outcome += ", no response"
					}
					story = append(story, who+" after "+outcome)
				},
			}
		}
		var seen []string
		s := script{lines: []func(*http.Request) (*http.Response, error){throttled, fine}}
		inner := s.service()
		client := New(service(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r.Header.Get("X-Seen-By"))
			return inner(r)
		}).config(), WithInterceptor(note("client")))
		if _, err := startable(client).Customize().Intercept(note("call")).Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"client before 1", "call before 1", "client after TooManyRequestsException", "call after TooManyRequestsException",
			"client before 2", "call before 2", "client after ok", "call after ok",
		}
		if !slices.Equal(story, want) {
			t.Errorf("the interceptors saw %q", story)
		}
		if !slices.Equal(seen, []string{"call", "call"}) {
			t.Errorf("the service saw %q", seen)
		}
		story = nil
		if _, err := startable(client).Send(t.Context()); err != nil || slices.Contains(story, "call before 1") {
			t.Errorf("one call's interceptor is told of another: %q, %v", story, err)
		}
	})
}

func TestInterceptorEndsTheCall(t *testing.T) {
	var rec recorder
	no := errors.New("not today")
	_, err := startable(New(rec.service().config())).Customize().
		Intercept(Interceptor{BeforeAttempt: func(context.Context, *Attempt) error { return no }}).Send(t.Context())
	if constructionError(t, err); !errors.Is(err, no) || len(rec.requests) != 0 {
		t.Errorf("%d requests, error %v", len(rec.requests), err)
	}
}

func TestMutateRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies, headers []string
		answers := []func(*http.Request) (*http.Response, error){throttled, fine}
		client := New(service(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil || r.ContentLength != int64(len(body)) {
				t.Errorf("a body of %d bytes, said to be %d: %v", len(body), r.ContentLength, err)
			}
			bodies, headers = append(bodies, string(body)), append(headers, r.Header.Get("X-Trace"))
			if signed := r.Header.Get("Authorization"); !strings.Contains(signed, "x-trace") {
				t.Errorf("the signature does not cover the change: %s", signed)
			}
			return answers[len(bodies)-1](r)
		}).config())
		_, err := startable(client).Customize().MutateRequest(func(r *smithyhttp.Request) error {
			r.Header.Set("X-Trace", r.Header.Get("X-Trace")+"once")
			changed, err := r.SetStream(strings.NewReader(`{"InstanceId":"other"}`))
			if err == nil {
				*r = *changed
			}
			return err
		}).Send(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(bodies, []string{`{"InstanceId":"other"}`, `{"InstanceId":"other"}`}) || !slices.Equal(headers, []string{"once", "once"}) {
			t.Errorf("sent %q with %q", bodies, headers)
		}
		no := errors.New("no")
		_, err = startable(client).Customize().MutateRequest(func(*smithyhttp.Request) error { return no }).Send(t.Context())
		if constructionError(t, err); !errors.Is(err, no) {
			t.Errorf("error %v", err)
		}
	})
}

func TestOverrideIsForOneCall(t *testing.T) {
	var rec recorder
	client := New(rec.service().config())
	if _, err := startable(client).Customize().Override(WithEndpoint("http://127.0.0.1:4510"), WithRegion("eu-west-2")).Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := startable(client).Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	overridden, usual := rec.requests[0], rec.requests[1]
	if overridden.url != "http://127.0.0.1:4510/contact/chat" || !strings.Contains(overridden.header.Get("Authorization"), "/eu-west-2/connect/") {
		t.Errorf("overridden, sent to %s with %s", overridden.url, overridden.header.Get("Authorization"))
	}
	if usual.url != "https://connect.us-east-1.amazonaws.com/contact/chat" {
		t.Errorf("the next call went to %s", usual.url)
	}
}
