package parley

import (
	"context"
	"errors"
	"iter"

	"github.com/aws/smithy-go"
)

// pages sends a request again and again, each time with the token of the page before, until the service says that
// there is no more. Every page is a call with attempts of its own.
func pages[I, O any](ctx context.Context, o *operation[I, O], r *request[I], token func(*I) **string, next func(*O) *string) iter.Seq2[*O, error] {
	return func(yield func(*O, error) bool) {
		fail := func(kind Kind, err error) {
			yield(nil, &Error{Kind: kind, Operation: o.name, Err: err})
		}
		in, err := r.spend()
		if err != nil {
			fail(KindConstruction, err)
			return
		}
		page := *in
		for {
			out, err := o.send(ctx, r.client, &page, r.client.base())
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(out, nil) {
				return
			}
			following := given(next(out))
			if following == "" {
				return
			}
			if following == given(*token(&page)) {
				fail(KindResponse, &smithy.DeserializationError{Err: errors.New("a page names itself as the next one")})
				return
			}
			*token(&page) = &following
		}
	}
}

// items are what is on the pages, one by one.
func items[O, T any](pages iter.Seq2[*O, error], of func(*O) []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range of(page) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}
