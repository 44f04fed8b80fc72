package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/parley-chat/parley/internal/agent"
	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/desk"
	"github.com/parley-chat/parley/internal/door"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/keys"
	"github.com/parley-chat/parley/internal/router"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
	"github.com/parley-chat/parley/internal/ui"
)

// Server is a contact centre, ready to be served.
type Server struct {
	cfg      Config
	store    *store.Store
	master   token.MasterKey
	lock     *store.Lock // of the SQLite file, nil for none
	keys     *keys.Ring
	tokens   *keys.Tokens
	catalog  *catalog.Catalog
	engine   *engine.Engine
	staff    *staff.Staff
	chats    *chat.Chats
	agents   *chat.Agents
	erasures *chat.Erasures
	overview *chat.Overview
	router   *router.Router
	hub      *hub.Hub
	api      *api.API
	desk     *desk.Desk
	presence *agent.Presence // nil when a closed window changes nothing
	inside   *api.API        // the same for callers in this process, without limits; nil when the configuration has none
	handler  http.Handler
	flowLog  *flowLog // nil for none
	asked    askers
	// draining says that the process is about to stop: load balancers should look elsewhere.
	draining atomic.Bool
	shut     atomic.Bool // the public addresses are closed
	web      web
	door     *door.Budget // of the requests of unauthenticated clients, on all listeners
	started  time.Time
	scarce   *descriptors
	// furnishing is held by whoever furnishes the instance, resets it, or leaves with it.
	furnishing chan struct{}
	furnished  atomic.Pointer[any] // what Furnish returned last, of the instance that is there
	whole      bool                // the instance is what it was to be furnished with; furnishing guards it
	// advancing is held by the request that moves contact time.
	advancing chan struct{}
}

// New opens the store and wires everything. The server works on its due rows only while [Server.Work] runs. A SQLite file
// that another process serves from is waited for; see [store.LockFor].
func New(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	cfg.fill()
	lock, err := cfg.lock(ctx)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, cfg, true)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	s.lock = lock
	if err := s.wire(ctx); err != nil {
		_, _ = s.store.Close(), lock.Release() // the first error says what is wrong
		return nil, err
	}
	return s, nil
}

// checkAtOnce is the size up to which a SQLite file is checked for damage before it is used, which takes up to a few seconds.
// Larger ones are checked while they are.
const checkAtOnce = 256 << 20

