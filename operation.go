package parley

import (
	"context"
	"log/slog"
	"slices"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Operation is a request that is filled in and can still be changed in how it is sent. A builder's Customize makes it;
// like the builder it is sent once, by one goroutine.
type Operation[I, O any] struct {
	operation *operation[I, O]
	request   request[I]
	settings  settings
	err       error // of the builder it came from
}

// customize moves what a builder holds into an Operation.
func customize[I, O any](o *operation[I, O], r *request[I]) *Operation[I, O] {
	c := &Operation[I, O]{operation: o, settings: r.client.base()}
	c.request.client = r.client
	in, err := r.spend()
	if err != nil {
		c.err = err
		return c
	}
	c.request.in = *in
	return c
}

// MutateRequest has mutate change the HTTP request of each attempt, after its address, headers and body are made and
// before it is signed, so that the signature covers the change. Every attempt begins with the unchanged request. An
// error ends the call. A body is replaced by storing what the request's SetStream returns.
func (c *Operation[I, O]) MutateRequest(mutate func(*smithyhttp.Request) error) *Operation[I, O] {
	if mutate != nil {
		c.use(func() { c.settings.mutations = append(slices.Clip(c.settings.mutations), mutate) })
	}
	return c
}

// Override applies options to this one call: retries, endpoint, region, timeouts and what else there is.
func (c *Operation[I, O]) Override(opts ...Option) *Operation[I, O] {
	c.use(func() { c.settings.apply(opts) })
	return c
}

// Intercept tells i of every attempt of this call, after the client's own interceptors.
func (c *Operation[I, O]) Intercept(i Interceptor) *Operation[I, O] {
	return c.Override(WithInterceptor(i))
}

func (c *Operation[I, O]) use(f func()) {
	c.request.use(func(*I) { f() })
}

// AsInput is the input that will be sent. It is not a copy.
func (c *Operation[I, O]) AsInput() *I { return &c.request.in }

// Send sends the request. Any error is an [*Error].
func (c *Operation[I, O]) Send(ctx context.Context) (*O, error) {
	in, err := c.request.spend()
	if c.err != nil {
		err = c.err
	}
	if err != nil {
		return nil, &Error{Kind: KindConstruction, Operation: c.operation.name, Err: err}
	}
	return c.operation.send(ctx, c.request.client, in, c.settings)
}

// String is the operation's name and input, without what must not be logged.
func (c *Operation[I, O]) String() string { return describe(c.operation.name, &c.request) }

// GoString is String.
func (c *Operation[I, O]) GoString() string { return c.String() }

// LogValue is String as a value for package log/slog.
func (c *Operation[I, O]) LogValue() slog.Value { return slog.StringValue(c.String()) }
