package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/pressly/goose/v3"
)

// forEachDatabase runs f with the url of an empty database that outlives its Store.
func forEachDatabase(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "par ley?#%.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, postgresURL(t)) })
}

// writePool is a pool that may change the schema.
func writePool(s *Store) *sql.DB {
	if e, ok := s.engine.(*sqliteEngine); ok {
		return e.write
	}
	return s.engine.reader()
}

// databaseAt makes a database of an older schema.
func databaseAt(t *testing.T, url string, version int64) *sql.DB {
	t.Helper()
	d, db := sqliteDialect, (*sql.DB)(nil)
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		db = must(openPool(sqliteFile(path), 1))(t)
	} else {
		config := must(parsePostgres(url))(t)
		d, db = postgresDialect, pgPool(config, 1, nil)
	}
	steps := migrations()
	provider := must(goose.NewProvider(goose.Dialect(d.goose), db, steps.files,
		goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(steps.code...)))(t)
	must(provider.UpTo(t.Context(), version))(t)
	return db
}

func TestFactsOutliveTheStore(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, url string) {
		c := newChat()
		c.Due = []center.Due{{Key: "k", At: start}}
		for i := range 3 {
			s, err := Open(t.Context(), url, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				commit(t, s, c)
			} else {
				commit(t, s, say(c.Stream, int64(i), "again"))
			}
			equal(t, "version", must(s.SchemaVersion(t.Context()))(t), must(migrations().newest())(t))
			equal(t, "last", must(s.Stream(t.Context(), c.Stream))(t).LastSeq, int64(i+1))
			equal(t, "due rows", len(must(s.AllDue(t.Context(), 9))(t)), 1)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestOlderSchemaIsMigratedAndNewerRefused(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		c := newChat()
		commit(t, s, c)
		next, newest := fstest.MapFS{}, must(migrations().newest())(t)
		for _, name := range must(fs.Glob(migrations().files, "*.sql"))(t) {
			next[name] = &fstest.MapFile{Data: must(fs.ReadFile(migrations().files, name))(t)}
		}
		next[fmt.Sprintf("%05d_notes.sql", newest+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE contact ADD COLUMN note TEXT;\n")}
		next[fmt.Sprintf("%05d_more.sql", newest+6)] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE more (id BIGINT NOT NULL);\nINSERT INTO more VALUES (5);\n")}
		if err := migrate(t.Context(), writePool(s), s.d, steps{next, coded()}); err != nil {
			t.Fatal(err)
		}
		equal(t, "version", must(s.SchemaVersion(t.Context()))(t), newest+6)
		equal(t, "transcript", transcript(t, s, c.Stream), "1:hello")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), url, Options{})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint("version ", newest+6)) || !strings.Contains(err.Error(), fmt.Sprint("up to ", newest)) {
			t.Errorf("a newer schema: %v", err)
		}
	})
}

func TestStoresThatStartAtOnceAgreeOnTheSchema(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := Open(t.Context(), url, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				commit(t, s, newChat())
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s := open(t, url)
		equal(t, "chats", len(must(s.Streams(t.Context(), center.KindChat, instance, "", false, 9))(t)), 4)
	})
}

func TestDatabaseFileIsPrivateToItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	s := open(t, "sqlite:"+path)
	commit(t, s, newChat())
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, filepath.Base(name), info.Mode().Perm(), 0o600)
	}
}

func TestEveryConnectionSyncsFully(t *testing.T) {
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	e := s.engine.(*sqliteEngine)
	for name, db := range map[string]*sql.DB{"write": e.write, "read": e.read} {
		var mode, level string
		if err := db.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow("PRAGMA synchronous").Scan(&level); err != nil {
			t.Fatal(err)
		}
		equal(t, name, mode+" "+level, "wal 2")
	}
	if _, err := e.read.Exec("DELETE FROM stream"); err == nil {
		t.Error("a reader may write")
	}
}

func TestFullDiskRefusesCommitsUntilThereIsRoom(t *testing.T) {
	for _, url := range []string{"sqlite::memory:", "sqlite:" + filepath.Join(t.TempDir(), "parley.db")} {
		s := open(t, url)
		s.log = slog.New(slog.DiscardHandler)
		e := s.engine.(*sqliteEngine)
		c := newChat()
		commit(t, s, c)
		pages := func(n int) {
			if _, err := e.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
				t.Fatal(err)
			}
		}
		pages(60)
		kept := int64(1)
		for {
			err := s.Commit(t.Context(), say(c.Stream, kept, strings.Repeat("x", 2000)))
			if err != nil {
				var e *center.Error
				if !errors.As(err, &e) || e.Code != center.Unavailable {
					t.Fatal(err)
				}
				break
			}
			kept++
		}
		if s.Health(t.Context()) == nil {
			t.Error("a full store says that it is well")
		}
		equal(t, "last", must(s.Stream(t.Context(), c.Stream))(t).LastSeq, kept)
		pages(1 << 20)
		equal(t, "health", s.Health(t.Context()), nil)
		commit(t, s, say(c.Stream, kept, "room"))
		equal(t, "last", must(s.Stream(t.Context(), c.Stream))(t).LastSeq, kept+1)
	}
}