func (c *Config) fill() {
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = engine.WallClock{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if c.Fatal == nil {
		log := c.Log
		c.Fatal = func(err error) {
			log.Error("a commit failed in a way after which nothing may go on; start again", "error", err)
			os.Exit(1)
		}
	}
}

// open opens the store and its keys: what the administrative commands need too. A secret that is not the store's is
// found out here, before anything is sealed with it. A server checks its database for damage before it believes anything in it.
func open(ctx context.Context, cfg Config, check bool) (*Server, error) {
	if err := cfg.checkFile(); err != nil {
		return nil, err
	}
	secret, err := cfg.secret()
	if err != nil {
		return nil, err
	}
	master, err := token.NewMasterKey(secret)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, cfg.Database, store.Options{Log: cfg.Log, Fatal: cfg.Fatal, Locked: check})
	if err != nil {
		return nil, err
	}
	if check {
		if err := db.Check(checkAtOnce); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	s := &Server{
		cfg: cfg, store: db, master: master, keys: keys.New(db, master, cfg.Now), started: cfg.Now(), advancing: make(chan struct{}, 1), furnishing: make(chan struct{}, 1),
		door: door.New(unauthenticated, collect), scarce: &descriptors{log: cfg.Log, now: cfg.Now},
	}
	if s.tokens, err = s.keys.Tokens(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Server) wire(ctx context.Context) error {
	nodes := s.cfg.Nodes
	if nodes == nil {
		nodes = bus.NewLocal()
	}
	s.cfg.Dial = s.scarce.dial(s.cfg.Dial)
	ask, err := s.cfg.askers()
	if err != nil {
		return err
	}
	s.catalog = s.cfg.catalog(s.store, s.master)
	s.catalog.TrustedFunction, s.catalog.TrustedBot = ask.functions.Trusts, ask.bots.Trusts
	s.engine = s.cfg.engine(s.store, nodes, s.shared())
	s.staff = staff.New(s.engine, s.store, s.catalog, s.cfg.Clock, s.cfg.NewID)
	present := insight.NewPresent(s.store, s.catalog, s.cfg.Clock.Now, s.cfg.Now, s.cfg.NewID)
	conf := chat.Config{
		Engine: s.engine, Store: s.store, Catalog: s.catalog, Staff: s.staff, Sealer: s.tokens, Clock: s.cfg.Clock, Wall: s.cfg.Now, NewID: s.cfg.NewID,
		Partition: s.cfg.Partition, Settings: s.cfg.Settings, Log: s.cfg.Log,
		Functions: ask.functions, Bots: ask.bots, Systems: ask.systems, SignIns: ask.signIns, Figures: present, Trace: s.cfg.Dev,
	}
	s.asked = ask
	if s.cfg.Dev {
		conf.Systems = developing{ask.systems, s.cfg.Partition}
	}
	if s.cfg.FlowLog != "" {
		if s.flowLog, err = openFlowLog(s.cfg.FlowLog, s.cfg.Log); err != nil {
			return err
		}
		conf.FlowLog = s.flowLog
	}
	s.chats = chat.New(conf)
	s.agents = chat.NewAgents(s.chats)
	s.router = router.New(router.Config{
		Store: s.store, Catalog: s.catalog, Bus: nodes, Clock: s.cfg.Clock, Now: s.cfg.Now, Offer: s.agents.Offer, Holder: rand.Text(), Shared: s.shared(), Log: s.cfg.Log,
	})
	s.store.OnResources(s.router.Changed)
	s.erasures, s.overview = chat.NewErasures(s.chats), chat.NewOverview(s.chats)
	s.hub = hub.New(hub.Options{Source: source{s}, Bus: nodes, Log: s.cfg.Log, Remote: s.shared()})
	operations := api.Config{
		Chats: s.chats, Agents: s.agents, Transcripts: chat.NewTranscripts(s.chats), Erasures: s.erasures, Catalog: s.catalog, Insight: insight.NewContacts(s.store, s.cfg.Now), Figures: insight.NewFigures(s.store, s.cfg.Clock.Now), Present: present, Sockets: sockets{s}, Keys: s.keys, AnyCredentials: s.cfg.Dev, Partition: s.cfg.Partition,
		PublicURL: s.cfg.PublicURL, AnyOrigin: s.cfg.AnyOrigin, Throttle: s.cfg.Throttle, Now: s.cfg.Now, NewID: s.cfg.NewID, Log: s.cfg.Log,
	}
	s.api = api.New(operations)
	working := agent.New(s.staff, s.store, s.cfg.Now)
	if s.cfg.AgentGrace > 0 {
		s.presence = working.NewPresence(agent.PresenceConfig{
			Engine: s.engine, Grace: s.cfg.AgentGrace, Node: s.cfg.NewID(), Log: s.cfg.Log,
			Gone: func(ctx context.Context, at center.InstanceID, id center.UserID) error {
				return s.desk.Lost(ctx, at, id, s.cfg.AgentReclaim)
			},
		})
	} else {
		working.WithoutGrace(s.engine)
	}
	s.desk = desk.New(desk.Config{
		Catalog: s.catalog, Store: s.store, Staff: s.staff, Chats: s.chats, Agents: s.agents, Transcripts: operations.Transcripts, Present: present, Insight: operations.Insight, Hub: s.hub, Working: working, Presence: s.presence,
		Partition: s.cfg.Partition, PublicURL: s.cfg.PublicURL, Loopback: s.cfg.Dev, FirstAgent: seedPeople[0].name, Now: s.cfg.Now, Log: s.cfg.Log,
		Provider: ask.provider, Provided: s.cfg.OIDC.Instances,
	})
	if s.cfg.Furnish != nil || s.cfg.Leave != nil {
		operations.Throttle, operations.AnyCredentials, operations.Who = nil, true, operator()
		s.inside = api.New(operations)
	}
	err = s.seedOlder(ctx)
	if err == nil {
		_, err = s.chats.QueueOlder(ctx)
	}
	if err == nil && !s.cfg.Dev {
		err = s.warnOfSeededPasswords(ctx)
	}
	if err == nil && s.cfg.Dev {
		err = s.seed(ctx)
		if err == nil {
			err = s.Furnish(ctx)
		}
	}
	if err != nil {
		return errors.Join(err, s.flowLog.close())
	}
	s.handler = s.routes()
	return nil
}

// seedOlder gives instances of earlier versions the default resources of this one. The server starts even if an instance's
// rows are damaged.
func (s *Server) seedOlder(ctx context.Context) error {
	n, err := s.catalog.SeedOlder(ctx)
	if n > 0 {
		s.cfg.Log.Info("added the default resources of this version to older instances", "instances", n)
	}
	if errors.Is(err, center.ErrDamaged) {
		return nil // the store has logged it, and readiness reports it
	}
	return err
}

// catalog is what the instances of a store are configured with.
func (c *Config) catalog(db *store.Store, master token.MasterKey) *catalog.Catalog {
	conf := catalog.Config{Sealer: master, Store: db, Now: c.Clock.Now, NewID: c.NewID, Partition: c.Partition, Quotas: c.Settings.ResourceQuotas}
	if !c.Dev {
		conf.KnownHash = seedPasswordHash
	}
	return catalog.New(conf)
}

// engine makes facts of what is decided about the streams of a store.
func (c *Config) engine(db *store.Store, bus engine.Publisher, shared bool) *engine.Engine {
	return engine.New(engine.Config{
		Store: db, Bus: bus, Clock: c.Clock, NewID: c.NewID, Log: c.Log, Shared: shared, StateBytes: c.StateBytes,
	})
}

// shared says that other processes may write to the same store: other nodes, and on PostgreSQL nobody can tell.
func (s *Server) shared() bool { return s.cfg.Nodes != nil || isPostgres(s.cfg.Database) }

// routes is the only place where paths are handed out: the API's own, the agent's side, health, the pages, the Contact Control Panel, and in development /_parley/.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", s.live)
	mux.HandleFunc("GET /health/ready", s.ready)
	pages := ui.Handler(s.page)
	mux.Handle("GET /{$}", pages)
	mux.Handle("GET /landing.css", pages)
	choose := ui.Password(desk.LinkPage)
	for _, end := range []string{"", ".css", ".js"} {
		mux.Handle("GET "+desk.LinkPage+end, choose)
	}
	ccp := s.desk.CCP()
	for _, path := range desk.CCPPaths {
		mux.Handle("GET "+path, ccp)
	}
	if s.cfg.Dev {
		mux.Handle("GET /chat/", pages) // it starts chats through /_parley/
		mux.Handle(devPath, s.devRoutes())
	}
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if desk.Handles(r) {
			s.desk.ServeHTTP(w, r)
			return
		}
		// The API routes on the escaped path itself; ServeMux would clean what it must not touch.
		if s.api.Handles(r) {
			s.api.ServeHTTP(w, r)
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			s.api.ServeHTTP(w, r) // it answers for unknown paths, naming them
			return
		}
		mux.ServeHTTP(w, r)
	})
	if s.cfg.Dev {
		return s.fromHere(all)
	}
	return all
}

