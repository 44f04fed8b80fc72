// Package router routes contacts: it offers what waits in queues to agents, as package routing decides.
//
// One process does it for all instances of a store. Where other nodes write to the store, the one that holds the lease routes.
// The lease spares work and is no lock: an offer is compared with what is stored when it is committed, so two routers at once do
// no harm. A [Router] keeps an index of rows, hears from the bus which of them have changed, reads those again, and looks at
// all of them now and then, since news may be lost.
//
// It depends on routing, catalog, store and center. It decides nothing about a chat or an agent itself.
package router

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
	"github.com/parley-chat/parley/internal/store"
)

// Clock is contact time; see engine.Clock.
type Clock interface {
	Now() time.Time
	Timer(t time.Time) (due <-chan struct{}, stop func())
}

// Bus carries the news of rows that have changed.
type Bus interface {
	Listen(stream center.StreamID, deliver func([]center.Item)) (stop func())
}

// Config is what a Router is made of. All of it is required.
type Config struct {
	Store   *store.Store
	Catalog *catalog.Catalog
	Bus     Bus
	Clock   Clock
	Now     func() time.Time // real time, for the lease
	// Offer offers a contact to an agent who may have so many chats for that. It refuses if the contact or the agent is not as
	// the router has seen.
	Offer  func(ctx context.Context, at center.InstanceID, contact center.ContactID, to center.UserID, limit int) error
	Holder string // names this node among those that share the store
	// Shared says that other nodes write to the same store.
	Shared bool
	Log    *slog.Logger
}

const (
	leaseTask  = "router"
	leaseFor   = 3 * time.Second
	leaseEvery = time.Second
	// lookEvery is how often the store is looked at where other nodes write to it, and lookAlone where none does.
	lookEvery = 2 * time.Second
	lookAlone = time.Minute
	// atOnce is how many offers are committed at a time.
	atOnce = 32
	// resignWithin is how long giving the lease back may take.
	resignWithin = 2 * time.Second
)

// Router routes the contacts of one store. All methods may be called from any goroutine.
type Router struct {
	Config
	wake chan struct{}
	turn chan struct{} // held by whoever works on what stands below, and on sites
	// leads says that this node routes. looked is when it last looked at the whole store, renewed when it last took the lease,
	// both by real time.
	leads           bool
	looked, renewed time.Time
	sites           map[center.InstanceID]*site

	mu    sync.Mutex
	heard map[about]bool // rows that have changed since they were read
	stale bool           // the configuration may have changed

	figures figures
}

// about is what a piece of news is about.
type about struct {
	kind     string
	instance center.InstanceID
	stream   center.StreamID
}

// site is an instance as the router knows it.
type site struct {
	index   *routing.Index
	routing *catalog.Routing
	chats   map[center.ChatID][]center.ContactID // contacts of the index by chat
	agents  map[center.UserID]store.AgentAtWork
	back    setbacks
}

// figures are what the router has done since it was made.
type figures struct {
	leads                                   atomic.Bool
	passes, offers, refused, looks, renewed atomic.Int64
	passTime, offerTime                     atomic.Int64 // nanoseconds, of all
	waiting, agents                         atomic.Int64
	next                                    atomic.Int64 // milliseconds since 1970; 0: never
}

// Stats are what a router has done since it was made, and what it sees.
type Stats struct {
	Leads           bool // this node routes
	Waiting, Agents int64
	Passes, Looks   int64
	Offers, Refused int64
	Renewals        int64 // of the lease
	PassSeconds     float64
	OfferSeconds    float64 // until the offer was committed
}

// Stats returns the figures at this moment.
func (r *Router) Stats() Stats {
	f := &r.figures
	seconds := func(n *atomic.Int64) float64 { return time.Duration(n.Load()).Seconds() }
	return Stats{
		f.leads.Load(), f.waiting.Load(), f.agents.Load(), f.passes.Load(), f.looks.Load(), f.offers.Load(), f.refused.Load(), f.renewed.Load(),
		seconds(&f.passTime), seconds(&f.offerTime),
	}
}

// New returns a Router that does nothing until [Router.Run].
func New(c Config) *Router {
	return &Router{Config: c, wake: make(chan struct{}, 1), turn: make(chan struct{}, 1), sites: map[center.InstanceID]*site{}, heard: map[about]bool{}}
}

// Changed tells the router that the configuration of an instance may have changed.
func (r *Router) Changed() {
	r.mu.Lock()
	r.stale = true
	r.mu.Unlock()
	r.nudge()
}

func (r *Router) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Router) hear(items []center.Item) {
	r.mu.Lock()
	for i := range items {
		it := &items[i]
		r.heard[about{it.ContentType, center.InstanceID(it.Content), center.StreamID(it.Contact)}] = true
	}
	r.mu.Unlock()
	r.nudge()
}

// Run routes until ctx ends, while this node is the one that does, and gives the lease back.
func (r *Router) Run(ctx context.Context) {
	stop := r.Bus.Listen(center.RoutingNews, r.hear)
	defer stop()
	defer r.resign()
	for ctx.Err() == nil {
		next, retry := r.route(ctx)
		r.sleep(ctx, next, retry)
	}
}

// sleep waits for news, for contact time to reach next, for real time to reach retry (zero: never), or until the store is to be
// looked at.
func (r *Router) sleep(ctx context.Context, next, retry time.Time) {
	wait := lookAlone
	if r.Shared {
		wait = leaseEvery
	}
	if !retry.IsZero() {
		wait = max(0, min(wait, retry.Sub(r.Now())))
	}
	real := time.NewTimer(wait)
	defer real.Stop()
	var due <-chan struct{}
	if !next.IsZero() {
		timer, stop := r.Clock.Timer(next)
		defer stop()
		due = timer
	}
	select {
	case <-r.wake:
	case <-due:
	case <-real.C:
	case <-ctx.Done():
	}
}

