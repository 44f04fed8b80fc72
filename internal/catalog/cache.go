package catalog

import (
	"context"
	"sync"

	"github.com/parley-chat/parley/internal/center"
)

// maxDecoded is how many bytes of rows are kept decoded; a list of more is decoded each time. recordBytes are counted for
// each record, and for each list, beside its row: a user whose row has 600 bytes takes 1260 in memory.
const (
	maxDecoded  = 32 << 20
	recordBytes = 512
)

// decoded keeps the records of kinds decoded, so that lists and searches do not read all rows each time, and what is counted
// for a record. What is kept counts as long as the number that each commit of the kinds raises which it follows from is the same.
type decoded struct {
	mu    sync.Mutex
	kinds map[kindOf]decodedKind
	bytes int // of all kinds
}

type kindOf struct {
	at       center.InstanceID
	rows     string
	gathered bool   // what gather makes of the rows, for searches
	id       string // the record that something is counted for; "": all records
}

type decodedKind struct {
	version int64
	records any // *records[R], or what is counted for a record
	bytes   int
}

// records are all records of a kind in an instance, in the order of their ids.
type records[R any] struct {
	byID   []R
	sort   sync.Once
	byName []*R // in the order of searches, from sort on
}

func (d *decoded) get(of kindOf, version int64) any {
	d.mu.Lock()
	defer d.mu.Unlock()
	if k, ok := d.kinds[of]; ok && k.version == version {
		return k.records
	}
	return nil
}

func (d *decoded) put(of kindOf, k decodedKind) {
	if k.bytes > maxDecoded {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bytes += k.bytes - d.kinds[of].bytes
	if d.kinds == nil || d.bytes > maxDecoded {
		d.kinds, d.bytes = map[kindOf]decodedKind{}, k.bytes
	}
	d.kinds[of] = k
}

// decodePage is how many rows are read at a time.
const decodePage = 1000

// all are the records of an instance in the order of their ids. They are shared: for reading only.
func (k *Kind[R]) all(ctx context.Context, c *Catalog, at center.InstanceID) ([]R, error) {
	known, err := k.records(ctx, c, at)
	if err != nil {
		return nil, err
	}
	return known.byID, nil
}

func (k *Kind[R]) records(ctx context.Context, c *Catalog, at center.InstanceID) (*records[R], error) {
	return keptDecoded(ctx, c, kindOf{at: at, rows: k.rows}, func() (all []R, bytes int, err error) {
		all = []R{}
		for after := ""; ; {
			rows, err := c.Store.Resources(ctx, at, k.rows, after, decodePage)
			if err != nil {
				return nil, 0, err
			}
			for _, row := range rows {
				r, err := k.decode(c, row)
				if err != nil {
					return nil, 0, err
				}
				all = append(all, *r)
				after = row.ID
				bytes += len(row.Body) + recordBytes
			}
			if len(rows) < decodePage {
				return all, bytes, nil
			}
		}
	})
}

// keptDecoded returns the records that are kept for the present version of a kind. If there are none, it reads and keeps
// them; bytes is what they count.
func keptDecoded[R any](ctx context.Context, c *Catalog, of kindOf, read func() (all []R, bytes int, err error)) (*records[R], error) {
	return kept(ctx, c, of, func() (*records[R], int, error) {
		all, bytes, err := read()
		return &records[R]{byID: all}, bytes + recordBytes, err
	}, of.rows)
}

// kept returns what is kept for the present version of the kinds that it follows from. If there is nothing, it reads and keeps it.
func kept[T any](ctx context.Context, c *Catalog, of kindOf, read func() (value T, bytes int, err error), from ...string) (T, error) {
	version, err := c.Store.KindVersion(ctx, of.at, from...)
	if err != nil {
		return *new(T), err
	}
	if known, ok := c.decoded.get(of, version).(T); ok {
		return known, nil
	}
	// Rows that are newer than version are read again next time.
	value, bytes, err := read()
	if err != nil {
		return *new(T), err
	}
	c.decoded.put(of, decodedKind{version, value, bytes})
	return value, nil
}
