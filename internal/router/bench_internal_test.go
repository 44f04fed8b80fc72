package router

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// BenchmarkLook builds the index of 10,000 contacts that wait in 50 queues and of 1,000 agents from their rows, beside the reading
// of the rows alone. Building it may take 200 ms.
func BenchmarkLook(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkLook(b, "sqlite:"+filepath.Join(b.TempDir(), "parley.db")) })
	b.Run("postgres", func(b *testing.B) { benchmarkLook(b, storetest.Postgres(b)) })
}

func benchmarkLook(b *testing.B, database string) {
	const contacts, agents, queues, profiles = 10_000, 1_000, 50, 25
	at := center.InstanceID("11111111-1111-4111-8111-111111111111")
	s, err := store.Open(b.Context(), database, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx, now := b.Context(), time.Now()
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	newCatalog := func() *catalog.Catalog {
		return catalog.New(catalog.Config{Store: s, Now: time.Now, NewID: newID, Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}})
	}
	c := newCatalog()
	_, err = c.CreateInstance(ctx, center.Instance{ID: at, Alias: "bench", IdentityManagementType: center.IdentitySAML}, "")
	must(err)
	in := func(kind, name string) string { return center.SeededID(at, kind, name) }
	var all []center.QueueID
	for i := range queues {
		q := center.Queue{Head: center.Head[center.QueueID]{Name: fmt.Sprint("q", i)}, Type: center.QueueStandard, Status: center.QueueEnabled, Hours: center.HoursID(in("hours-of-operation", center.BasicHoursName))}
		id, err := catalog.Queues.Create(ctx, c, at, &q, catalog.ClientToken{})
		must(err)
		all = append(all, center.QueueID(id))
	}
	var served []center.RoutingProfileID
	for i := range profiles {
		five := int64(5)
		p := center.RoutingProfile{Head: center.Head[center.RoutingProfileID]{Name: fmt.Sprint("p", i)}, DefaultOutboundQueue: all[i], AvailabilityTimer: center.TimeSinceLastActivity, Concurrencies: []center.MediaConcurrency{{Channel: center.ChannelChat, Concurrency: &five}}}
		var rows []center.ProfileQueue
		for j := range 10 {
			rows = append(rows, center.ProfileQueue{QueueChannel: center.QueueChannel{Queue: all[(2*i+j*3)%queues], Channel: center.ChannelChat}, Priority: int64(1 + j%3)})
		}
		must(c.CreateRoutingProfile(ctx, at, &p, rows, nil))
		served = append(served, p.ID)
	}
	users := make([]center.User, agents)
	for i := range users {
		users[i] = center.User{
			Head: center.Head[center.UserID]{Name: fmt.Sprint("u", i)}, Identity: center.Identity{FirstName: "Jane"}, RoutingProfile: served[i%profiles],
			SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(in("security-profile", center.SecurityAgent))},
		}
		must(c.CreateUser(ctx, at, &users[i], nil))
	}
	db := open(b, database)
	tx, err := db.Begin()
	must(err)
	dice := rand.New(rand.NewPCG(1, 2))
	blob := func(id string) []byte {
		raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
		must(err)
		return raw
	}
	exec := func(statement string, args ...any) {
		b.Helper()
		if _, err := tx.Exec(statement, args...); err != nil {
			b.Fatal(err)
		}
	}
	available := blob(in("agent-status", center.StatusNameAvailable))
	for i := range users {
		u := &users[i]
		exec(`INSERT INTO agent (instance, id, routing_profile, status, status_type, status_since, status_name, idle) VALUES ($1, $2, $3, $4, 'ROUTABLE', $5, 'Available', $5)`,
			string(at), blob(string(u.ID)), blob(string(u.RoutingProfile)), available, now.UnixMilli()-int64(dice.IntN(600_000)))
		for range 4 {
			exec(`INSERT INTO slot (agent, contact, instance, stream, participant, channel, initiation_method, state, since, offered, connected, queue, agent_queue, enqueued)
				VALUES ($1, $2, $3, $2, $2, 'CHAT', 'API', 'CONNECTED', $4, $4, $4, $5, 0, $4)`,
				blob(string(u.ID)), blob(newID()), string(at), now.UnixMilli(), blob(string(all[dice.IntN(queues)])))
		}
	}
	for range contacts {
		at0 := now.Add(-time.Duration(dice.IntN(600_000)) * time.Millisecond)
		var criteria any
		if dice.IntN(10) < 4 {
			r, err := center.ParseRoutingCriteria(fmt.Sprintf(`{"Steps":[{"Expiry":{"DurationInSeconds":300},"Expression":{"AttributeCondition":{"Name":"Language","Value":"%d","ProficiencyLevel":%d,"ComparisonOperator":"NumberGreaterOrEqualTo"}}}]}`,
				dice.IntN(20), 1+dice.IntN(5)))
			must(err)
			criteria, err = json.Marshal(r.Activate(at0))
			must(err)
		}
		priority := 1 + dice.IntN(5)
		exec(`INSERT INTO waiting (stream, contact, instance, queue, agent_queue, channel, enqueued, since, priority, adjustment, aged, routing)
			VALUES ($1, $1, $2, $3, 0, 'CHAT', $4, $4, $5, 0, $4, $6)`, blob(newID()), string(at), blob(string(all[dice.IntN(queues)])), at0.UnixMilli(), priority, criteria)
	}
	must(tx.Commit())
	_, err = db.Exec("ANALYZE")
	must(err)
	b.Run("rows alone", func(b *testing.B) {
		defer processor(b)()
		for b.Loop() {
			waiting, err := s.Waiting(ctx, at, "")
			must(err)
			working, err := s.Agents(ctx, at)
			must(err)
			if len(waiting) != contacts || len(working) != agents {
				b.Fatal(len(waiting), len(working))
			}
		}
	})
	look := func(r *Router) {
		b.Helper()
		must(r.lookAt(ctx, at))
		if k, a := r.sites[at].index.Len(); k != contacts || a != agents {
			b.Fatal(k, a)
		}
	}
	fresh := func(c *catalog.Catalog) *Router {
		return New(Config{Store: s, Catalog: c, Clock: engine.WallClock{}, Now: time.Now})
	}
	b.Run("index", func(b *testing.B) {
		defer processor(b)()
		for b.Loop() {
			look(fresh(c))
		}
	})
	b.Run("index and configuration", func(b *testing.B) {
		defer processor(b)()
		for b.Loop() {
			look(fresh(newCatalog()))
		}
	})
	b.Run("nothing has changed", func(b *testing.B) {
		r := fresh(c)
		look(r)
		defer processor(b)()
		for b.Loop() {
			look(r)
		}
	})
	b.Run("index and first pass", func(b *testing.B) {
		offers := 0
		defer processor(b)()
		for b.Loop() {
			r := fresh(c)
			look(r)
			all, _ := r.sites[at].index.Match(now)
			offers = len(all)
		}
		b.ReportMetric(float64(offers), "offers")
	})
}

// processor reports how long the processors were busy for an operation, which other programs on them do not change.
func processor(b *testing.B) (report func()) {
	busy := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := busy()
	return func() { b.ReportMetric(float64((busy()-began).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

// open opens the database of a store beside it.
func open(b *testing.B, at string) *sql.DB {
	b.Helper()
	driver, name := "pgx", at
	if path, ok := strings.CutPrefix(at, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}
