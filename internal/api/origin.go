package api

import (
	"context"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// Pages of which origins may call participants' operations and open their sockets is the instance's to say. One without a
// list does not ask. A request without Origin comes from no page, and one from this server's own pages is not cross-origin:
// both are left alone.

var originOps = map[string]handler{
	"AssociateApprovedOrigin": does[connect.AssociateApprovedOriginOutput](func(c call, in *connect.AssociateApprovedOriginInput) error {
		defer c.origins.forget(c.at)
		return catalog.Associate(c.ctx(), c.Catalog, c.at, catalog.ApprovedOrigins, &center.ApprovedOrigin{Origin: *in.Origin}, value(in.ClientToken))
	}),
	"DisassociateApprovedOrigin": does[connect.DisassociateApprovedOriginOutput](func(c call, in *connect.DisassociateApprovedOriginInput) error {
		defer c.origins.forget(c.at)
		return catalog.ApprovedOrigins.Remove(c.ctx(), c.Catalog, c.at, *in.Origin)
	}),
	"ListApprovedOrigins": listing[*connect.ListApprovedOriginsInput, center.ApprovedOrigin, *connect.ListApprovedOriginsOutput]{
		standard: listFunctionsPage, valid: func(s string) bool { return center.CheckOrigin(s) == nil }, key: (*center.ApprovedOrigin).Key,
		find: func(c call, _ *connect.ListApprovedOriginsInput, after string, limit int) ([]center.ApprovedOrigin, error) {
			return catalog.ApprovedOrigins.List(c.ctx(), c.Catalog, c.at, after, limit)
		},
		answer: func(_ call, found []center.ApprovedOrigin, next *string) *connect.ListApprovedOriginsOutput {
			out := &connect.ListApprovedOriginsOutput{Origins: make([]string, len(found)), NextToken: next}
			for i := range found {
				out.Origins[i] = found[i].Origin
			}
			return out
		},
	}.handler(),
}

// originsFresh is how long what instances approve of is believed without a look at the store. A change on another node
// holds here after twice that: who finds it too old while somebody looks already takes it once more.
const originsFresh = time.Second

// fresh is something read from the store that is read again at most once in [originsFresh].
type fresh[T any] struct {
	known   atomic.Pointer[dated[T]]
	reading chan struct{} // held by whoever reads
}

type dated[T any] struct {
	value T
	read  time.Time
}

func newFresh[T any]() *fresh[T] { return &fresh[T]{reading: make(chan struct{}, 1)} }

func (f *fresh[T]) get(ctx context.Context, now func() time.Time, read func(context.Context) (T, error)) (value T, err error) {
	known := f.known.Load()
	switch {
	case known == nil || now().Sub(known.read) >= 2*originsFresh:
		select {
		case f.reading <- struct{}{}:
		case <-ctx.Done():
			return value, ctx.Err()
		}
	case now().Sub(known.read) < originsFresh:
		return known.value, nil
	default:
		select {
		case f.reading <- struct{}{}:
		default:
			return known.value, nil
		}
	}
	defer func() { <-f.reading }()
	if known = f.known.Load(); known != nil && now().Sub(known.read) < originsFresh {
		return known.value, nil
	}
	at := now()
	if value, err = read(ctx); err == nil {
		f.known.Store(&dated[T]{value, at})
	}
	return value, err
}

// origins is what instances approve of: as far as requests have asked lately.
type origins struct {
	mu        sync.RWMutex
	of        map[center.InstanceID]*fresh[map[string]bool] // without a list: nil
	instances *fresh[[]center.Instance]
}

// forget has the next request look at the store. Who reads meanwhile keeps what they find to themselves.
func (o *origins) forget(at center.InstanceID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.of, at)
	o.instances = nil
}

// maxOrigins bounds the lists that are kept.
const maxOrigins = 4096

