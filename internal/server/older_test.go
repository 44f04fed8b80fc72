package server_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/server"
)

// Databases that earlier versions wrote, in testdata/older: NAME.sql is all rows, which load into either engine, and
// NAME.json what the clients knew at that moment. The story write.txtar is how they came to be, and goes_on.txtar is what
// a server of today must make of them. NAME.sql is written by the engine of its time, which is a checkout of that commit
// with this file and testdata/older copied into it:
//
//	go test ./internal/server -run TestOlderDatabases/written_now -write-older NAME
//
// The server of that time is not told to stop: the database is copied while it runs, so that leases are held. The last
// lines of write.txtar are then told to a server that works off no due rows.
var writeOlder = flag.String("write-older", "", "keep the database that TestOlderDatabases writes as testdata/older/`NAME`.sql")

const older = "testdata/older/"

// A database that an earlier version wrote opens, and everything in it goes on.
func TestOlderDatabases(t *testing.T) {
	files, err := filepath.Glob(older + "*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no databases in "+older+": ", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := readKept(name)
			if err != nil {
				t.Fatal(err)
			}
			goesOn(t, k)
		})
	}
	// What writes the databases is tried with the server of today, too.
	t.Run("written now", func(t *testing.T) {
		t.Parallel()
		var k *kept
		synctest.Test(t, func(t *testing.T) { k = write(t) })
		if *writeOlder != "" {
			if err := k.keep(*writeOlder); err != nil {
				t.Fatal(err)
			}
			return // goes_on.txtar may ask for what a server of that time does not have
		}
		goesOn(t, k)
	})
}

func goesOn(t *testing.T, k *kept) {
	t.Run("SQLite", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(k.At))
			k.goOn(t, &loaded{stage: &bubble{}, rows: k.rows}, nil)
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		admin := os.Getenv("PARLEY_TEST_POSTGRES")
		if admin == "" {
			t.Skip("needs PostgreSQL: set PARLEY_TEST_POSTGRES to the URL of a database that may be written to")
		}
		began := time.Now()
		on := &realTime{url: ownSchema(t, admin), clock: server.NewManualClock(k.At)}
		k.goOn(t, &loaded{stage: on, rows: k.rows}, func() time.Time { return k.At.Add(time.Since(began)) })
	})
}

// kept is a database, and what the clients knew when it was kept.
type kept struct {
	At       time.Time // of contacts, and of all else
	Secret   string
	People   map[string]keptPerson
	Flows    map[string]string
	Messages map[string]string
	Answers  map[string]json.RawMessage // by path

	rows string
}

type keptPerson struct {
	Contact, Initial, Participant, Token, Bearer, Next, From string
	Joined                                                   bool
	Started                                                  map[string]any
	Sent                                                     []keptMessage
}

type keptMessage struct {
	Request  map[string]string
	ID, Time string
}

func readKept(name string) (*kept, error) {
	text, err := os.ReadFile(older + name + ".json")
	if err != nil {
		return nil, err
	}
	rows, err := os.ReadFile(older + name + ".sql")
	if err != nil {
		return nil, err
	}
	k := &kept{rows: string(rows)}
	return k, json.Unmarshal(text, k)
}