// Next is when time alone changes what can be offered, as of the last pass; zero for never.
func (r *Router) Next() time.Time {
	if at := r.figures.next.Load(); at != 0 {
		return time.UnixMilli(at).UTC()
	}
	return time.Time{}
}

// Settle routes what can be routed now, if this node routes.
func (r *Router) Settle(ctx context.Context) (offers int, err error) {
	before := r.figures.offers.Load()
	if err := r.enter(ctx); err != nil {
		return 0, err
	}
	defer r.leave()
	_, _, err = r.rounds(ctx)
	return int(r.figures.offers.Load() - before), err
}

func (r *Router) enter(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Router) leave() { <-r.turn }

// route makes passes until nothing more can be offered. It returns when time alone changes that, and when, by real time, it is
// to be tried again; zero is never for both.
func (r *Router) route(ctx context.Context) (next, retry time.Time) {
	if r.enter(ctx) != nil {
		return time.Time{}, time.Time{}
	}
	defer r.leave()
	next, retry, err := r.rounds(ctx)
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("routing is tried again soon", "error", err)
		return time.Time{}, r.Now().Add(readAfter)
	}
	return next, retry
}

// lead says whether this node routes, and takes the lease or takes it again when it is time to.
func (r *Router) lead(ctx context.Context) bool {
	if !r.Shared {
		r.leads = true
		r.figures.leads.Store(true)
		return true
	}
	now := r.Now()
	if r.leads && now.Sub(r.renewed) < leaseEvery {
		return true
	}
	held, err := r.Store.Lease(ctx, leaseTask, r.Holder, now, now.Add(leaseFor))
	switch {
	case err != nil && r.leads && now.Sub(r.renewed) < leaseFor:
		return true // the lease has not ended
	case err != nil && ctx.Err() == nil:
		r.Log.Warn("the lease of routing was not taken", "error", err)
	}
	if held && err == nil {
		r.renewed = now
		r.figures.renewed.Add(1)
	} else {
		held = false
	}
	if held != r.leads {
		r.Log.Info("routing of this node", "routes", held)
		r.sites, r.looked = map[center.InstanceID]*site{}, time.Time{}
	}
	r.leads = held
	r.figures.leads.Store(held)
	return held
}

// resign gives the lease back, so that another node need not wait for its end.
func (r *Router) resign() {
	ctx, cancel := context.WithTimeout(context.Background(), resignWithin)
	defer cancel()
	if r.enter(ctx) != nil {
		return
	}
	defer r.leave()
	if r.leads && r.Shared {
		if err := r.Store.EndLease(ctx, leaseTask, r.Holder); err != nil {
			r.Log.Warn("the lease of routing was not given back; it ends by itself", "error", err)
		}
	}
	r.leads = false
	r.figures.leads.Store(false)
}

// rounds reads what has changed, offers what can be offered, and does that again until there is nothing to offer.
func (r *Router) rounds(ctx context.Context) (next, retry time.Time, err error) {
	for {
		if !r.lead(ctx) {
			return time.Time{}, time.Time{}, ctx.Err()
		}
		if err := r.read(ctx); err != nil {
			return time.Time{}, time.Time{}, err
		}
		offered := false
		next, retry = time.Time{}, time.Time{}
		for at, s := range r.sites {
			began := r.Now()
			retry = sooner(retry, s.leaveOut(began))
			offers, soon := s.index.Match(r.Clock.Now())
			r.figures.passes.Add(1)
			r.figures.passTime.Add(int64(r.Now().Sub(began)))
			next = sooner(next, soon)
			r.offer(ctx, at, s, offers)
			offered = offered || len(offers) > 0
		}
		if ctx.Err() != nil {
			return time.Time{}, time.Time{}, ctx.Err()
		}
		r.figures.next.Store(millis(next))
		if !offered {
			return next, retry, nil
		}
	}
}

// sooner is the earlier of two times, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// offer commits offers, as long as this node routes. What a refused one was decided on is read again with the next round.
func (r *Router) offer(ctx context.Context, at center.InstanceID, s *site, offers []routing.Offer) {
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	no := make([]bool, len(offers))
	for i, o := range offers {
		if !r.lead(ctx) { // many offers take long, and the lease is renewed meanwhile
			offers = offers[:i]
			break
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			began := r.Now()
			err := r.Offer(ctx, at, o.Contact, o.Agent, o.Limit)
			r.figures.offerTime.Add(int64(r.Now().Sub(began)))
			if no[i] = err != nil; err == nil {
				r.figures.offers.Add(1)
				return
			}
			r.figures.refused.Add(1)
			switch {
			case center.Refused(err):
				r.Log.Debug("an offer was refused", "contact", o.Contact, "agent", o.Agent, "error", err)
			case !errors.Is(err, context.Canceled):
				r.Log.Warn("an offer failed", "contact", o.Contact, "agent", o.Agent, "error", err)
			}
		})
	}
	all.Wait()
	now := r.Now()
	for i := range offers {
		o := &offers[i]
		if !no[i] {
			s.succeeded(o)
			continue
		}
		s.refused(o, now)
		c, _ := s.index.Contact(o.Contact)
		r.mu.Lock()
		r.heard[about{center.NewsOfWaiting, at, center.StreamID(c.Chat)}] = true
		r.heard[about{center.NewsOfAgent, at, center.StreamID(o.Agent)}] = true
		r.mu.Unlock()
	}
}

// millis rounds up, so that what is due at t is due at that millisecond.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Millisecond - 1).UnixMilli()
}