// Handler answers all requests on the public address.
func (s *Server) Handler() http.Handler { return s.handler }

// Chats are the server's chats, for those who test it.
func (s *Server) Chats() *chat.Chats { return s.chats }

// Agents are the decisions about the server's agents, for those who test it.
func (s *Server) Agents() *chat.Agents { return s.agents }

// Settle answers what is due, and what that makes due, and routes what can be routed, until nothing is left: for those who test it.
func (s *Server) Settle(ctx context.Context) error {
	for {
		if err := s.engine.Settle(ctx); err != nil {
			return err
		}
		offers, err := s.router.Settle(ctx)
		if err != nil || offers == 0 {
			return err
		}
	}
}

// Overview is what pages show of the server's chats, for those who test it.
func (s *Server) Overview() *chat.Overview { return s.overview }

// Staff are the server's agents, for those who test it.
func (s *Server) Staff() *staff.Staff { return s.staff }

// Items are the first thousand items of a stream, for those who test it.
func (s *Server) Items(ctx context.Context, id center.StreamID) ([]center.Item, error) {
	return s.store.ItemsAfter(ctx, id, 0, 1000)
}

// Catalog is what the server's instances are configured with, for those who test it.
func (s *Server) Catalog() *catalog.Catalog { return s.catalog }

// HasAccessKeys says whether anybody can sign requests.
func (s *Server) HasAccessKeys(ctx context.Context) (bool, error) {
	all, err := s.keys.List(ctx)
	return len(all) > 0, err
}

