package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/parley-chat/parley/internal/center"
)

// The rules about damage: what is read is what was written, or an error. A stream's items are numbered without holes, from 1
// or from where its row says that it was trimmed to, and carry a checksum, so that neither a shorter nor another transcript is taken for the right one. The first finding of
// each kind is logged as an error, and from then on the store is not healthy until the program starts on another
// database. A stream that is gone as a whole is not damage.

// Damage says that the database holds something that parley did not write, or has lost something that it wrote.
type Damage struct {
	Kind  string // a table, or "file" when the database engine itself says so
	Cause error
}

func (e *Damage) Error() string {
	return "the database is damaged (" + e.Kind + "): " + e.Cause.Error()
}

// Unwrap makes every Damage a [center.ErrDamaged].
func (e *Damage) Unwrap() []error { return []error{center.ErrDamaged, e.Cause} }

// whatToDo ends the messages about damage.
const whatToDo = "stop parley, keep a copy of the database, and restore a backup"

// damage is what was found so far.
type damage struct {
	mu    sync.Mutex
	first error
	kinds map[string]bool
}

// Damaged notes that something of a kind cannot be what was stored, and returns what the caller is told. Those who decode
// what the store gave them call it, too.
func (s *Store) Damaged(kind string, cause error) error { return s.noted(&Damage{kind, cause}) }

// noted looks for damage in the error of a read or commit. All errors of damage that it returns are a [*center.Error].
func (s *Store) noted(err error) error {
	if err == nil {
		return nil
	}
	found, told := errors.AsType[*Damage](err)
	if !told {
		if !s.d.damaged(err) {
			return err
		}
		found = &Damage{"file", err}
	}
	if s.damage.add(found) {
		s.log.Error("the database is damaged: reads that meet the damage fail, and this node is not ready; "+whatToDo, "kind", found.Kind, "error", found.Cause)
	}
	if _, answer := errors.AsType[*center.Error](err); answer && told {
		return err
	}
	return &center.Error{Code: center.Internal, Message: "The database is damaged. The service's log says more.", Cause: found}
}

// add reports whether d is the first of its kind.
func (d *damage) add(found *Damage) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kinds[found.Kind] {
		return false
	}
	if d.kinds == nil {
		d.kinds = map[string]bool{}
		d.first = found
	}
	d.kinds[found.Kind] = true
	return true
}

// Damage returns the first damage that was found, nil for none.
func (s *Store) Damage() error {
	s.damage.mu.Lock()
	defer s.damage.mu.Unlock()
	return s.damage.first
}

// sqliteDamaged: SQLite found a page that cannot be, or what reads the disk says so.
func sqliteDamaged(err error) bool {
	coded, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch code := coded.Code(); code {
	case sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_DATA:
		return true
	default:
		return code&0xff == sqlite3.SQLITE_CORRUPT || code&0xff == sqlite3.SQLITE_NOTADB
	}
}

// sqliteForeign: a statement of parley's does not fit the schema, which was of the right version when it was opened.
func sqliteForeign(err error) bool {
	coded, ok := errors.AsType[*sqlite.Error](err)
	return ok && coded.Code() == sqlite3.SQLITE_ERROR
}

// pgDamaged: data_corrupted and index_corrupted.
func pgDamaged(err error) bool {
	code := pgCode(err)
	return code == "XX001" || code == "XX002"
}

