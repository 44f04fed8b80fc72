package parley

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"
)

// What is wrong with a builder that was used in a way it is not made for.
var (
	errSpent  = errors.New("the builder was used up by an earlier Send, Customize, Pages or Items: Clone it before, or make another")
	errShared = errors.New("the builder was used by two goroutines at once: give each its own, by Clone")
)

// request is what every builder holds: the input as filled in so far. It has no lock, because a builder belongs to one
// goroutine; but it notices when it is shared all the same, leaves out what came in between, and has Send say so.
type request[I any] struct {
	client *Client
	in     I
	state  atomic.Uint32 // idle, busy or spent
	shared atomic.Bool   // it was seen busy by another goroutine
}

// States of a request. Only who moved it from idle to busy, or to spent, may touch the input.
const (
	idle = iota
	busy
	spent
)

// use runs f on the input, unless the request is spent or another goroutine is using it.
func (r *request[I]) use(f func(in *I)) {
	if !r.state.CompareAndSwap(idle, busy) {
		if r.state.Load() == busy {
			r.shared.Store(true)
		}
		return
	}
	f(&r.in)
	r.state.Store(idle)
}

// read runs f on the input for reading, which a spent request allows too.
func (r *request[I]) read(f func(in *I)) {
	if r.state.Load() == spent {
		f(&r.in)
		return
	}
	r.use(f)
}

// spend ends the filling in. From here on nothing changes the input.
func (r *request[I]) spend() (*I, error) {
	if !r.state.CompareAndSwap(idle, spent) {
		if r.state.Load() == spent {
			return nil, errSpent
		}
		r.shared.Store(true)
	}
	if r.shared.Load() {
		return nil, errShared
	}
	return &r.in, nil
}

// copyTo makes another request, which has not been sent even if this one has.
func (r *request[I]) copyTo(other *request[I]) {
	other.client = r.client
	other.shared.Store(true)
	r.read(func(in *I) {
		other.in = deepCopy(*in)
		other.shared.Store(r.shared.Load())
	})
}

// send sends the request once.
func send[I, O any](ctx context.Context, o *operation[I, O], r *request[I]) (*O, error) {
	in, err := r.spend()
	if err != nil {
		return nil, &Error{Kind: KindConstruction, Operation: o.name, Err: err}
	}
	return o.send(ctx, r.client, in, r.client.base())
}

// base is a copy of the settings of a client's calls.
func (c *Client) base() settings {
	if c == nil {
		return settings{}
	}
	return c.settings
}

// deepCopy copies a value and everything exported that it leads to.
func deepCopy[T any](v T) T {
	var copied T
	reflect.ValueOf(&copied).Elem().Set(copyOf(reflect.ValueOf(&v).Elem()))
	return copied
}

func copyOf(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(copyOf(v.Elem()))
		return p
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		return copyOf(v.Elem()).Convert(v.Type())
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		s.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				s.Field(i).Set(copyOf(v.Field(i)))
			}
		}
		return s
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(copyOf(v.Index(i)))
		}
		return s
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		m := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, k := range v.MapKeys() {
			m.SetMapIndex(k, copyOf(v.MapIndex(k)))
		}
		return m
	}
	return v
}

// with sets a key of a map, which may be nil.
func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}

// optional is the pointer form of a member whose zero value means absent.
func optional[T comparable](v T) *T {
	var absent T
	if v == absent {
		return nil
	}
	return &v
}

// given is the opposite of optional.
func given[T any](v *T) T {
	if v == nil {
		var absent T
		return absent
	}
	return *v
}
