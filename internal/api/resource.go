package api

import (
	"cmp"
	"context"
	"slices"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire"
)

// What the operations on an instance's resources have in common. An operation is a row of a table of handlers: one of
// these adapters, with what is its own: how its request reads, how its answer is written.

// The inputs of operations by what they name; wire/gen writes the methods.
type (
	inInstance interface {
		wire.Input
		AtInstance() string
	}
	onResource interface {
		inInstance
		OnResource() string
	}
	paged interface {
		inInstance
		Page() (nextToken *string, maxResults *int64)
	}
	pagedOn interface {
		paged
		OnResource() string
	}
	// empty is an answer that can be made of nothing.
	empty[O any] interface {
		*O
		wire.Output
	}
)

// call is one request on an instance.
type call struct {
	*API
	x  *exchange
	at center.InstanceID
}

func (c call) ctx() context.Context { return c.x.r.Context() }

// answers adapts an operation on an instance.
func answers[I inInstance, O wire.Output](f func(call, I) (O, error)) handler {
	return signedOp(func(a *API, x *exchange, in I) (O, error) {
		return f(call{a, x, center.ParseInstance(in.AtInstance())}, in)
	})
}

// does adapts an operation on an instance whose answer is empty.
func does[O any, P empty[O], I inInstance](f func(call, I) error) handler {
	return answers(func(c call, in I) (P, error) { return new(O), f(c, in) })
}

// listing adapts a list: standard is the length of a page when none is asked for, valid knows a token's key, find reads
// up to limit records after a key, and key is a record's.
type listing[I paged, T any, O wire.Output] struct {
	standard int
	valid    func(key string) bool // nil: a UUID
	find     func(c call, in I, after string, limit int) ([]T, error)
	key      func(*T) string
	answer   func(c call, found []T, next *string) O
}

func (l listing[I, T, O]) handler() handler {
	valid := l.valid
	if valid == nil {
		valid = isUUID
	}
	return answers(func(c call, in I) (out O, err error) {
		token, most := in.Page()
		after, limit, err := pageAfter(token, most, l.standard, valid)
		if err != nil {
			return out, err
		}
		found, err := l.find(c, in, after, limit+1)
		if err != nil {
			return out, err
		}
		found, next := cut(found, limit, l.key)
		return l.answer(c, found, next), nil
	})
}

// pages adapts a list that is the only one of its form.
func pages[I paged, T any, O wire.Output](l listing[I, T, O]) handler { return l.handler() }

// made is what the answer to making a resource says of it.
type made struct{ id, arn *string }

// madeOf names a record of a kind.
func madeOf[R any](c call, kind *catalog.Kind[R], record *R) made {
	id, arn := kind.ID(record), kind.ARN(c.Partition, c.at, record)
	return made{&id, &arn}
}

// head is what a request says of a resource whose name and description it has.
func head[ID ~string](name, description *string, tags map[string]string) center.Head[ID] {
	return center.Head[ID]{Name: value(name), Description: value(description), Tags: tags}
}

// creates adapts the operation that makes a resource.
func creates[I inInstance, R any, O wire.Output](of *catalog.Kind[R], read func(call, I) (*R, error), answer func(made) O) handler {
	return answers(func(c call, in I) (out O, err error) {
		record, err := read(c, in)
		if err != nil {
			return out, err
		}
		if _, err := of.Create(c.ctx(), c.Catalog, c.at, record, catalog.ClientToken{}); err != nil {
			return out, err
		}
		return answer(madeOf(c, of, record)), nil
	})
}

// describes adapts the operation that shows a resource.
func describes[I onResource, R any, O wire.Output](of *catalog.Kind[R], answer func(call, made, *R) O) handler {
	return answers(func(c call, in I) (out O, err error) {
		record, err := of.Get(c.ctx(), c.Catalog, c.at, of.ParseID(in.OnResource()))
		if err != nil {
			return out, err
		}
		return answer(c, madeOf(c, of, record), record), nil
	})
}

// lists adapts the operation that lists the resources of a kind, those that keep lets through (nil: all).
func lists[I paged, R, S any, O wire.Output](of *catalog.Kind[R], standard int, keep func(in I) func(*R) bool, summary func(call, made, *R) S, answer func([]S, *string) O) handler {
	return listsBy(of, standard, isUUID, keep, summary, answer)
}

// listsBy is lists for resources whose ids are no UUIDs but something else that valid knows.
func listsBy[I paged, R, S any, O wire.Output](of *catalog.Kind[R], standard int, valid func(id string) bool, keep func(in I) func(*R) bool, summary func(call, made, *R) S, answer func([]S, *string) O) handler {
	return listing[I, R, O]{
		standard: standard, valid: valid, key: of.ID,
		find: func(c call, in I, after string, limit int) ([]R, error) {
			var filter func(*R) bool
			if keep != nil {
				filter = keep(in)
			}
			return of.List(c.ctx(), c.Catalog, c.at, after, limit, filter)
		},
		answer: func(c call, found []R, next *string) O {
			all := make([]S, len(found))
			for i := range found {
				all[i] = summary(c, madeOf(c, of, &found[i]), &found[i])
			}
			return answer(all, next)
		},
	}.handler()
}

// listsIn adapts the operation that lists values which a record has in itself, in the order of their keys.
func listsIn[I pagedOn, R, V any, O wire.Output](of *catalog.Kind[R], values func(*R) []V, key func(*V) string, answer func(call, *R, []V, *string) O) handler {
	return answers(func(c call, in I) (out O, err error) {
		token, most := in.Page()
		after, limit, err := pageAfter(token, most, listsInPage, func(string) bool { return true })
		if err != nil {
			return out, err
		}
		record, err := of.Get(c.ctx(), c.Catalog, c.at, of.ParseID(in.OnResource()))
		if err != nil {
			return out, err
		}
		all := slices.Clone(values(record))
		slices.SortStableFunc(all, func(a, b V) int { return cmp.Compare(key(&a), key(&b)) })
		all = slices.DeleteFunc(all, func(v V) bool { return token != nil && key(&v) <= after })
		found, next := cut(all[:min(limit+1, len(all))], limit, key)
		return answer(c, record, append([]V{}, found...), next), nil
	})
}

// listsInPage is the documented default of the lists of flow modules of security profiles; for the others it is inferred.
const listsInPage = 100

// updates adapts an operation that changes a resource. edit may be called again.
func updates[O any, P empty[O], I onResource, R any](of *catalog.Kind[R], edit func(call, I, *R) error) handler {
	return does[O, P](func(c call, in I) error {
		return of.Update(c.ctx(), c.Catalog, c.at, of.ParseID(in.OnResource()), 0, func(record *R) error { return edit(c, in, record) })
	})
}

// deletes adapts the operation that deletes a resource.
func deletes[O any, P empty[O], I onResource, R any](of *catalog.Kind[R]) handler {
	return does[O, P](func(c call, in I) error {
		return of.Delete(c.ctx(), c.Catalog, c.at, of.ParseID(in.OnResource()))
	})
}

// set changes what a request names.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// oneOf keeps the records whose word is among those asked for; none asked for is all.
func oneOf[R any](asked []string, word func(*R) string) func(*R) bool {
	if len(asked) == 0 {
		return nil
	}
	return func(r *R) bool { return slices.Contains(asked, word(r)) }
}
