//go:build !race

package bench

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// counter counts what goes to a database.
type counter struct {
	mu         sync.Mutex
	statements []statement
	syncs      int // of SQLite's files; PostgreSQL's are not seen
}

type statement struct {
	text string
	by   any  // a connection
	read bool // it is a reader's
}

func (c *counter) count(text string, by any, read bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statements = append(c.statements, statement{strings.Join(strings.Fields(text), " "), by, read})
}

// rowsOf finds the table that a statement writes to.
var rowsOf = regexp.MustCompile(`^(?:INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) (\w+)`)

// taken returns what was counted, and begins anew.
func (c *counter) taken() (sum cost, texts []string) {
	c.mu.Lock()
	all := c.statements
	sum.syncs, c.statements, c.syncs = c.syncs, nil, 0
	c.mu.Unlock()
	looking := map[int]bool{} // statements of a transaction that leases due rows
	for i, s := range all {
		if strings.Contains(s.text, "UPDATE due SET wake") {
			for k := i; k >= 0 && !(k < i && all[k].by == s.by && all[k].text == "COMMIT"); k-- {
				looking[k] = looking[k] || all[k].by == s.by
			}
			for k := i; k < len(all); k++ {
				looking[k] = looking[k] || all[k].by == s.by
				if all[k].by == s.by && all[k].text == "COMMIT" {
					break
				}
			}
		}
	}
	var rows []string
	for i, s := range all {
		switch {
		case looking[i] || s.read && strings.Contains(s.text, "FROM due"):
			sum.loop++
			s.text = "(loop) " + s.text
		case s.read:
			sum.reads++
		default:
			sum.writes++
			if of := rowsOf.FindStringSubmatch(s.text); of != nil {
				if of[1] == "stream" { // as the table of chats has been called since
					of[1] = "chat"
				}
				rows = append(rows, of[1])
			}
		}
		texts = append(texts, s.text)
	}
	sum.rows = strings.Join(rows, " ")
	return sum, texts
}

// countedFile is the name of the databases whose statements are counted.
const countedFile = "counted.db"

// sqliteCounter counts in SQLite itself, on every connection that is opened to such a file from now on: its trace tells each
// statement that is run, and the function by which it syncs files is replaced by one that counts. Both are reached by the
// names of the driver's members, which a newer driver may change; then this panics.
var sqliteCounter = sync.OnceValue(func() *counter {
	c := new(counter)
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, dsn string) error {
		if !strings.Contains(dsn, "/"+countedFile+"?") {
			return nil
		}
		connection := reflect.ValueOf(conn).Elem()
		tls, db := member(connection, "tls"), member(connection, "db")
		read := strings.Contains(dsn, "query_only")
		statement := func(_ unsafe.Pointer, _ uint32, _, _, text uintptr) int32 {
			c.count(textAt(text), db.Uint(), read)
			return 0
		}
		called := reflect.ValueOf(sqlite3.Xsqlite3_trace_v2).Call([]reflect.Value{
			tls, db, reflect.ValueOf(uint32(sqlite3.SQLITE_TRACE_STMT)), reflect.ValueOf(c.function(statement)), reflect.ValueOf(uintptr(0)),
		})
		if code := called[0].Int(); code != sqlite3.SQLITE_OK {
			return fmt.Errorf("sqlite3_trace_v2: %d", code)
		}
		return c.countSyncs(tls, db)
	})
	return c
})

func member(of reflect.Value, name string) reflect.Value {
	field := of.FieldByName(name)
	return reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
}

// functions keeps what SQLite calls from being collected: it knows functions by where they lie.
var functions []any

// function is where a function lies. Its first parameter is a pointer that the driver passes along.
func (c *counter) function(f any) uintptr {
	value := reflect.New(reflect.TypeOf(f))
	value.Elem().Set(reflect.ValueOf(f))
	c.mu.Lock()
	defer c.mu.Unlock()
	functions = append(functions, value.Interface())
	return *(*uintptr)(value.UnsafePointer())
}

func textAt(address uintptr) string {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&address)) // SQLite's memory, which no collector moves
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}

// countSyncs replaces the xSync of a connection's files. All files of a kind share a table of functions, and the
// write-ahead log is of another kind than the database.
func (c *counter) countSyncs(tls, db reflect.Value) error {
	for _, of := range []int32{sqlite3.SQLITE_FCNTL_FILE_POINTER, sqlite3.SQLITE_FCNTL_JOURNAL_POINTER} {
		called := reflect.ValueOf(sqlite3.Xsqlite3_file_control).Call([]reflect.Value{
			tls, db, reflect.ValueOf(uintptr(unsafe.Pointer(&mainDatabase))), reflect.ValueOf(of), reflect.ValueOf(uintptr(unsafe.Pointer(&found))),
		})
		if code := called[0].Int(); code != sqlite3.SQLITE_OK {
			return fmt.Errorf("sqlite3_file_control: %d", code)
		}
		methods := **(***sqlite3.Tsqlite3_io_methods)(unsafe.Pointer(&found))
		if methods == nil || slices.Contains(counted, methods) { // a log that is not open, or one of those before
			continue
		}
		counted = append(counted, methods)
		was := methods.FxSync
		sync := *(*func(unsafe.Pointer, uintptr, int32) int32)(unsafe.Pointer(&was))
		methods.FxSync = c.function(func(tls unsafe.Pointer, file uintptr, flags int32) int32 {
			c.mu.Lock()
			c.syncs++
			c.mu.Unlock()
			return sync(tls, file, flags)
		})
	}
	return nil
}

var (
	counted []*sqlite3.Tsqlite3_io_methods
	// What SQLite reads and writes by its address, which does not move: these are no variables on a stack.
	mainDatabase = [5]byte{'m', 'a', 'i', 'n', 0}
	found        uintptr
)

// postgresCounter counts on the way to PostgreSQL: it returns a URL that leads through it, without TLS.
func postgresCounter(t *testing.T, database string) (*counter, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	there := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := new(counter)
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			passing.Go(func() {
				defer client.Close()
				server, err := net.Dial("tcp", there)
				if err != nil {
					return
				}
				passing.Go(func() {
					_, _ = io.Copy(client, server) // ends with either
					client.Close()
				})
				defer server.Close()
				_ = c.pass(client, server) // as above
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		passing.Wait()
	})
	u.Host = l.Addr().String()
	q := u.Query()
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	return c, u.String()
}

// pass passes a connection's messages on, and counts the statements that they run (PostgreSQL's protocol, version 3).
func (c *counter) pass(client io.Reader, server io.Writer) error {
	prepared, bound := map[string]string{}, ""
	writes := false // the connection is a committer's: it has begun a transaction
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[1:] // the first message has no type
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return err
		}
		size := head[len(head)-4:]
		body := make([]byte, int(size[0])<<24+int(size[1])<<16+int(size[2])<<8+int(size[3])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return err
		}
		texts := strings.SplitN(string(body), "\x00", 3)
		text := ""
		switch {
		case first:
		case head[0] == 'P' && len(texts) == 3: // name, text
			prepared[texts[0]] = texts[1]
		case head[0] == 'B' && len(texts) == 3: // portal, name
			bound = prepared[texts[1]]
		case head[0] == 'E':
			text = bound
		case head[0] == 'Q':
			text = texts[0]
		}
		if text != "" && !slices.Contains([]string{";", "-- ping"}, text) {
			writes = writes || strings.HasPrefix(strings.ToUpper(text), "BEGIN")
			c.count(text, client, !writes)
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return err
		}
	}
}