// Resync compares what sockets were shown with the store: news may have been lost.
func (s *Server) Resync() { s.hub.Resync() }

// Work fires due rows, routes contacts and erases old chats until ctx ends.
func (s *Server) Work(ctx context.Context) {
	var others sync.WaitGroup
	others.Go(func() { s.erasures.Run(ctx) })
	others.Go(func() { s.router.Run(ctx) })
	if s.presence != nil {
		others.Go(func() { s.presence.Run(ctx) })
	}
	s.engine.Run(ctx)
	others.Wait()
}

// Close closes the store and the flow log. Sockets and requests must be gone. The lock is released last: whoever waits
// for it opens the database at once.
func (s *Server) Close() error {
	if s.desk != nil { // an administrator's has none
		s.desk.Close()
	}
	return errors.Join(s.store.Close(), s.flowLog.close(), s.lock.Release())
}

func randomSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// source is what the hub asks of chats and store.
type source struct{ s *Server }

func (o source) ItemsAfter(ctx context.Context, id center.StreamID, seq int64, limit int) ([]center.Item, error) {
	return o.s.store.ItemsAfter(ctx, id, seq, limit)
}

func (o source) LastSeqs(ctx context.Context, ids []center.StreamID) (map[center.StreamID]int64, error) {
	if len(ids) == 1 { // a room that opens
		if seq, known := o.s.engine.LastSeq(ids[0]); known {
			return map[center.StreamID]int64{ids[0]: seq}, nil
		}
	}
	return o.s.store.LastSeqs(ctx, ids)
}

func (o source) Connected(ctx context.Context, v hub.Viewer) error {
	return o.s.chats.Connected(ctx, chat.Caller{Chat: center.ChatID(v.Chat), Contact: v.Contact, Participant: v.Participant, Role: v.Role})
}

// socketsPerParticipant is the documented quota of connections.
const socketsPerParticipant = 5

// sockets hands the API's sockets to the hub.
type sockets struct{ s *Server }

func (k sockets) Serve(w http.ResponseWriter, r *http.Request, who chat.Caller) {
	k.s.hub.Serve(w, r, hub.Socket{
		Principal: string(who.Participant), Limit: socketsPerParticipant,
		Viewer: hub.Viewer{Chat: center.StreamID(who.Chat), Contact: who.Contact, Participant: who.Participant, Role: who.Role},
	})
}

func (k sockets) Joining(ctx context.Context, id center.ParticipantID) bool {
	return k.s.hub.Joining(ctx, string(id))
}

func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintln(w, "live")
}

// maxSkew is how far this node's clock may be off the database's.
const maxSkew = 2 * time.Second

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.readiness(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ready")
}

func (s *Server) readiness(ctx context.Context) error {
	if s.draining.Load() {
		return errors.New("not ready: stopping")
	}
	if s.store.Damage() != nil {
		return errors.New("not ready: the database is damaged; the log says where. Restore a backup")
	}
	if err := s.store.Health(ctx); err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	before := s.cfg.Now()
	there, ok, err := s.store.Clock(ctx)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	if !ok {
		return nil
	}
	return skewed(before.Add(s.cfg.Now().Sub(before)/2), there)
}

// skewed refuses a clock that is too far off the database's: timers would fire on one node before another has put them.
func skewed(here, there time.Time) error {
	if off := here.Sub(there); off.Abs() > maxSkew {
		return fmt.Errorf("not ready: this node's clock is %v off the database's; at most %v is allowed", off.Round(time.Millisecond), maxSkew)
	}
	return nil
}
