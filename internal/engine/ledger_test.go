package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// The aggregate of these tests is an account: a stream with an amount. There are two kinds of them, purses and tills.
// An item says in its content what was added to the amount, so that items and states can be held against each other.
const (
	purse center.StreamKind = "purse"
	till  center.StreamKind = "till"
)

const instance = center.InstanceID("11111111-1111-4111-8111-111111111111")

// account is the state.
type account struct {
	Amount int    `json:"amount"`
	Over   bool   `json:"over,omitempty"`
	Pad    string `json:"pad,omitempty"`
}

// ledger is the accounts as one node works on them.
type ledger struct {
	*Engine
	store *store.Store
	bus   *board
}

// newLedger makes a node. change changes what it is made of.
func newLedger(s *store.Store, shared bool, change ...func(*Config, *Kind)) *ledger {
	l := &ledger{store: s, bus: &board{seen: map[center.StreamID][]int64{}}}
	c := Config{Store: s, Bus: l.bus, Clock: WallClock{}, NewID: newID, Log: slog.New(slog.DiscardHandler), Shared: shared}
	k := Kind{
		Decode: func(row store.Stream) (any, error) {
			a := new(account)
			return a, json.Unmarshal(row.State, a)
		},
		Ended:   func(state any) bool { return state.(*account).Over },
		Missing: func(id center.StreamID) error { return center.Refuse(center.NotFound, "no account %s", id) },
	}
	for _, f := range change {
		f(&c, &k)
	}
	l.Engine = New(c)
	for _, k.Name = range []center.StreamKind{purse, till} {
		l.Register(k)
		k.Due = nil // one kind's are those of all
	}
	return l
}

// board notes the numbers of published items.
type board struct {
	mu   sync.Mutex
	seen map[center.StreamID][]int64
}

func (b *board) Publish(stream center.StreamID, items []center.Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range items {
		b.seen[stream] = append(b.seen[stream], items[i].Seq)
	}
}

// page is an account in a decision.
type page struct {
	account
	id       center.StreamID
	snap     *Snapshot
	stateful bool
	change   center.Change
	told     func() // when it is announced
}

// in returns an account in a decision.
func in(tx *Tx, kind center.StreamKind, id center.StreamID) (*page, error) {
	p, err := tx.Join(kind, id, func(snap *Snapshot) Part {
		p := &page{account: *snap.State.(*account), id: id, snap: snap}
		p.change = center.Change{Stream: id, After: snap.Seq, Kind: kind, Instance: instance}
		return p
	})
	if err != nil {
		return nil, err
	}
	return p.(*page), nil
}

// say adds an item, and changes nothing else.
func (p *page) say(text string) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	if last := p.snap.Last; !now.After(last) {
		now = last.Add(time.Millisecond)
	}
	p.change.Items = append(p.change.Items, center.Item{
		Stream: p.id, Seq: p.change.After + int64(len(p.change.Items)) + 1, ID: center.ItemID(newID()), Time: now,
		Type: center.TypeMessage, ContentType: center.TextPlain, Content: text, InTranscript: true,
	})
}

// add changes the amount.
func (p *page) add(n int) {
	p.Amount += n
	p.stateful = true
	p.say(strconv.Itoa(n))
}

func (p *page) Finish() (*center.Change, any, error) {
	if len(p.change.Items) == 0 {
		return nil, nil, nil
	}
	if !p.stateful {
		return &p.change, nil, nil
	}
	state := p.account
	p.change.State, _ = json.Marshal(state)
	p.change.Ended = state.Over
	return &p.change, &state, nil
}

func (p *page) Announce() {
	if p.told != nil {
		p.told()
	}
}

// begin makes an account with an amount.
func (l *ledger) begin(t testing.TB, kind center.StreamKind, amount int) center.StreamID {
	t.Helper()
	return l.beginWith(t, kind, account{Amount: amount})
}

func (l *ledger) beginWith(t testing.TB, kind center.StreamKind, a account) center.StreamID {
	t.Helper()
	p := &page{account: a, id: center.StreamID(newID()), snap: &Snapshot{}}
	p.change = center.Change{Stream: p.id, Kind: kind, Instance: instance}
	p.Amount = 0
	p.add(a.Amount)
	if err := l.Begin(t.Context(), kind, p.id, p); err != nil {
		t.Fatal("begin:", err)
	}
	return p.id
}

// name is an account.
type name struct {
	kind center.StreamKind
	id   center.StreamID
}

func ids(names ...name) (all []center.StreamID) {
	for _, n := range names {
		all = append(all, n.id)
	}
	return all
}

