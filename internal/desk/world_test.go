package desk_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/agent"
	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/desk"
	"github.com/parley-chat/parley/internal/desk/desktest"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/oidc"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

const (
	instance  = center.InstanceID("11111111-1111-4111-8111-111111111111")
	elsewhere = center.InstanceID("22222222-1111-4111-8111-111111111111")
	password  = "Correct-Horse-1"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a desk on a real store, with two instances and some users.
type world struct {
	*testing.T
	file    string
	public  string
	dev     bool
	wall    clock // of sessions and limits
	contact clock // of contacts: it stands still, and what is due is done when it is advanced
	ids     atomic.Uint64
	store   *store.Store
	catalog *catalog.Catalog
	chats   *chat.Chats
	agents  *chat.Agents
	hub     *hub.Hub
	desk    *desk.Desk
	handler http.Handler // the desk, whose answers are held against its OpenAPI document
	settle  func(context.Context) error
	stop    func()
	log     strings.Builder
	flow    center.FlowID // see customer
	// see oidcWorld
	provider   *oidc.Client
	provided   []string
	rootClient *client
	staff      *staff.Staff
}

func newWorld(t *testing.T, edit ...func(*world)) *world {
	t.Helper()
	w := &world{T: t, file: filepath.Join(t.TempDir(), "parley.db"), public: "http://parley.test"}
	for _, f := range edit {
		f(w)
	}
	w.open()
	t.Cleanup(func() { w.stop() })
	w.instance(instance, "here")
	w.user(instance, "ann", center.SecurityAgent)
	return w
}

// clock is a time since start.
type clock struct{ passed atomic.Int64 }

func (c *clock) Now() time.Time { return start.Add(time.Duration(c.passed.Load())) }

// Timer is for the engine's loop, which does not run.
func (c *clock) Timer(time.Time) (<-chan struct{}, func()) { return make(chan struct{}), func() {} }

// open starts the desk, again after restart.
func (w *world) open() {
	w.Helper()
	var err error
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	w.store, err = store.Open(context.Background(), "sqlite:"+w.file, store.Options{Log: log, Fatal: func(err error) { w.Error(err) }})
	w.must(err)
	partition := center.Partition{Account: "123456789012", Region: "us-east-1"}
	master, err := token.NewMasterKey("a secret of the operator")
	w.must(err)
	w.catalog = catalog.New(catalog.Config{Sealer: master, Store: w.store, Now: w.contact.Now, NewID: w.newID, Partition: partition})
	news, clock := bus.NewLocal(), &w.contact
	work := engine.New(engine.Config{Store: w.store, Bus: news, Clock: clock, NewID: w.newID, Log: log})
	people := staff.New(work, w.store, w.catalog, clock, w.newID)
	w.staff = people
	sealer, err := token.NewSealer([]token.Key{{ID: "k1", Secret: [32]byte{1}}})
	w.must(err)
	figures := insight.NewPresent(w.store, w.catalog, clock.Now, w.wall.Now, w.newID)
	w.chats = chat.New(chat.Config{
		Figures: figures,
		Engine:  work, Store: w.store, Catalog: w.catalog, Staff: people, Sealer: sealer, Clock: clock, Wall: w.wall.Now, NewID: w.newID,
		Partition: partition, Settings: center.DefaultSettings(), Log: log,
	})
	w.agents = chat.NewAgents(w.chats)
	w.hub = hub.New(hub.Options{Source: source{w}, Bus: news, Log: log})
	w.desk = desk.New(desk.Config{
		Catalog: w.catalog, Store: w.store, Staff: people, Chats: w.chats, Agents: w.agents, Transcripts: chat.NewTranscripts(w.chats), Present: figures, Insight: insight.NewContacts(w.store, w.wall.Now), Hub: w.hub, Working: agent.New(people, w.store, w.wall.Now),
		Partition: partition, PublicURL: w.public, Loopback: w.dev, FirstAgent: "ann", Now: w.wall.Now, Log: log, Provider: w.provider, Provided: w.provided,
	})
	w.handler = desktest.Handler(w.T, w.desk)
	w.settle = work.Settle
	w.stop = func() {
		w.must(w.hub.Close(context.Background(), 0))
		w.desk.Close()
		w.must(w.store.Close())
	}
}

// source is what the hub asks for.
type source struct{ *world }

func (s source) ItemsAfter(ctx context.Context, id center.StreamID, seq int64, limit int) ([]center.Item, error) {
	return s.store.ItemsAfter(ctx, id, seq, limit)
}

func (s source) LastSeqs(ctx context.Context, ids []center.StreamID) (map[center.StreamID]int64, error) {
	return s.store.LastSeqs(ctx, ids)
}

func (s source) Connected(ctx context.Context, v hub.Viewer) error {
	return s.chats.Connected(ctx, chat.Caller{Chat: center.ChatID(v.Chat), Contact: v.Contact, Participant: v.Participant, Role: v.Role})
}

func (w *world) restart() {
	w.Helper()
	w.stop()
	w.open()
}

// advance lets time pass, and does what is due then.
func (w *world) advance(d time.Duration) {
	w.Helper()
	w.wall.passed.Add(int64(d))
	w.contact.passed.Add(int64(d))
	w.must(w.settle(context.Background()))
}

func (w *world) newID() string {
	return fmt.Sprintf("%08x-0000-7000-8000-%012x", w.ids.Add(1), w.ids.Load())
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// damage makes the state of a contact's chat one that cannot be decoded, and starts the desk anew, without what it has decoded.
func (w *world) damage(contact center.ContactID) {
	w.Helper()
	w.stop()
	db, err := sql.Open("sqlite", w.file)
	w.must(err)
	id, _ := center.UUID(string(contact))
	done, err := db.Exec("UPDATE stream SET state = x'00' WHERE id = $1", id[:])
	w.must(err)
	if n, _ := done.RowsAffected(); n != 1 {
		w.Fatalf("%d streams are damaged", n)
	}
	w.must(db.Close())
	w.open()
}

func (w *world) instance(id center.InstanceID, alias string) {
	w.Helper()
	_, err := w.catalog.CreateInstance(context.Background(), center.Instance{ID: id, Alias: alias, IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
}

// user makes a user with one of the security profiles that every instance has.
func (w *world) user(at center.InstanceID, name, profile string) *center.User {
	w.Helper()
	u := &center.User{
		Head: center.Head[center.UserID]{Name: name}, Identity: center.Identity{FirstName: "First", LastName: "Last"},
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(at, "security-profile", profile))},
		RoutingProfile:   center.BasicRoutingProfileID(at),
	}
	secret := password
	w.must(w.catalog.CreateUser(context.Background(), at, u, &secret))
	return u
}

// client is who calls. Its cookie and its token are sent if they are set.
type client struct {
	*world
	address string
	origin  string
	cookie  *http.Cookie
	jar     map[string]*http.Cookie // all others
	token   string
	csrf    string
	head    http.Header
}

func (w *world) client() *client { return &client{world: w, address: "192.0.2.1:5000"} }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

func (a *answer) kind() string    { s, _ := a.json["type"].(string); return s }
func (a *answer) message() string { s, _ := a.json["message"].(string); return s }

func (c *client) ask(method, path, body string) *answer {
	c.Helper()
	r := httptest.NewRequest(method, "http://parley.test"+path, strings.NewReader(body))
	r.RemoteAddr = c.address
	for name, values := range c.head {
		r.Header[name] = values
	}
	if c.origin != "" {
		r.Header.Set("Origin", c.origin)
	}
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	for _, other := range c.jar {
		if other.MaxAge > 0 {
			r.AddCookie(other)
		}
	}
	if c.csrf != "" {
		r.Header.Set("X-Parley-CSRF", c.csrf)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	rec := httptest.NewRecorder()
	c.handler.ServeHTTP(rec, r)
	got := rec.Result()
	raw, err := io.ReadAll(got.Body)
	c.must(err)
	a := &answer{status: got.StatusCode, header: got.Header, text: string(raw)}
	if len(raw) > 0 && strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &a.json); err != nil {
			c.Fatalf("%s %s: %v in %q", method, path, err, raw)
		}
	}
	if a.status >= 400 && a.status != 426 && (a.kind() == "" || a.message() == "" || len(a.json) != 2) {
		c.Errorf("%s %s: the answer %d has another shape: %s", method, path, a.status, raw)
	}
	for _, cookie := range got.Cookies() {
		if strings.Contains(cookie.Name, "parley-oidc-") {
			if c.jar == nil {
				c.jar = map[string]*http.Cookie{}
			}
			c.jar[cookie.Name] = cookie
		} else if cookie.MaxAge > 0 {
			c.cookie = cookie
		}
	}
	if csrf, ok := a.json["csrf"].(string); ok {
		c.csrf = csrf
	}
	if token, ok := a.json["token"].(string); ok {
		c.token = token
	}
	return a
}

// wants is ask for an answer with a status, and of a type when it is no success.
func (c *client) wants(status int, kind, method, path, body string) *answer {
	c.Helper()
	a := c.ask(method, path, body)
	if a.status != status || a.kind() != kind {
		c.Fatalf("%s %s: %d %s, want %d %s: %s", method, path, a.status, a.kind(), status, kind, a.text)
	}
	return a
}

func credentials(name, password string, more ...string) string {
	return fmt.Sprintf(`{"username":%q,"password":%q%s}`, name, password, strings.Join(append([]string{""}, more...), ","))
}

// signIn signs in as a browser, program as a program.
func (w *world) signIn(name string) *client {
	w.Helper()
	c := w.client()
	c.wants(200, "", "POST", "/agent/v1/session", credentials(name, password, `"instance":"here"`))
	return c
}

func (w *world) program(name string, more ...string) *client {
	w.Helper()
	c := w.client()
	c.wants(200, "", "POST", "/agent/v1/session", credentials(name, password, append(more, `"bearer":true`)...))
	return c
}

func (w *world) approve(at center.InstanceID, origin string) {
	w.Helper()
	w.must(catalog.ApprovedOrigins.Add(context.Background(), w.catalog, at, &center.ApprovedOrigin{Origin: origin}, nil))
}