// An item's flags hold its checksum above the lowest byte; 0 is that of an item from before there were checksums.
const sumShift = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// withSum adds to an item's flags the checksum of all that is read of it.
func withSum(stream [16]byte, seq, at int64, id []byte, flags int64, body []byte) int64 {
	flags &= 1<<sumShift - 1
	var head [56]byte
	b := append(head[:0], stream[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	b = binary.BigEndian.AppendUint64(b, uint64(flags))
	b = append(b, id...)
	sum := crc32.Update(crc32.Checksum(b, castagnoli), castagnoli, body)
	return max(int64(sum), 1)<<sumShift | flags
}

// checked returns the item of a row, if it is what was stored.
func checked(stream center.StreamID, raw [16]byte, row itemRow) (center.Item, error) {
	bad := func(format string, args ...any) (center.Item, error) {
		err := fmt.Errorf(format, args...)
		return center.Item{}, &Damage{"item", fmt.Errorf("item %d of stream %s: %w", row.seq, stream, err)}
	}
	if row.flags>>sumShift != 0 && row.flags != withSum(raw, row.seq, row.at, row.id, row.flags, row.body) {
		return bad("its checksum is wrong")
	}
	it, err := itemOf(stream, row.seq, row.at, row.body)
	switch {
	case err != nil:
		return bad("%w", err)
	case string(it.ID) != idOf(row.id) || it.ID == "":
		return bad("its body is that of another item")
	case it.InTranscript != (row.flags&flagTranscript != 0):
		return bad("it is part of the transcript, or not, by its body alone")
	}
	return it, nil
}

// whole returns damage if the numbers of a stream's items have a hole, or end before the item that is known to be the last.
// A stream that is gone has none.
func (s *Store) whole(ctx context.Context, stream center.StreamID, raw [16]byte, known int64) error {
	var first, last, n, begin int64
	err := s.row(ctx, `SELECT coalesce(min(seq), 1), coalesce(max(seq), 0), count(*), coalesce(`+sqlBegin+`, 1) FROM item WHERE stream = $1`+notErased,
		[]any{raw[:]}, &first, &last, &n, &begin)
	switch {
	case err != nil:
		return err
	case n == 0:
		return nil
	case first != begin || n != last-first+1:
		return s.Damaged("item", fmt.Errorf("stream %s has %d items, numbered %d to %d", stream, n, first, last))
	case last < known:
		return s.Damaged("item", fmt.Errorf("stream %s ends with item %d; it had %d", stream, last, known))
	}
	return nil
}

// decodedID is an id that was stored as its bytes.
func decodedID(kind string, raw []byte) (string, error) {
	if len(raw) != 16 {
		return "", &Damage{kind, fmt.Errorf("an id of %d bytes", len(raw))}
	}
	return idOf(raw), nil
}

// blob is a column's bytes, nil for what is none: in a damaged SQLite database a column may have any type.
func blob(v driver.Value) []byte {
	b, _ := v.([]byte)
	return b
}

// Check looks for damage in a SQLite file: with PRAGMA quick_check, and for what that does not see, holes in the numbers
// of items. It returns an error if the file is not to be used. A file of more than atOnce bytes is checked in the background,
// where damage is noted as reads note it. PostgreSQL and a database in memory are not checked. Check is called once.
func (s *Store) Check(atOnce int64) error {
	e, ok := s.engine.(*sqliteEngine)
	if !ok || e.memory {
		return nil
	}
	info, err := os.Stat(e.path)
	if err != nil {
		return err
	}
	if info.Size() <= atOnce {
		return e.check(context.Background())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.endCheck = cancel
	s.checking.Go(func() {
		s.log.Info("checking the database in the background", "bytes", info.Size())
		begun := time.Now()
		switch err := e.check(ctx); {
		case ctx.Err() != nil:
		case err != nil:
			_ = s.Damaged("file", err)
		default:
			s.log.Info("the database is sound", "seconds", int(time.Since(begun).Seconds()))
		}
	})
	return nil
}

// sqlHole names a stream whose items are not numbered from its first without a hole. Those of a stream that is being erased go from the
// first on.
const sqlHole = `SELECT 'stream ' || hex(stream) || ' has ' || count(*) || ' items, numbered ' || min(seq) || ' to ' || max(seq)
	FROM item WHERE NOT EXISTS (SELECT 1 FROM erased WHERE erased.stream = item.stream) GROUP BY stream
	HAVING min(seq) <> coalesce((SELECT first_seq FROM stream WHERE stream.id = item.stream), 1) OR max(seq) - min(seq) + 1 <> count(*) LIMIT 1`

// check reads the whole file. An error says that its structure is damaged; a hole between items is noted.
func (e *sqliteEngine) check(ctx context.Context) error {
	// The write-ahead log cannot begin anew while the check reads; the writer must not wait for that.
	e.reading.Add(1)
	defer e.reading.Add(-1)
	found, err := e.texts(ctx, `PRAGMA quick_check(3)`)
	if err == nil && len(found) == 1 && found[0] == "ok" {
		found, err = e.texts(ctx, sqlHole)
		if err == nil && len(found) == 1 {
			_ = e.store.Damaged("item", errors.New(found[0]))
		}
		if err == nil {
			return nil
		}
	}
	switch {
	case err != nil && !sqliteDamaged(err):
		return fmt.Errorf("check %s: %w", e.path, err)
	case err != nil:
		found = []string{err.Error()}
	}
	return damagedFile(e.path, errors.New(strings.Join(found, "; ")))
}

// damagedFile is the error about a file that is not to be used.
func damagedFile(path string, cause error) error {
	return fmt.Errorf("%w: %s: %w; %s (without the old -wal and -shm files); sqlite3's .recover reads what can still be read",
		center.ErrDamaged, path, cause, whatToDo)
}

func (e *sqliteEngine) texts(ctx context.Context, query string) (all []string, err error) {
	rows, err := e.read.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err has it
	for rows.Next() {
		var text sql.NullString
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text.String)
	}
	return all, rows.Err()
}