func TestLostWritesStopTheStore(t *testing.T) {
	var fatal []error
	s, err := Open(t.Context(), "sqlite::memory:", Options{Fatal: func(err error) { fatal = append(fatal, err) }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("fsync failed")
	s.failed(cause, lost)
	equal(t, "fatal calls", len(fatal), 1)
	equal(t, "fatal's cause", errors.Is(fatal[0], cause), true)
	equal(t, "code", refuses[*center.Error](t, s, newChat()).Code, center.Unavailable)
	equal(t, "health", s.Health(t.Context()), cause)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The files are copied under a running writer, as a crash would leave them: all that was acknowledged before is there.
func TestCopyOfTheFilesHasWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "parley.db")
	s := open(t, "sqlite:"+path)
	var chats []*center.Change
	for range 4 {
		c := newChat()
		commit(t, s, c)
		chats = append(chats, c)
	}
	acked := make([]int64, len(chats)) // guarded by mu
	var mu sync.Mutex
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i, c := range chats {
		wg.Go(func() {
			// Few enough that nothing is copied back while the files are copied here: that would be no crash.
			for n := int64(1); n < 60; n++ {
				commit(t, s, say(c.Stream, n, fmt.Sprint(n)))
				mu.Lock()
				acked[i] = n + 1
				mu.Unlock()
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for round := range 3 {
		mu.Lock()
		before := append([]int64(nil), acked...)
		mu.Unlock()
		copied := filepath.Join(dir, fmt.Sprint("copy", round))
		for _, suffix := range []string{"", "-wal"} {
			if err := os.WriteFile(copied+suffix, must(os.ReadFile(path+suffix))(t), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		survivor := open(t, "sqlite:"+copied)
		for i, c := range chats {
			items := must(survivor.ItemsAfter(t.Context(), c.Stream, 0, 1000))(t)
			if int64(len(items)) < before[i] {
				t.Errorf("%d items survived, %d were acknowledged", len(items), before[i])
			}
			for n, it := range items {
				equal(t, "sequence", it.Seq, int64(n+1))
			}
		}
	}
	close(stop)
	wg.Wait()
}

// Checkpoints run beside the writer and keep the WAL from growing with what was written.
func TestWALIsCopiedBackWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	s := open(t, "sqlite:"+path)
	c := newChat()
	commit(t, s, c)
	const states, size = 40, 1 << 20
	for i := range states {
		m := say(c.Stream, int64(i+1), "x")
		m.State = make([]byte, size)
		commit(t, s, m)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > states*size*9/10 {
		t.Errorf("the WAL holds %d bytes after %d were written", info.Size(), states*size)
	}
}

func TestStoreInABubbleStandsStillWithTheClock(t *testing.T) {
	for _, name := range []string{":memory:", filepath.Join(t.TempDir(), "parley.db")} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, "sqlite:"+name)
			began := time.Now()
			c := newChat()
			c.Items[0].Time = began
			commit(t, s, c)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					own := newChat()
					commit(t, s, own)
					for i := range int64(10) {
						commit(t, s, say(own.Stream, i+1, "x"))
						must(s.Stream(context.Background(), own.Stream))(t)
					}
				})
			}
			wg.Wait()
			equal(t, "fake time that commits took", time.Since(began), 0)
			time.Sleep(1000 * time.Hour)
			commit(t, s, say(c.Stream, 1, "much later"))
			equal(t, "transcript", transcript(t, s, c.Stream), "1:hello 2:much later")
		})
	}
}

