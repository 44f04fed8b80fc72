package server_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/server"
)

var update = flag.Bool("update", false, "rewrite the golden texts inside the stories")

// Each testdata/*.txtar is one story: people talk to a whole server over its real HTTP API and real WebSockets. Only
// time and network are fake: a story is told inside a bubble, where days pass in no time.
func TestStories(t *testing.T) {
	for _, file := range stories(t) {
		t.Run(title(file), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { tell(t, file, &bubble{}) })
		})
	}
}

// The same stories with nothing fake but the contact time, which is advanced as a developer advances it: on
// PostgreSQL, over TCP.
func TestStoriesOnPostgreSQL(t *testing.T) {
	admin := os.Getenv("PARLEY_TEST_POSTGRES")
	if admin == "" {
		t.Skip("needs PostgreSQL: set PARLEY_TEST_POSTGRES to the URL of a database that may be written to")
	}
	for _, file := range stories(t) {
		t.Run(title(file), func(t *testing.T) {
			t.Parallel()
			tell(t, file, &realTime{url: ownSchema(t, admin), clock: server.NewManualClock(time.Now())})
		})
	}
}

func stories(t *testing.T) []string {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories in testdata: ", err)
	}
	return files
}

func title(file string) string { return strings.TrimSuffix(filepath.Base(file), ".txtar") }

func tell(t *testing.T, file string, on stage) {
	s := newStory(t, on)
	testscript.RunT(teller{t}, testscript.Params{
		Files: []string{file}, UpdateScripts: *update, RequireUniqueNames: true,
		Cmds: s.commands(), Condition: on.is,
		Setup: func(e *testscript.Env) error {
			s.dir = e.WorkDir
			e.Defer(s.end)
			return nil
		},
	})
}

// teller lets testscript run a story in the test it is given: a bubble allows no tests of its own.
type teller struct{ *testing.T }

func (t teller) Run(_ string, f func(testscript.T)) { f(t) }
func (t teller) Parallel()                          {}
func (t teller) Verbose() bool                      { return false }

// stage is where a story is told.
type stage interface {
	// listen opens an address for a node. Clients dial it whatever address they ask for.
	listen() (net.Listener, dialer, error)
	// database names where the nodes keep their facts: in memory, or where they outlive a server.
	database(dir string, lasting bool) string
	// contactTime is the clock of all nodes, nil for real time.
	contactTime() engine.Clock
	// advance lets contact time pass, with all that it makes due.
	advance(s *story, by time.Duration) error
	// settle waits until what was asked for has reached the sockets.
	settle(s *story)
	// eventually waits for a condition for as long as it may take here.
	eventually(s *story, condition func() bool) bool
	is(condition string) (bool, error)
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// bubble is a stage inside testing/synctest.
type bubble struct{}

func (*bubble) listen() (net.Listener, dialer, error) {
	l := memnet.Listen()
	return l, l.DialContext, nil
}

func (*bubble) database(dir string, lasting bool) string {
	if lasting {
		return "sqlite:" + filepath.Join(dir, "parley.db")
	}
	return "sqlite::memory:"
}

func (*bubble) contactTime() engine.Clock { return nil }

func (*bubble) advance(_ *story, by time.Duration) error {
	time.Sleep(by)
	synctest.Wait()
	return nil
}

func (*bubble) settle(*story) { synctest.Wait() }

// eventually is at once on one node. Between nodes news may be lost, and is found again within seconds.
func (*bubble) eventually(s *story, condition func() bool) bool {
	for range 40 {
		synctest.Wait()
		if condition() {
			return true
		}
		if len(s.nodes) < 2 {
			return false
		}
		time.Sleep(250 * time.Millisecond)
	}
	return false
}

func (*bubble) is(condition string) (bool, error) { return isStage(condition, "bubble") }

func isStage(condition, here string) (bool, error) {
	switch condition {
	case "bubble", "postgres":
		return condition == here, nil
	}
	return false, fmt.Errorf("unknown condition %q", condition)
}

// realTime is a stage in real time, with a contact time that stands still until it is advanced.
type realTime struct {
	url   string
	clock *server.ManualClock
}

// patience is how long anything may take in real time.
const patience = time.Minute

func (*realTime) listen() (net.Listener, dialer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	return l, func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, l.Addr().String())
	}, nil
}

func (r *realTime) database(string, bool) string { return r.url }
func (r *realTime) contactTime() engine.Clock    { return r.clock }

func (r *realTime) advance(s *story, by time.Duration) error {
	body := map[string]string{"advance": by.String()}
	if refused := s.anyNode().call("POST", "/_parley/clock", "", body, nil); refused != nil {
		return refused
	}
	r.settle(s)
	return nil
}

// settle asks every socket for an answer: what was sent to it before arrives before that.
func (r *realTime) settle(s *story) {
	for _, p := range s.people {
		for _, c := range p.open() {
			c.answersPing(patience)
		}
	}
}

func (r *realTime) eventually(s *story, condition func() bool) bool {
	r.settle(s)
	late := time.After(patience)
	for !condition() {
		select {
		case <-s.news:
		case <-time.After(20 * time.Millisecond): // what no socket shows: a contact is offered to an agent
		case <-late:
			return condition()
		}
	}
	return true
}

func (r *realTime) is(condition string) (bool, error) { return isStage(condition, "postgres") }

// ownSchema makes a schema for one test and returns the URL of a database that looks like having nothing else.
func ownSchema(t *testing.T, admin string) string {
	t.Helper()
	name := fmt.Sprintf("story_%s_%d", title(strings.ToLower(t.Name())), time.Now().UnixNano())
	name = pgx.Identifier{strings.Map(plain, name)}.Sanitize()
	query := func(text string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		db, err := pgx.Connect(ctx, admin)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close(ctx) //nolint:errcheck // after the last query
		if _, err := db.Exec(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	query("CREATE SCHEMA " + name)
	t.Cleanup(func() { query("DROP SCHEMA " + name + " CASCADE") })
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", strings.Trim(name, `"`))
	u.RawQuery = q.Encode()
	return u.String()
}

func plain(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '_'
}
