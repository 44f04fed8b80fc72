package parley

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// DefaultAttemptTimeout is how long one attempt may take unless [WithAttemptTimeout] says otherwise, so that a server
// which accepts a request and never answers does not hold its caller for ever.
const DefaultAttemptTimeout = time.Minute

// Option changes how requests are sent: all of a client's when given to [New], one when given to [Operation.Override].
// An option that makes no sense (an endpoint that is no URL) is reported by Send, as an [Error] of kind
// [KindConstruction].
type Option func(*settings)

// settings are what options change. A call starts from a copy of its client's.
type settings struct {
	maxAttempts         int // 0: what the AWS configuration says, three otherwise
	endpoint, region    string
	timeout             time.Duration // 0: none but the context's
	attemptTimeout      time.Duration // 0: none
	withoutLocalChecks  bool
	withoutQuotaRetries bool
	tokens              connect.IdempotencyTokenProvider
	interceptors        []Interceptor
	mutations           []func(*smithyhttp.Request) error
	err                 error  // of the options themselves
	trace               *trace // of this one call
}

func (s *settings) apply(opts []Option) {
	s.interceptors = slices.Clip(s.interceptors) // a call's must not show in the client's
	s.mutations = slices.Clip(s.mutations)
	for _, opt := range opts {
		if opt == nil {
			s.refuse(errors.New("nil is no option"))
			continue
		}
		opt(s)
	}
}

func (s *settings) refuse(err error) {
	if s.err == nil {
		s.err = err
	}
}

// WithMaxAttempts sets how often a request is sent at most, the first time included. One means no retries. The default
// is what the AWS configuration says (AWS_MAX_ATTEMPTS, max_attempts, aws.Config.RetryMaxAttempts), and three if it
// says nothing.
//
// Retried are failures that may pass: no connection, an answer cut off, an attempt that took too long, statuses 500,
// 502, 503 and 504, and the throttling codes, among which the AWS SDK counts LimitExceededException; see
// [WithoutQuotaRetries]. A retry carries the same ClientToken as the attempt before, so that a chat is started once.
func WithMaxAttempts(n int) Option {
	return func(s *settings) {
		if n < 1 {
			s.refuse(fmt.Errorf("WithMaxAttempts(%d): a request needs at least one attempt", n))
		}
		s.maxAttempts = n
	}
}

// WithoutQuotaRetries has StartChatContact and StartOutboundChatContact return at once when the quota of concurrent
// active chats is used up. By default LimitExceededException is retried like throttling, as every AWS SDK does, though
// a slot becomes free only when some chat ends. [IsActiveChatQuota] recognises the failure either way.
func WithoutQuotaRetries() Option {
	return func(s *settings) { s.withoutQuotaRetries = true }
}

// WithEndpoint sends requests of both services to a base URL such as http://127.0.0.1:4510, in place of AWS's endpoint
// for the region.
func WithEndpoint(base string) Option {
	return func(s *settings) {
		u, err := url.Parse(base)
		switch {
		case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
			s.refuse(errors.New("WithEndpoint: not an http:// or https:// URL")) // it may hold a password
		}
		s.endpoint = base
	}
}

// WithRegion sets the AWS region that requests are sent to and signed for.
func WithRegion(region string) Option {
	return func(s *settings) {
		if region == "" {
			s.refuse(errors.New("WithRegion: the region is empty"))
		}
		s.region = region
	}
}

// WithTimeout limits the time of a whole call, retries and the pauses between them included. The context's deadline
// holds too.
func WithTimeout(d time.Duration) Option {
	return func(s *settings) {
		if d <= 0 {
			s.refuse(fmt.Errorf("WithTimeout(%v): must be more than nothing", d))
		}
		s.timeout = d
	}
}

// WithAttemptTimeout limits the time of each attempt; one that takes longer is retried. 0 removes the limit. The
// default is [DefaultAttemptTimeout].
func WithAttemptTimeout(d time.Duration) Option {
	return func(s *settings) {
		if d < 0 {
			s.refuse(fmt.Errorf("WithAttemptTimeout(%v): must not be negative", d))
		}
		s.attemptTimeout = d
	}
}

// WithoutLocalChecks leaves it to the server to judge a request: missing members, rules between members, limits. What
// cannot be put into a URL or a JSON text stays an error of kind [KindConstruction].
func WithoutLocalChecks() Option {
	return func(s *settings) { s.withoutLocalChecks = true }
}

// WithClientTokens has ClientToken, where the caller left it out and the API wants one, be filled by next instead of
// with a random UUID. Tests use it to send the same bytes each time.
func WithClientTokens(next func() (string, error)) Option {
	return func(s *settings) {
		if next == nil {
			s.refuse(errors.New("WithClientTokens: nil makes no tokens"))
			return
		}
		s.tokens = tokenSource(next)
	}
}

type tokenSource func() (string, error)

func (next tokenSource) GetIdempotencyToken() (string, error) { return next() }

// WithInterceptor tells i of every attempt. Interceptors run in the order they were given.
func WithInterceptor(i Interceptor) Option {
	return func(s *settings) { s.interceptors = append(s.interceptors, i) }
}

// connect applies the settings to a call of the Connect service.
func (s *settings) connect(o *connect.Options) {
	if s.maxAttempts > 0 {
		o.RetryMaxAttempts = s.maxAttempts
	}
	if s.endpoint != "" {
		o.BaseEndpoint = aws.String(s.endpoint)
	}
	if s.region != "" {
		o.Region = s.region
	}
	if s.tokens != nil {
		o.IdempotencyTokenProvider = s.tokens
	}
	o.APIOptions = append(o.APIOptions, s.arrange)
}

// participant applies the settings to a call of the Participant Service.
func (s *settings) participant(o *connectparticipant.Options) {
	if s.maxAttempts > 0 {
		o.RetryMaxAttempts = s.maxAttempts
	}
	if s.endpoint != "" {
		o.BaseEndpoint = aws.String(s.endpoint)
	}
	if s.region != "" {
		o.Region = s.region
	}
	if s.tokens != nil {
		o.IdempotencyTokenProvider = s.tokens
	}
	o.APIOptions = append(o.APIOptions, s.arrange)
}

// arrange puts what watches and changes the attempts into the SDK's stack of middleware.
func (s *settings) arrange(stack *middleware.Stack) error {
	if s.withoutLocalChecks {
		// Operations without required members have no such step.
		_, _ = stack.Initialize.Remove("OperationInputValidation")
	}
	return errors.Join(
		stack.Finalize.Insert(attempts{s}, "Retry", middleware.After),
		// Before the hash of the payload is taken, so that the signature covers what was changed.
		stack.Finalize.Insert(changes{s}, "ResolveEndpointV2", middleware.After),
		stack.Deserialize.Add(answers{s.trace}, middleware.After),
	)
}
