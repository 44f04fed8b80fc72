// Package lambda invokes AWS Lambda functions: through the AWS SDK with its standard configuration and endpoint
// variables, so that AWS and emulators of it work, or at the URL that an operator has given a function. It reads the
// environment's AWS configuration at the first function that has no URL. It never looks at what functions answer.
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/parley-chat/parley/internal/outside"
)

// MaxResponse is the longest response that is read to its end.
// Source: Amazon Connect Administrator Guide, "Invoke Lambda functions": 32 KB of UTF-8.
const MaxResponse = 32 << 10

// Options are what a Client is made of; the zero value is fit for use.
type Options struct {
	// URLs are where functions are instead of in AWS, by name or ARN, with a version or an alias or without. They get
	// the event in a POST and answer with the response.
	URLs map[string]string
	// Trust says that flows may invoke the functions in URLs without their being associated with an instance.
	Trust bool
	// Region is that of functions whose names do not say and that the environment has none for.
	Region string
	Dial   outside.Dial
}

// Client invokes functions. It is for many to use at once.
type Client struct {
	options Options
	http    *http.Client
	asked   outside.Asked

	mu  sync.Mutex
	aws *sdk.Client // nil until a function needs it
}

// New checks the options, and does nothing else yet.
func New(o Options) (*Client, error) {
	for name, to := range o.URLs {
		if name == "" {
			return nil, errors.New("a function without a name")
		}
		if err := outside.CheckURL(to); err != nil {
			return nil, fmt.Errorf("the URL of function %s: %w", name, err)
		}
	}
	return &Client{options: o, http: outside.NewClient(o.Dial, MaxResponse)}, nil
}

// Trusts says that the operator vouches for a function.
func (c *Client) Trusts(function string) bool {
	_, ok := c.named(function)
	return ok && c.options.Trust
}

// Invoke hands an event to a function, and returns its response, or, if async, the id of an invocation that has been
// accepted. What is throttled or fails on the other side is tried again as long as ctx lasts; that a function failed is an
// error.
func (c *Client) Invoke(ctx context.Context, function string, event []byte, async bool) (response []byte, invocation string, err error) {
	if name, ok := c.named(function); ok {
		c.asked.Note(name)
		return c.post(ctx, c.options.URLs[name], event, async)
	}
	client, err := c.sdk(ctx)
	if err != nil {
		return nil, "", err
	}
	in := &sdk.InvokeInput{FunctionName: &function, Payload: event, InvocationType: types.InvocationTypeRequestResponse}
	if async {
		in.InvocationType = types.InvocationTypeEvent
	}
	out, err := client.Invoke(ctx, in, func(o *sdk.Options) {
		if r := region(function); r != "" {
			o.Region = r
		}
	})
	if err != nil {
		return nil, "", brief(err)
	}
	if out.FunctionError != nil {
		return nil, "", failed(*out.FunctionError, out.Payload)
	}
	invocation, _ = middleware.GetRequestIDMetadata(out.ResultMetadata)
	return out.Payload, name(invocation), nil
}

const (
	errorHeader      = "X-Amz-Function-Error"
	typeHeader       = "X-Amz-Invocation-Type"
	invocationHeader = "X-Amzn-Requestid"
)

// post invokes a function at its URL. One that is invoked asynchronously is told so, and has accepted when it answers.
func (c *Client) post(ctx context.Context, to string, event []byte, async bool) ([]byte, string, error) {
	kind := types.InvocationTypeRequestResponse
	if async {
		kind = types.InvocationTypeEvent
	}
	header, answer, err := outside.Post(ctx, c.http, to, event, func(r *http.Request) error {
		r.Header.Set(typeHeader, string(kind))
		return nil
	})
	switch name := header.Get(errorHeader); {
	case name != "":
		return nil, "", failed(name, answer)
	case err != nil:
		return nil, "", err
	case isError(answer):
		return nil, "", failed("Unhandled", answer)
	}
	return answer, name(header.Get(invocationHeader)), nil
}

// sdk makes the client of AWS when it is needed first. What failed then is tried again.
func (c *Client) sdk(ctx context.Context) (*sdk.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aws != nil {
		return c.aws, nil
	}
	cfg, err := config.LoadDefaultConfig(context.WithoutCancel(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = c.options.Region
	}
	client := sdk.NewFromConfig(cfg, func(o *sdk.Options) {
		o.HTTPClient = c.http
		o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) {
			s.MaxAttempts = outside.Attempts
			s.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return outside.Pause(attempt), nil })
		})
	})
	if to := client.Options().BaseEndpoint; to != nil {
		if err := outside.CheckURL(*to); err != nil { // the SDK would quote it
			return nil, fmt.Errorf("the endpoint URL of the AWS configuration: %w", err)
		}
	}
	c.aws = client
	return c.aws, nil
}

// failed is the error of a function that has failed. Of what it says, the type of its error is let out, which is a name.
func failed(kind string, payload []byte) error {
	var said struct {
		ErrorType string `json:"errorType"`
	}
	_ = json.Unmarshal(payload, &said) // it need not say anything
	why := kind
	if said.ErrorType != "" {
		why += ", " + said.ErrorType
	}
	return fmt.Errorf("the function failed (%s)", name(why))
}

// isError says that a response is a function's error: emulators of Lambda's runtime answer so, without the header.
func isError(answer []byte) bool {
	var said struct {
		Message *string `json:"errorMessage"`
		Type    *string `json:"errorType"`
	}
	return json.Unmarshal(answer, &said) == nil && said.Message != nil && said.Type != nil
}

// name keeps a name short, and free of anything that is none.
func name(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == ',' || r == '.' || r == ':' || r == '_' || r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), 100)]
}

// brief is the SDK's error without its wrapping, and without what an endpoint says in its own words, which may quote the
// event.
func brief(err error) error {
	var (
		api  smithy.APIError
		http *awshttp.ResponseError
		sent *url.Error
	)
	switch {
	case errors.As(err, &api) && api.ErrorCode() != "UnknownError":
		return errors.New(name(api.ErrorCode()))
	case errors.As(err, &http) && http.HTTPStatusCode() != 0:
		return outside.Status(http.HTTPStatusCode())
	case errors.As(err, &sent) && sent.Op == "Post": // others are the SDK's search for credentials
		return outside.Bare(err)
	}
	return err
}

// Unasked are the functions with a URL that nobody has invoked.
func (c *Client) Unasked() []string { return c.asked.Never(c.options.URLs) }

// named finds the name that the operator has given a function a URL by: the name that the flow has for it, or else less and
// less of that.
func (c *Client) named(function string) (name string, ok bool) {
	if len(c.options.URLs) == 0 {
		return "", false
	}
	short, qualified := names(function)
	for _, n := range []string{function, strings.TrimSuffix(function, strings.TrimPrefix(qualified, short)), qualified, short} {
		if _, ok := c.options.URLs[n]; ok {
			return n, true
		}
	}
	return "", false
}

// names takes the function's name out of an ARN, a partial ARN or a name: without and with its version or alias.
func names(function string) (short, qualified string) {
	qualified = function
	if _, after, ok := strings.Cut(function, ":function:"); ok {
		qualified = after
	}
	short, _, _ = strings.Cut(qualified, ":")
	return short, qualified
}

// region is that of a function's ARN, "" when it has none.
func region(function string) string {
	parts := strings.SplitN(function, ":", 5)
	if len(parts) == 5 && parts[0] == "arn" && parts[2] == "lambda" {
		return parts[3]
	}
	return ""
}