func (k *kept) keep(name string) error {
	text, err := json.MarshalIndent(k, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(older+name+".json", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.WriteFile(older+name+".sql", []byte(k.rows), 0o600)
}

// write tells the story that ends with a database.
func write(t *testing.T) *kept {
	s := newStory(t, &bubble{})
	k := &kept{Secret: s.config.Secret, Answers: map[string]json.RawMessage{}}
	tellOlder(s, "write.txtar", map[string]func(*call) error{
		"call":   s.cmdCall,
		"copy":   s.cmdCopy,
		"recall": func(c *call) error { return k.ask(s, c.take()) },
		"keep":   func(*call) error { return k.take(s) },
	}, nil)
	return k
}

// goOn tells the story that begins with one. now is real time; nil for the clock's.
func (k *kept) goOn(t *testing.T, on stage, now func() time.Time) {
	s := newStory(t, on)
	s.lasting, s.config.Secret, s.config.Now = true, k.Secret, now
	s.ids.Store(1 << 20) // those below are taken
	s.flows, s.messages = maps.Clone(k.Flows), maps.Clone(k.Messages)
	names := maps.Clone(k.Flows)
	for name, was := range k.People {
		p := &person{
			s: s, name: name, node: 1, contact: was.Contact, initial: was.Initial, participant: was.Participant,
			token: was.Token, bearer: was.Bearer, next: was.Next, from: was.From, joined: was.Joined, started: was.Started,
		}
		for _, m := range was.Sent {
			p.sent = append(p.sent, message{m.Request, m.ID, m.Time})
		}
		s.people[name], names[name] = p, p.contact
	}
	tellOlder(s, "goes_on.txtar", map[string]func(*call) error{
		"call":     s.cmdCall,
		"recalled": func(*call) error { return k.compare(s) },
	}, names)
}

// tellOlder is tell, with commands of its own and names that are known from the beginning.
func tellOlder(s *story, file string, own map[string]func(*call) error, names map[string]string) {
	commands := s.commands()
	for name, f := range own {
		commands[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			ts.Check(s.serve(1))
			s.finish(ts, neg, f(&call{TestScript: ts, neg: neg, args: args}))
		}
	}
	testscript.RunT(teller{s.t}, testscript.Params{
		Files: []string{older + file}, UpdateScripts: *update, RequireUniqueNames: true, Cmds: commands, Condition: s.on.is,
		Setup: func(e *testscript.Env) error {
			s.dir = e.WorkDir
			for name, id := range names {
				e.Setenv(name, id)
			}
			e.Defer(s.end)
			return nil
		},
	})
}

// named writes ids in the place of {{names}}.
func (s *story) named(text string) string {
	text = strings.ReplaceAll(text, "{{instance}}", instance)
	for name, id := range s.flows {
		text = strings.ReplaceAll(text, "{{"+name+"}}", id)
	}
	return text
}

// cmdCall calls any operation and prints its answer: `call PUT /views/{{instance}}/{{cafe}}/versions '{}'`. With
// name=Member, name is that member of the answer from then on.
func (s *story) cmdCall(c *call) error {
	method, path := c.take(), s.named(c.take())
	var in, answer map[string]any
	if len(c.args) > 0 {
		if err := json.Unmarshal([]byte(s.named(c.take())), &in); err != nil {
			return err
		}
	}
	if refused := s.anyNode().call(method, path, "", in, &answer); refused != nil {
		return refused
	}
	for _, a := range c.args {
		name, member, _ := strings.Cut(a, "=")
		s.flows[name], _ = answer[member].(string)
	}
	text, err := json.Marshal(answer)
	print(c.Stdout(), []string{string(text)})
	return err
}

// cmdCopy copies the database while the server works, and goes on with a server on the copy that works off no due rows.
func (s *story) cmdCopy(*call) error {
	aside := filepath.Join(s.dir, "copy.db")
	if err := copyFile(s.config.Database, aside); err != nil {
		return err
	}
	if err := s.close(); err != nil {
		return err
	}
	s.config.Database = "sqlite:" + aside
	running, err := server.New(context.Background(), s.config)
	if err != nil {
		return err
	}
	listener := memnet.Listen()
	serving := &http.Server{Handler: running.Handler()}
	n := &node{
		server: running, client: &http.Client{Transport: &http.Transport{DialContext: listener.DialContext}}, done: make(chan error, 1),
	}
	n.stop = func() {
		_ = serving.Close() // the listener may be closed
		n.done <- running.Close()
	}
	go func() { _ = serving.Serve(listener) }()
	s.nodes = []*node{n}
	return nil
}

func copyFile(url, to string) error {
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec("VACUUM INTO ?", to)
	return err
}

// ask keeps what is answered to a GET.
func (k *kept) ask(s *story, path string) error {
	path = s.named(path)
	var answer json.RawMessage
	if refused := s.anyNode().call("GET", path, "", nil, &answer); refused != nil {
		return refused
	}
	k.Answers[path] = answer
	return nil
}

// compare asks again, and wants every member of the answers to be as it was.
func (k *kept) compare(s *story) error {
	if len(k.Answers) == 0 {
		return unmet("nothing was asked")
	}
	for path, then := range k.Answers {
		var was, is any
		if err := json.Unmarshal(then, &was); err != nil {
			return err
		}
		if refused := s.anyNode().call("GET", path, "", nil, &is); refused != nil {
			return fmt.Errorf("%s: %w", path, refused)
		}
		if at, ok := holds(is, was); !ok {
			now, _ := json.Marshal(is)
			return fmt.Errorf("%s: %s was in\n%s\nand is now\n%s", path, at, then, now)
		}
	}
	return nil
}

// holds says whether all that was is, and names the place where something else is.
func holds(is, was any) (at string, ok bool) {
	switch was := was.(type) {
	case map[string]any:
		now, _ := is.(map[string]any)
		for key, v := range was {
			if at, ok := holds(now[key], v); !ok {
				return key + "." + at, false
			}
		}
		return "", now != nil
	case []any:
		now, _ := is.([]any)
		if len(now) != len(was) {
			return "length", false
		}
		for i, v := range was {
			if at, ok := holds(now[i], v); !ok {
				return fmt.Sprint(i, ".", at), false
			}
		}
		return "", true
	}
	return "", is == was
}

// take takes what is to be kept.
func (k *kept) take(s *story) (err error) {
	k.At, k.Flows, k.Messages, k.People = time.Now().UTC(), s.flows, s.messages, map[string]keptPerson{}
	for name, p := range s.people {
		was := keptPerson{
			Contact: p.contact, Initial: p.initial, Participant: p.participant, Token: p.token, Bearer: p.bearer, Next: p.next,
			From: p.from, Joined: p.joined, Started: p.started,
		}
		for _, m := range p.sent {
			was.Sent = append(was.Sent, keptMessage{m.request, m.ID, m.Time})
		}
		k.People[name] = was
	}
	k.rows, err = dump(strings.TrimPrefix(s.config.Database, "sqlite:"))
	return err
}

// versionMark is how the rows begin.
const versionMark = "-- schema version %d\n"

// dump writes all rows of a SQLite database as INSERTs, in the order in which they lie.
func dump(file string) (string, error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return "", err
	}
	defer db.Close()
	var version int
	if err := db.QueryRow("SELECT max(version_id) FROM goose_db_version").Scan(&version); err != nil {
		return "", err
	}
	var tables []string
	if err := query(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", func(_ []string, row []any) error {
		tables = append(tables, fmt.Sprint(row[0]))
		return nil
	}); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, versionMark, version)
	for _, table := range tables {
		if table == "goose_db_version" || strings.HasPrefix(table, "sqlite_") {
			continue
		}
		if err := query(db, "SELECT * FROM "+table+" ORDER BY rowid", func(columns []string, row []any) error {
			values := make([]string, len(row))
			for i, v := range row {
				var err error
				if values[i], err = literal(v); err != nil {
					return fmt.Errorf("%s of %s: %w", columns[i], table, err)
				}
			}
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), strings.Join(values, ", "))
			return nil
		}); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// literal writes a value so that SQLite reads it, and with forPostgres PostgreSQL. It refuses what they or load cannot read.
