package desk

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/agent"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/door"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/oidc"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
)

// Prefix is what the paths of all operations begin with.
const Prefix = "/agent/v1/"

// Config is what a [Desk] is made of.
type Config struct {
	Catalog     *catalog.Catalog
	Store       *store.Store
	Staff       *staff.Staff
	Chats       *chat.Chats
	Agents      *chat.Agents
	Transcripts *chat.Transcripts
	Hub         *hub.Hub
	Present     *insight.Present
	Insight     *insight.Contacts
	Working     *agent.Agents
	// Presence hears of windows that are opened and closed; nil where it does not matter.
	Presence  *agent.Presence
	Partition center.Partition
	// PublicURL is how clients reach this server, "https://chat.example.com". Empty: as the request at hand has reached it.
	PublicURL string
	// Provider is where users of the instances Provided sign in, each by its id or alias; nil: nowhere.
	Provider *oidc.Client
	Provided []string
	// Loopback lets pages of this machine call, whatever the instances approve of: for development alone.
	Loopback bool
	// FirstAgent is the name of the user whom the Contact Control Panel signs in without a password unless its address names another: with
	// Loopback alone.
	FirstAgent string
	Now        func() time.Time // real time; nil is time.Now
	Log        *slog.Logger     // nil logs nothing
}

// Desk answers the operations of the agent's side. All methods may be called from any goroutine.
type Desk struct {
	Config
	mux    *http.ServeMux
	gate   gate
	limits limits
	// computed counts snapshots for windows.
	computed atomic.Int64

	running   sync.WaitGroup // goroutines of windows and of check
	mu        sync.Mutex
	windows   map[*window]struct{} // sockets of this node
	boards    map[center.UserID]*board
	checking  bool // the goroutine of check runs
	stopCheck context.CancelFunc
}

// New returns a Desk ready to serve.
func New(c Config) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	d := &Desk{Config: c, mux: http.NewServeMux(), gate: newGate()}
	for i := range routes {
		rt := &routes[i]
		d.mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { d.serve(w, r, rt) })
	}
	return d
}

// Handles says whether a request is the desk's to answer.
func Handles(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, Prefix) }

// ServeHTTP answers all requests below [Prefix].
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store") // answers are about one user, and some hold tokens
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		if err := d.preflight(w, r); err != nil {
			d.fail(w, r, err)
		}
		return
	}
	if _, pattern := d.mux.Handler(r); pattern == "" {
		d.fail(w, r, d.unknown(w, r))
		return
	}
	d.mux.ServeHTTP(w, r)
}

// unknown is the refusal of a request that no route takes.
func (d *Desk) unknown(w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if _, pattern := d.mux.Handler(&http.Request{Method: method, Host: r.Host, URL: r.URL}); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return &fault{http.StatusNotFound, "UnknownOperationException", "No operation has this path."}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &fault{http.StatusMethodNotAllowed, "UnknownOperationException", "This path is called with " + strings.Join(allowed, " or ") + "."}
}

// serve answers a request that a route takes.
func (d *Desk) serve(w http.ResponseWriter, r *http.Request, rt *route) {
	c := &call{Desk: d, w: w, r: r, route: rt}
	answer, err := c.run()
	switch {
	case err != nil:
		d.fail(w, r, err)
	case !c.taken:
		writeJSON(w, http.StatusOK, answer)
	}
}

// run does all that comes before the answer of a success.
func (c *call) run() (any, error) {
	if c.route.visited {
		return c.route.do(c)
	}
	origin, err := c.origin()
	if err != nil {
		return nil, err
	}
	if c.route.open {
		return c.route.do(c)
	}
	if err := c.authenticate(origin); err != nil {
		return nil, err
	}
	door.Release(c.r.Context())
	if err := mayEach(&c.who, c.route.needs); err != nil {
		return nil, err
	}
	if wait := c.limits.take(string(c.who.User), c.Now()); wait > 0 {
		return nil, throttled(wait, "Too many requests of one user.")
	}
	return c.route.do(c)
}

// fail answers with an error, and logs those of ours.
func (d *Desk) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	if f.status >= http.StatusInternalServerError && r.Context().Err() == nil {
		level := slog.LevelError
		if errors.Is(err, center.ErrDamaged) {
			level = slog.LevelDebug // the store has said it, once
		}
		d.Log.Log(r.Context(), level, "request failed", "path", r.Pattern, "error", err)
	}
	var wait *wait
	if errors.As(err, &wait) {
		w.Header().Set("Retry-After", wait.seconds())
	}
	if errors.Is(err, door.ErrFull) || errors.Is(err, os.ErrDeadlineExceeded) {
		w.Header().Set("Connection", "close")
	}
	writeJSON(w, f.status, faultOutput{f.name, f.message})
}

// by notes in a context who asks for a change, for the audit log.
func (c *call) by(ctx context.Context, who, action string) context.Context {
	return catalog.By(ctx, c.author(who, action))
}

// author is who asks for a change.
func (c *call) author(who, action string) catalog.Author {
	return catalog.Author{Who: who, From: c.from(), Action: "agent:" + action, At: c.Now()}
}

// byItself is the same for what the server does of itself with a user's session.
func byItself(ctx context.Context, who, action string, at time.Time) context.Context {
	return catalog.By(ctx, catalog.Author{Who: who, Action: "agent:" + action, At: at})
}