// pages returns several accounts in a decision.
func pages(tx *Tx, names ...name) (all []*page, err error) {
	for _, n := range names {
		p, err := in(tx, n.kind, n.id)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// audit reads an account as it is stored: its amount is what its items add up to. It returns how many items there are,
// without markers.
func audit(t testing.TB, s *store.Store, id center.StreamID) (amount, items int) {
	t.Helper()
	row, err := s.Stream(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	var a account
	if err := json.Unmarshal(row.State, &a); err != nil {
		t.Fatal(err)
	}
	all, err := s.ItemsAfter(context.Background(), id, 0, 1<<20) // an error if there is a hole between them
	if err != nil {
		t.Fatal(err)
	}
	for i, it := range all {
		if it.Seq != int64(i+1) {
			t.Errorf("item %d of %s is numbered %d", i+1, id, it.Seq)
		}
		if it.Type == center.Marker {
			continue
		}
		items++
		if n, err := strconv.Atoi(it.Content); err == nil {
			amount += n
		}
	}
	if row.LastSeq != int64(len(all)) {
		t.Errorf("%s ends with item %d and has %d", id, row.LastSeq, len(all))
	}
	if amount != a.Amount {
		t.Errorf("the items of %s add up to %d, and its state says %d", id, amount, a.Amount)
	}
	return amount, items
}

func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:])
	return center.FormatUUID(id)
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// within fails the test instead of hanging.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func openStore(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{Log: slog.New(slog.DiscardHandler), Fatal: func(err error) { t.Error("fatal:", err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return s
}

// forEachStore runs f with several stores of one database each: on SQLite, where one process serves, they are the same.
func forEachStore(t *testing.T, n int, f func(t *testing.T, nodes []*store.Store)) {
	same := func(s *store.Store) []*store.Store { return slices.Repeat([]*store.Store{s}, n) }
	t.Run("memory", func(t *testing.T) { f(t, same(openStore(t, "sqlite::memory:"))) })
	t.Run("sqlite", func(t *testing.T) {
		f(t, same(openStore(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))))
	})
	t.Run("postgres", func(t *testing.T) {
		database := postgresURL(t)
		nodes := make([]*store.Store, n)
		for i := range nodes {
			nodes[i] = openStore(t, database)
		}
		f(t, nodes)
	})
}

// postgresURL names an empty schema of its own, which goes when the test ends.
func postgresURL(t testing.TB) string {
	t.Helper()
	schema := "parley_" + strings.ReplaceAll(newID(), "-", "")
	base := aPostgres(t, "of a PostgreSQL database that tests may make schemas in")
	admin := base.String()
	askPostgres(t, admin, `CREATE SCHEMA `+schema)
	t.Cleanup(func() { askPostgres(t, admin, `DROP SCHEMA `+schema+` CASCADE`) })
	return with(base, "search_path", schema)
}

// postgresDatabase names a database of its own, which goes when the test ends. PostgreSQL looks for a ring of waiting
// transactions after 10 ms there: at its usual second, the store's lock_timeout would have ended the wait before, and no ring
// would ever be seen.
func postgresDatabase(t testing.TB) string {
	t.Helper()
	database := "parley_" + strings.ReplaceAll(newID(), "-", "")
	const needs = "of a PostgreSQL whose user is a superuser, who may create databases and set deadlock_timeout"
	base := aPostgres(t, needs)
	admin := base.String()
	if askPostgres(t, admin, `SELECT rolsuper::int FROM pg_roles WHERE rolname = current_user`) == 0 {
		t.Skip("PARLEY_TEST_POSTGRES is not the URL " + needs)
	}
	askPostgres(t, admin, `CREATE DATABASE `+database)
	t.Cleanup(func() { askPostgres(t, admin, `DROP DATABASE `+database+` WITH (FORCE)`) })
	base.Path = "/" + database
	return with(base, "deadlock_timeout", "10ms")
}

// aPostgres is the PostgreSQL of the tests. what says which the test needs.
func aPostgres(t testing.TB, what string) *url.URL {
	t.Helper()
	base := os.Getenv("PARLEY_TEST_POSTGRES")
	if base == "" {
		t.Skipf("PARLEY_TEST_POSTGRES is not set: give it the URL %s, as postgres://user@127.0.0.1:5432/db", what)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func with(u *url.URL, name, value string) string {
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// askPostgres runs one statement beside the store, and returns its number.
func askPostgres(t testing.TB, url, text string) (n int64) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, text).Scan(&n); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(fmt.Errorf("%s: %w", text, err))
	}
	return n
}