func literal(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "NULL", nil
	case []byte:
		return fmt.Sprintf("X'%x'", v), nil
	case string:
		if strings.ContainsAny(v, "\n\x00") {
			return "", fmt.Errorf("%q has a newline or a zero byte: a row is one line, and PostgreSQL's text has no zero bytes", v)
		}
		return "'" + strings.ReplaceAll(v, "'", "''") + "'", nil
	case int64, float64:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("%v is a %T", v, v)
}

// quoted finds each literal in quotes from its beginning to its end, so that an X before a quote inside of a text is none.
var quoted = regexp.MustCompile(`X'[0-9a-f]*'|'(?:[^']|'')*'`)

// forPostgres writes the bytes of a row as PostgreSQL does.
func forPostgres(row string) string {
	return quoted.ReplaceAllStringFunc(row, func(text string) string {
		if digits, ok := strings.CutPrefix(text, "X'"); ok {
			return `'\x` + digits
		}
		return text
	})
}

// What is written as a literal is what either engine reads, and what would not be is refused.
func TestRowsOfOlderDatabases(t *testing.T) {
	for _, c := range []struct {
		value            any
		sqlite, postgres string // "" for a value that is refused
	}{
		{nil, "NULL", "NULL"},
		{int64(-7), "-7", "-7"},
		{[]byte{0xab, 0}, "X'ab00'", `'\xab00'`},
		{[]byte{}, "X''", `'\x'`},
		{"it's", "'it''s'", "'it''s'"},
		{"ends with X", "'ends with X'", "'ends with X'"},
		{"X'00'", "'X''00'''", "'X''00'''"},
		{"'X'", "'''X'''", "'''X'''"},
		{"two\nlines", "", ""},
		{"a\x00b", "", ""},
		{true, "", ""},
		{time.Unix(0, 0), "", ""},
	} {
		text, err := literal(c.value)
		if text != c.sqlite || (err != nil) != (c.sqlite == "") {
			t.Errorf("%v is written %s, %v", c.value, text, err)
		}
		const before, after = "INSERT INTO t (x) VALUES ('X', X'00', ", ", 'X');\n"
		if got, want := forPostgres(before+text+after), `INSERT INTO t (x) VALUES ('X', '\x00', `+c.postgres+after; got != want {
			t.Errorf("PostgreSQL is told\n%s, want\n%s", got, want)
		}
	}
}

