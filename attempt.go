package parley

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Interceptor is told of the attempts to send a request. Either function may be nil. They run on the goroutine that
// called Send and hold it up.
type Interceptor struct {
	// BeforeAttempt sees the request when all but its signature is in place, and may change it. An error ends the
	// call with kind KindConstruction.
	BeforeAttempt func(ctx context.Context, a *Attempt) error
	// AfterAttempt sees how the attempt went: Response, Err or both are set. The body of the response is read by then.
	AfterAttempt func(ctx context.Context, a *Attempt)
}

// Attempt is one try to send a request.
type Attempt struct {
	Operation string
	Number    int // from 1
	Request   *smithyhttp.Request
	Response  *smithyhttp.Response // nil when none came
	Err       error                // nil when the service did what it was asked
}

// trace is what a call remembers of its last attempt, for the error it may end in.
type trace struct {
	operation   string
	number      int
	attempt     *Attempt
	sent        bool // the last attempt was handed to the HTTP client
	status      int
	contentType string
}

// attempts counts and times the attempts: it is the first step inside the SDK's retry loop.
type attempts struct{ *settings }

func (attempts) ID() string { return "parley.Attempts" }

func (m attempts) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	t := m.trace
	t.number++
	t.sent, t.status, t.contentType = false, 0, ""
	t.attempt = &Attempt{Operation: t.operation, Number: t.number}
	t.attempt.Request, _ = in.Request.(*smithyhttp.Request)
	limited := ctx
	if m.attemptTimeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, m.attemptTimeout)
		defer cancel()
	}
	out, metadata, err := next.HandleFinalize(limited, in)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = &attemptTimeout{m.attemptTimeout}
	}
	err = m.ruled(err)
	t.attempt.Err = err
	for _, i := range m.interceptors {
		if i.AfterAttempt != nil {
			i.AfterAttempt(ctx, t.attempt)
		}
	}
	return out, metadata, err
}

// attemptTimeout ends an attempt whose time was up while the call's was not. It does not wrap the SDK's own error, which
// says that the caller gave up, and is never retried.
type attemptTimeout struct{ limit time.Duration }

func (e *attemptTimeout) Error() string        { return fmt.Sprintf("no complete answer within %v", e.limit) }
func (e *attemptTimeout) Timeout() bool        { return true }
func (e *attemptTimeout) RetryableError() bool { return true }
func (e *attemptTimeout) Unwrap() error        { return context.DeadlineExceeded }

// changes lets the caller change the request of an attempt: its address is known, it is not yet signed.
type changes struct{ *settings }

func (changes) ID() string { return "parley.Changes" }

func (m changes) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	req, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleFinalize(ctx, in)
	}
	m.trace.attempt.Request = req
	body := req.GetStream()
	err := m.change(ctx, req)
	if err == nil && req.GetStream() != body {
		err = measure(req)
	}
	if err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, &refusal{err}
	}
	return next.HandleFinalize(ctx, in)
}

func (m changes) change(ctx context.Context, req *smithyhttp.Request) error {
	for _, i := range m.interceptors {
		if i.BeforeAttempt == nil {
			continue
		}
		if err := i.BeforeAttempt(ctx, m.trace.attempt); err != nil {
			return fmt.Errorf("interceptor: %w", err)
		}
	}
	for _, mutate := range m.mutations {
		if err := mutate(req); err != nil {
			return fmt.Errorf("request mutation: %w", err)
		}
	}
	return nil
}

// measure sets the length of a body that was put in the place of another.
func measure(req *smithyhttp.Request) error {
	size, known, err := req.StreamLength()
	if err != nil {
		return fmt.Errorf("length of the new body: %w", err)
	}
	if !known {
		return errors.New("the new body has no length: give SetStream a *bytes.Reader or *strings.Reader")
	}
	req.ContentLength = size
	return nil
}

// refusal is an error of the caller's own code, met while a request was made.
type refusal struct{ err error }

func (e *refusal) Error() string        { return e.err.Error() }
func (e *refusal) Unwrap() error        { return e.err }
func (e *refusal) RetryableError() bool { return false }

// answers is the last step before the HTTP client, and the first to see what it brings.
type answers struct{ *trace }

func (answers) ID() string { return "parley.Answers" }

func (t answers) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	t.sent = true
	t.attempt.Request, _ = in.Request.(*smithyhttp.Request)
	out, metadata, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok || resp == nil || resp.Response == nil {
		return out, metadata, err
	}
	t.attempt.Response = resp
	t.status = resp.StatusCode
	t.contentType = resp.Header.Get("Content-Type")
	if err == nil {
		err = t.judge(resp)
	}
	return out, metadata, err
}

// judge refuses answers that cannot be the service's: of those the SDK would return some as outputs with nothing in them,
// others as errors about a character.
func (t answers) judge(resp *smithyhttp.Response) error {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return &smithy.DeserializationError{Err: fmt.Errorf("redirected to %q; redirects are not followed, because the request carries credentials", resp.Header.Get("Location"))}
	case resp.StatusCode < 300 && t.contentType != "" && resp.ContentLength != 0 && !isJSON(t.contentType):
		return &smithy.DeserializationError{Err: errors.New("the answer is not JSON, so something other than the service answered")}
	}
	return nil
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json") || strings.HasPrefix(kind, "application/x-amz-json"))
}

// verdict says of a failed attempt whether another may follow, where that is not left to the SDK. The SDK's own retryer is
// not wrapped for it: its type shows in the User-Agent.
type verdict struct {
	error
	retryable bool
}

func (v *verdict) Unwrap() error        { return v.error }
func (v *verdict) RetryableError() bool { return v.retryable }

// ruled puts a verdict on an error that needs one.
func (m attempts) ruled(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF): // the answer was cut off, as connections are that the SDK does retry
		return &verdict{err, true}
	case m.withoutQuotaRetries && isActiveChatQuota(m.trace.operation, err):
		return &verdict{err, false}
	}
	return err
}

// direct is an HTTP client that follows no redirects: they would carry participants' tokens to another host, and the
// APIs have none.
func direct(client aws.HTTPClient) aws.HTTPClient {
	last := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	switch c := client.(type) {
	case *awshttp.BuildableClient:
		return &http.Client{Transport: c.GetTransport(), Timeout: c.GetTimeout(), CheckRedirect: last}
	case *http.Client:
		if c == nil {
			return client
		}
		own := *c
		own.CheckRedirect = last
		return &own
	}
	return client
}
