package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Kept remembers the answers of reading operations in a directory, so that a read that was cut goes on where it was.
type Kept struct {
	dir string
	// Answers is how many were there.
	Answers int
}

// keptFor is how long answers are good: what is older is read anew, and tokens of pages may have ended.
const keptFor = 12 * time.Hour

// Keep opens the directory in which answers about a source are kept, and discards what was kept of another source or too
// long ago. source says where the answers come from.
func Keep(dir, source string, now time.Time) (*Kept, error) {
	k := &Kept{dir: dir}
	var was struct {
		Source string
		Since  time.Time
	}
	raw, err := os.ReadFile(filepath.Join(dir, "source.json"))
	if err == nil {
		_ = json.Unmarshal(raw, &was) // what cannot be read is another source
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if was.Source == source && now.Sub(was.Since) < keptFor && !was.Since.After(now) {
		there, err := filepath.Glob(filepath.Join(dir, "*.answer"))
		k.Answers = len(there)
		return k, err
	}
	if err := errors.Join(k.Forget(), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	was.Source, was.Since = source, now
	raw, _ = json.Marshal(was)
	return k, os.WriteFile(filepath.Join(dir, "source.json"), raw, 0o600)
}

// Forget removes what is kept.
func (k *Kept) Forget() error { return os.RemoveAll(k.dir) }

func (k *Kept) file(q *request) string {
	sum := sha256.Sum256([]byte(q.op.Name + "\n" + q.target + "\n" + string(q.Body)))
	return filepath.Join(k.dir, hex.EncodeToString(sum[:16])+".answer")
}

// get is the answer that was kept, nil for none.
func (k *Kept) get(q *request) *value {
	if k == nil {
		return nil
	}
	raw, err := os.ReadFile(k.file(q))
	if err != nil {
		return nil // it is asked for again
	}
	v, err := parse(raw, false)
	if err != nil {
		return nil
	}
	return v
}

func (k *Kept) put(q *request, answer *value) error {
	if k == nil {
		return nil
	}
	if err := writeFile(k.file(q), answer.compact()); err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// drop removes answers.
func (k *Kept) drop(all []*request) error {
	for _, q := range all {
		if err := os.Remove(k.file(q)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// writeFile puts a file in its place whole.
func writeFile(name string, data []byte) error {
	tmp := name + ".part"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}
