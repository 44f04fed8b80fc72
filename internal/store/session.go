package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// session is one connection inside a committer's transaction: what the two engines do differently.
type session interface {
	// exec runs one statement. That a unique index forbids it is errUnique.
	exec(sql string, args ...any) (affected int64, err error)
	// query returns all rows: for few and short ones. Values are int64, string, []byte or nil.
	query(sql string, args ...any) ([][]driver.Value, error)
	// run executes steps in order and returns the index of the first that affected no row although it had to, or
	// len(steps). Steps after that one may have run or not: the caller undoes them all.
	run(steps []step) (failed int, err error)
	// appendItems inserts the item of each job, all plain and of different streams, unless its place is taken, its
	// predecessor is missing or its token is taken. It returns those it did not insert.
	appendItems(jobs []*job) (left []*job, err error)
	// spoiled says whether err, returned by one of the above, ends the transaction or concerns one job alone, which
	// can be undone by its savepoint.
	spoiled(err error) bool
}

var errUnique = errors.New("store: not unique")

// step is one statement of a Change.
type step struct {
	sql  string
	args []any
	// must says what it means that no row was affected; nil when that is fine.
	must func(session) error
}

// dialect is the SQL that has to differ.
type dialect struct {
	goose string
	// append inserts an item after its predecessor: (stream, predecessor's seq, at, id, flags, token, body).
	append string
	// putAttributes puts the attributes of a chat: (chat, instance, attributes), the last as attributeArgs builds them.
	putAttributes string
	// putTerms puts terms of a contact: (contact, instance, terms).
	putTerms      string
	attributeArgs func([]center.Attribute) []any
	// share locks the rows of a read against change until the transaction ends, "" where writers never overlap.
	share string
	// skipLocked makes rows that another node is leasing invisible.
	skipLocked string
	// forUpdate locks the rows that a query finds.
	forUpdate string
	// eraseSettles is how long an erased chat is remembered.
	eraseSettles time.Duration
	// ids is a row source v(id) made of its only argument $1, which idsArg builds.
	ids    string
	idsArg func(ids [][]byte) any
	// among says that a column holds one of a list of byte strings, an argument that amongArg builds.
	among    func(column, list string) string
	amongArg func(values [][]byte) any
	// contains says that a byte string has another one in it.
	contains func(text, part string) string
	// comparesRows says that comparing rows, (a, b) < (x, y), is a bound of an index and nothing else: SQLite might skip
	// through an index for it.
	comparesRows bool
	// index has a query read a table by an index; nil: the engine chooses.
	index func(name string) string
	// element is the text number n of a column that is a JSON array of texts, as bytes.
	element func(array string, n int) string
	// jsonNumber, jsonFlag and jsonTime are a member of a column that is JSON: a whole number, true as 1, and a time in
	// milliseconds. least and greatest are functions.
	jsonNumber, jsonFlag, jsonTime func(column string, path ...string) string
	least, greatest                string
	// hasVersions counts goose's table.
	hasVersions string
	// dropped says that a read failed because its connection had died, perhaps while it was idle; nil: never.
	dropped func(error) bool
	// damaged says that the database itself has found damage.
	damaged func(error) bool
	// clock returns the database's own time in milliseconds, "" when it has no clock of its own.
	clock string
}

func (d *dialect) indexed(name string) string {
	if d.index == nil || name == "" {
		return ""
	}
	return d.index(name)
}

// committer is an engine: it commits batches.
type committer interface {
	// commit keeps or refuses each job of the batch and answers it. It is called by one goroutine per committer.
	commit(batch []*job)
	// loops is how many committers run side by side.
	loops() int
	// reader is the pool that reads go through.
	reader() *sql.DB
	dialect() *dialect
	// scrub is [Store.Scrub].
	scrub(ctx context.Context) (done bool, err error)
	// close is called when no commit runs any more.
	close() error
}