// The database drops its connections, at any point of a commit, under racing writers: nothing acknowledged is missing,
// nothing is there twice, and nobody is told.
func TestDroppedConnectionsLoseAndDoubleNothing(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url+"&application_name=dropped")
	const writers, each = 8, 40
	var wg sync.WaitGroup
	progress := make(chan struct{}, writers*each)
	chats := make([]*center.Change, writers)
	for w := range chats {
		chats[w] = newChat()
		commit(t, s, chats[w])
		wg.Go(func() {
			for n := range int64(each) {
				m := say(chats[w].Stream, n+1, fmt.Sprint(n))
				if n%5 == 0 {
					m.Due = []center.Due{{Key: fmt.Sprint(n), At: start}}
				}
				commit(t, s, m)
				progress <- struct{}{}
			}
		})
	}
	for range writers * each / 4 { // between two drops somebody gets through
		for range 4 {
			<-progress
		}
		onPostgres(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dropped'`)
	}
	wg.Wait()
	for _, c := range chats {
		items := must(s.ItemsAfter(t.Context(), c.Stream, 0, 1000))(t)
		equal(t, "items", len(items), each+1)
		for i, it := range items {
			equal(t, "sequence", it.Seq, int64(i+1))
		}
		equal(t, "due rows", len(must(s.DueOf(t.Context(), c.Stream))(t)), each/5)
	}
	_, ok, err := s.Clock(t.Context())
	equal(t, "PostgreSQL has a clock", ok, true)
	equal(t, "error", err, nil)
}

// A database of before references were kept has them once it is opened, and versions of views are rows.
func TestReferencesOfOlderRows(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, url string) {
		ctx := t.Context()
		older := []Resource{
			{Instance: instance, Kind: "hours-of-operation", ID: "h"},
			{Instance: instance, Kind: "queue", ID: "q", Body: []byte(`{"id":"q","hours":"h"}`)},
			{Instance: instance, Kind: "flow-module-version", ID: "m/0000000000000000002"},
			{Instance: instance, Kind: "flow-module-alias", ID: "m/a", Body: []byte(`{"id":"a","module":"m","version":2}`)},
			{Instance: instance, Kind: "contact-flow-version", ID: "f/0000000000000000001"},
			{Instance: instance, Kind: "contact-flow-alias", ID: "f/b", Body: []byte(`{"id":"b","module":"f","version":1}`)},
			{Instance: instance, Kind: "view", ID: "v", Body: []byte(`{"id":"v","name":"V","versions":[{"number":1,"content":"x","description":"first"},{"number":3,"content":"y"}],"lastVersion":3}`)},
		}
		db := databaseAt(t, url, 2)
		for _, r := range older {
			_, err := db.ExecContext(ctx, `INSERT INTO resource (instance, kind, id, version, created, modified, body) VALUES ($1, $2, $3, 1, 0, 0, $4)`,
				string(r.Instance), r.Kind, []byte(r.ID), r.Body)
			equal(t, "insert", err, nil)
		}
		equal(t, "close", db.Close(), nil)
		s := open(t, url)
		for _, ref := range []struct{ to, id, by string }{
			{"hours-of-operation", "h", "queue"}, {"flow-module-version", "m/0000000000000000002", "flow-module-alias"},
			{"contact-flow-version", "f/0000000000000000001", "contact-flow-alias"},
		} {
			var used *InUse
			if err := s.DeleteResource(ctx, instance, ref.to, ref.id); !errors.As(err, &used) || used.By.Kind != ref.by {
				t.Errorf("delete %s: %v", ref.to, err)
			}
		}
		versions := must(s.Resources(ctx, instance, "view-version", "", 10))(t)
		equal(t, "versions", len(versions), 2)
		equal(t, "id", versions[1].ID, "v/0000000000000000003")
		equal(t, "last", must(s.LastBelow(ctx, instance, "view-version", "v"))(t).ID, "v/0000000000000000003")
		equal(t, "view", string(must(s.Resource(ctx, instance, "view", "v"))(t).Body), `{"id":"v","lastVersion":3,"name":"V"}`)
		if n := must(s.KindVersion(ctx, instance, "queue"))(t); n == 0 {
			t.Error("a kind with rows has no version")
		}
	})
}

// References hold whatever happens at the same time: a row that others refer to cannot go while one comes that refers
// to it.
func TestReferencesHold(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		for round := range 20 {
			hours := fmt.Sprint("h", round)
			equal(t, "insert", s.InsertResource(ctx, Resource{Instance: instance, Kind: "hours", ID: hours}), nil)
			var wg sync.WaitGroup
			var refer, remove error
			wg.Go(func() {
				refer = s.InsertResource(ctx, Resource{Instance: instance, Kind: "queue", ID: hours, Refs: []Ref{{"hours", hours}}})
			})
			wg.Go(func() { remove = s.DeleteResource(ctx, instance, "hours", hours) })
			wg.Wait()
			if (refer == nil) == (remove == nil) {
				t.Fatalf("referred: %v, removed: %v", refer, remove)
			}
		}
	})
}