func query(db *sql.DB, text string, each func(columns []string, row []any) error) error {
	rows, err := db.Query(text)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := each(columns, row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// loaded is a stage whose database has rows.
type loaded struct {
	stage
	rows string
	url  string
}

func (l *loaded) database(dir string, lasting bool) string {
	if l.url == "" {
		l.url = l.stage.database(dir, lasting)
		if err := load(l.url, l.rows); err != nil {
			panic(err) // the test's own
		}
	}
	return l.url
}

// load makes the schema that the rows are of, as its time did, and puts them there.
func load(url, rows string) error {
	driver, source, dialect := "sqlite", strings.TrimPrefix(url, "sqlite:"), goose.DialectSQLite3
	if source == url {
		driver, source, dialect = "pgx", url, goose.DialectPostgres
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	defer db.Close()
	var version int64
	if _, err := fmt.Sscanf(rows, versionMark, &version); err != nil {
		return err
	}
	steps := os.DirFS("../store/migrations")
	others, err := coded(steps, version)
	if err != nil {
		return err
	}
	migrations, err := goose.NewProvider(dialect, db, steps, goose.WithGoMigrations(others...), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := migrations.UpTo(context.Background(), version); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	for line := range strings.Lines(rows) {
		if dialect == goose.DialectPostgres {
			line = forPostgres(line)
		}
		if _, err := tx.Exec(line); err != nil {
			return fmt.Errorf("%.100s: %w", line, err)
		}
	}
	return tx.Commit()
}

// coded are the steps to a version that are no files. They change rows, of which there are none when they are made.
func coded(steps fs.FS, version int64) (all []*goose.Migration, err error) {
	files, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return nil, err
	}
	var there []int64
	for _, f := range files {
		v, err := goose.NumericComponent(path.Base(f))
		if err != nil {
			return nil, err
		}
		there = append(there, v)
	}
	for v := int64(1); v <= version; v++ {
		if !slices.Contains(there, v) {
			all = append(all, goose.NewGoMigration(v, nil, nil))
		}
	}
	return all, nil
}
