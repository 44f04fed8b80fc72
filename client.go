package parley

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"
)

// Client starts requests: one method for each operation, each giving a builder to fill in and send. It is safe for use
// by several goroutines at once; the builders are not.
type Client struct {
	config      aws.Config
	settings    settings
	connect     *connect.Client
	participant *connectparticipant.Client
}

// New returns a client for the account, region and endpoint of an AWS configuration, as config.LoadDefaultConfig makes
// it. The configuration is copied. New itself cannot fail and sends nothing: what is missing (a region, credentials) is
// said by Send, as an [Error] of kind [KindConstruction].
//
// Set cfg.BaseEndpoint, or pass [WithEndpoint], to speak to a parley server instead of AWS.
func New(cfg aws.Config, opts ...Option) *Client {
	c := &Client{config: cfg.Copy(), settings: settings{attemptTimeout: DefaultAttemptTimeout}}
	c.settings.apply(opts)
	c.connect = connect.NewFromConfig(c.config, func(o *connect.Options) { o.HTTPClient = direct(o.HTTPClient) })
	c.participant = connectparticipant.NewFromConfig(c.config, func(o *connectparticipant.Options) { o.HTTPClient = direct(o.HTTPClient) })
	return c
}

// operation is one operation of the API and the SDK's way to call it.
type operation[I, O any] struct {
	name     string
	required []string // members that the API model requires, in the model's order
	signed   bool     // by AWS credentials; the Participant Service takes a token in their place
	call     func(ctx context.Context, c *Client, in *I, s *settings) (*O, error)
}

func connectOperation[I, O any](name string, call func(*connect.Client, context.Context, *I, ...func(*connect.Options)) (*O, error), required ...string) *operation[I, O] {
	return &operation[I, O]{name: name, required: required, signed: true, call: func(ctx context.Context, c *Client, in *I, s *settings) (*O, error) {
		return call(c.connect, ctx, in, s.connect)
	}}
}

func participantOperation[I, O any](name string, call func(*connectparticipant.Client, context.Context, *I, ...func(*connectparticipant.Options)) (*O, error), required ...string) *operation[I, O] {
	return &operation[I, O]{name: name, required: required, call: func(ctx context.Context, c *Client, in *I, s *settings) (*O, error) {
		return call(c.participant, ctx, in, s.participant)
	}}
}

// send checks the input, sends it through the SDK and turns whatever goes wrong into an *Error. The SDK fills an absent
// ClientToken into the structure that it is given, so it gets a copy.
func (o *operation[I, O]) send(ctx context.Context, c *Client, in *I, s settings) (*O, error) {
	if err := o.check(c, in, &s); err != nil {
		return nil, &Error{Kind: KindConstruction, Operation: o.name, Err: err}
	}
	if ctx == nil {
		ctx = context.Background()
	}
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	t := &trace{operation: o.name}
	s.trace = t
	sent := *in
	out, err := o.call(ctx, c, &sent, &s)
	if err != nil {
		return nil, t.explain(err)
	}
	return out, nil
}

// check says what is wrong with a request before anything is sent.
func (o *operation[I, O]) check(c *Client, in *I, s *settings) error {
	if c == nil || c.connect == nil || c.participant == nil {
		return errors.New("the builder has no client: make clients with parley.New, and builders with the client's methods")
	}
	if s.err != nil {
		return s.err
	}
	if s.withoutLocalChecks {
		return nil
	}
	// An endpoint needs a region too: signatures name it.
	if s.region == "" && c.config.Region == "" {
		return errors.New("no region: set the Region of the aws.Config, or pass parley.WithRegion")
	}
	if o.signed && c.config.Credentials == nil {
		return errors.New("no credentials: set the Credentials of the aws.Config")
	}
	if err := checkRequired(in, o.required); err != nil {
		return err
	}
	if err := checkText(in); err != nil {
		return err
	}
	if err := checkRules(in); err != nil {
		return fmt.Errorf("%w (parley.WithoutLocalChecks leaves this to the server)", err)
	}
	return nil
}