func (o *origins) list(at center.InstanceID) *fresh[map[string]bool] {
	o.mu.RLock()
	f := o.of[at]
	o.mu.RUnlock()
	if f != nil {
		return f
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if f = o.of[at]; f != nil {
		return f
	}
	if o.of == nil || len(o.of) >= maxOrigins {
		o.of = map[center.InstanceID]*fresh[map[string]bool]{}
	}
	f = newFresh[map[string]bool]()
	o.of[at] = f
	return f
}

func (o *origins) all() *fresh[[]center.Instance] {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.instances == nil {
		o.instances = newFresh[[]center.Instance]()
	}
	return o.instances
}

// verdict is what is said about a page's origin.
type verdict int

const (
	disapproved verdict = iota
	approved            // by its name
	unasked             // there is no list
)

// approves says what an instance says about an origin.
func (a *API) approves(r *http.Request, at center.InstanceID, origin string) (verdict, error) {
	list, err := a.origins.list(at).get(r.Context(), a.Now, func(ctx context.Context) (map[string]bool, error) {
		return a.Catalog.OriginsOf(ctx, at)
	})
	if err != nil {
		return disapproved, err
	}
	if list == nil {
		return unasked, nil
	}
	if list[origin] {
		return approved, nil // as browsers spell it
	}
	spelled, ok := center.CanonicalOrigin(origin)
	if ok && (list[spelled] || spelled == center.OwnOrigin(a.PublicURL, r.Host, r.TLS != nil)) {
		return approved, nil
	}
	return disapproved, nil
}

// anyApproves says what is said of an origin while nobody knows which instance is meant: before a token is opened. A preflight
// has none.
func (a *API) anyApproves(r *http.Request, origin string) (verdict, error) {
	all, err := a.origins.all().get(r.Context(), a.Now, func(ctx context.Context) ([]center.Instance, error) {
		return a.Catalog.Instances(ctx, "", math.MaxInt)
	})
	if err != nil {
		return disapproved, err
	}
	best := disapproved
	if len(all) == 0 {
		best = unasked
	}
	for i := range all {
		v, err := a.approves(r, all[i].ID, origin)
		if err != nil {
			return disapproved, err
		}
		if best = max(best, v); best == unasked {
			break
		}
	}
	return best, nil
}

// origin is that of the page which a participant's request comes from; ok is false where nothing is asked about it.
func (x *exchange) origin() (origin string, ok bool) {
	values := x.r.Header["Origin"]
	if len(values) == 0 || x.a.AnyOrigin || x.service != participantService {
		return "", false
	}
	return strings.Join(values, ", "), true // more than one are none that could be approved
}

// cross lets a page of the origin read the answer, or refuses its request. The answer tells of an origin where there are
// lists, so that caches keep it apart from those to others.
func (x *exchange) cross(v verdict, err error) *failure {
	h := x.w.Header()
	switch {
	case err != nil:
		f := x.internal()
		f.cause = err
		return f
	case v == unasked:
		return nil
	}
	h["Vary"] = varyOrigin
	if v == approved {
		h["Access-Control-Allow-Origin"] = x.r.Header["Origin"]
		return nil
	}
	delete(h, "Access-Control-Allow-Origin")
	return &failure{ErrorShape: wire.AccessDeniedException, message: notApproved}
}

const notApproved = "The request's Origin is none of the approved origins of the Amazon Connect instance; AssociateApprovedOrigin adds one."

// crossKnown holds a participant's request to the list of their instance.
func (x *exchange) crossKnown() *failure {
	origin, ok := x.origin()
	if !ok {
		return nil
	}
	v, err := x.a.approves(x.r, x.who.Instance, origin)
	return x.cross(v, err)
}

// crossUnknown is crossKnown while nobody knows whose request it is.
func (x *exchange) crossUnknown() *failure {
	origin, ok := x.origin()
	if !ok {
		return nil
	}
	v, err := x.a.anyApproves(x.r, origin)
	return x.cross(v, err)
}