// A deletion takes along what belongs to the row alone, and nothing else; a kind's version rises with each commit.
func TestDeletionTakesAlong(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		row := func(kind, id string, refs ...Ref) Resource {
			return Resource{Instance: instance, Kind: kind, ID: id, Refs: refs}
		}
		equal(t, "insert", s.CommitResources(ctx, ResourceCommit{Insert: []Resource{
			row("queue", "a"), row("queue", "ab"), row("connect", "c"),
			row("row", "a/c", Ref{"connect", "c"}), row("row", "ab/c", Ref{"connect", "c"}),
		}}), nil)
		before := must(s.KindVersion(ctx, instance, "row"))(t)
		sum := must(s.KindVersion(ctx, instance, "row", "queue", "connect", "none"))(t)
		equal(t, "sum", sum, before+must(s.KindVersion(ctx, instance, "queue"))(t)+must(s.KindVersion(ctx, instance, "connect"))(t))
		remove := func(kind, id string, below, with []string) error {
			return s.CommitResources(ctx, ResourceCommit{Delete: []Deletion{{InstanceRef: InstanceRef{instance, Ref{kind, id}}, Below: below, With: with}}})
		}
		equal(t, "delete", remove("queue", "a", []string{"row"}, nil), nil)
		equal(t, "rows", len(must(s.Resources(ctx, instance, "row", "", 9))(t)), 1)
		var used *InUse
		if err := remove("connect", "c", nil, nil); !errors.As(err, &used) || used.By.ID != "ab/c" {
			t.Errorf("in use: %v", err)
		}
		equal(t, "referrers", must(s.CountReferrers(ctx, instance, Ref{"connect", "c"}, "row"))(t), 1)
		equal(t, "referrers of another kind", must(s.CountReferrers(ctx, instance, Ref{"connect", "c"}, "queue"))(t), 0)
		equal(t, "referrers in another instance", must(s.CountReferrers(ctx, "other", Ref{"connect", "c"}, "row"))(t), 0)
		equal(t, "delete", remove("connect", "c", nil, []string{"row"}), nil)
		equal(t, "rows", len(must(s.Resources(ctx, instance, "row", "", 9))(t)), 0)
		if after := must(s.KindVersion(ctx, instance, "row"))(t); after <= before {
			t.Errorf("the version of the kind went from %d to %d", before, after)
		}
		if after := must(s.KindVersion(ctx, instance, "row", "queue", "connect", "none"))(t); after <= sum {
			t.Errorf("the sum of the versions went from %d to %d", sum, after)
		}
		var missing *Missing
		if err := s.InsertResource(ctx, row("row", "x", Ref{"connect", "c"})); !errors.As(err, &missing) {
			t.Errorf("a reference that leads nowhere: %v", err)
		}
	})
}

// Nodes with different schemas do not serve side by side: the newer one does not start while the older ones serve.
func TestTheSchemaIsNotChangedUnderServingNodes(t *testing.T) {
	url := postgresURL(t)
	older := databaseAt(t, url, 4)
	serving := must(older.Conn(t.Context()))(t)
	must(serving.ExecContext(t.Context(), `SELECT pg_advisory_lock_shared($1, hashtext(current_schema()))`, presence))(t)
	_, err := Open(t.Context(), url, Options{})
	if err == nil || !strings.Contains(err.Error(), "1 nodes of an older version of parley serve this database, whose schema has version 4") {
		t.Errorf("beside an older node: %v", err)
	}
	equal(t, "the older node stops", errors.Join(serving.Close(), older.Close()), nil)
	s := open(t, url)
	equal(t, "version", must(s.SchemaVersion(t.Context()))(t), must(migrations().newest())(t))
	equal(t, "nodes", must(s.Nodes(t.Context()))(t), 1)
	open(t, url) // one of the same version starts beside it
}

// A new SQLite database has the very schema that the steps lead to from the first one on.
func TestANewSchemaIsThatOfTheSteps(t *testing.T) {
	schema := func(db *sql.DB) (all []string) {
		rows := must(db.Query(`SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY type, name`))(t)
		defer rows.Close()
		for rows.Next() {
			var text string
			equal(t, "scan", rows.Scan(&text), nil)
			all = append(all, text)
		}
		equal(t, "rows", rows.Err(), nil)
		return all
	}
	url := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	db := databaseAt(t, url, must(migrations().newest())(t))
	want := schema(db)
	equal(t, "close", db.Close(), nil)
	for range 2 {
		s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
		equal(t, "schema", fmt.Sprint(schema(writePool(s))), fmt.Sprint(want))
		equal(t, "version", must(s.SchemaVersion(t.Context()))(t), must(migrations().newest())(t))
	}
}
