package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/bundle"
	"github.com/parley-chat/parley/internal/server"
)

// applyFlags bring an instance's files into parley dev, and out of it.
type applyFlags struct {
	Apply string `group:"An instance as files:" type:"path" placeholder:"DIR" help:"Apply a directory, written by parley export or by hand, before the server is ready."`
	Watch bool   `group:"An instance as files:" help:"Apply it again whenever a file of it changes."`
	Save  string `group:"An instance as files:" type:"path" placeholder:"DIR" help:"Write the instance to a directory, as parley export does, when the server stops."`

	looked *looked
}

// looked are the fingerprints of the directory to apply.
type looked struct {
	mu sync.Mutex
	// tried is from before it was read the last time, and done from before it was read and applied.
	tried, done fingerprint
}

func (l *looked) trying(now fingerprint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried = now
}

func (l *looked) applied(now fingerprint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = now
}

func (l *looked) last() (tried, done fingerprint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tried, l.done
}

func (f *applyFlags) check() error {
	if f.Watch && f.Apply == "" {
		return errors.New("--watch needs --apply DIR, the directory to watch")
	}
	if f.Save == "" {
		return nil
	}
	// What only the end of the server could tell would be told too late.
	err := os.MkdirAll(f.Save, 0o755)
	if err == nil {
		err = bundle.CheckTarget(f.Save)
	}
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	return nil
}

// applied is what /_parley/info shows.
type applied struct {
	Directory string          `json:"directory"`
	At        time.Time       `json:"at"`
	Resources []bundle.Listed `json:"resources"`
}

// apply puts the hooks into a configuration.
func (f *applyFlags) apply(cfg *server.Config) {
	f.looked = new(looked)
	if f.Apply != "" {
		cfg.Furnish = f.furnish
	}
	if f.Save != "" {
		cfg.Leave = f.leave
	}
}

// leave saves the instance, unless that would write over what was never applied.
func (f *applyFlags) leave(ctx context.Context, operations http.Handler, whole bool) error {
	if !whole {
		return fmt.Errorf("--save: nothing was saved, and %s is as it was: the instance is not what it was to be, because the last apply or the last reset failed", plain(f.Save))
	}
	b, err := seeded(operations).Read(ctx)
	if err != nil {
		return fmt.Errorf("--save: nothing was saved, and %s is as it was: %w", plain(f.Save), err)
	}
	if f.writesOver() {
		if _, done := f.looked.last(); f.look() != done {
			return fmt.Errorf("--save: nothing was saved, and %s is as it was: its files have changed since they were applied", plain(f.Save))
		}
	}
	if err := writeTo(f.Save, b); err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	return nil
}

// writesOver says that the directory to save to is the one that is applied.
func (f *applyFlags) writesOver() bool {
	if f.Apply == "" {
		return false
	}
	from, err := os.Stat(f.Apply)
	if err != nil {
		return f.Apply == f.Save // it is gone
	}
	to, err := os.Stat(f.Save)
	return err == nil && os.SameFile(from, to)
}

// seeded leads to the instance that a development server has.
func seeded(operations http.Handler) *bundle.Client {
	return &bundle.Client{URL: "http://parley", HTTP: bundle.Within(operations), Instance: string(server.SeedInstance)}
}

func (f *applyFlags) furnish(ctx context.Context, operations http.Handler) (any, error) {
	now := f.look() // first: what is edited while the files are read is a change
	f.looked.trying(now)
	b, problems, err := bundle.Open(f.Apply)
	if err != nil {
		return nil, fmt.Errorf("--apply: %w", err)
	}
	plan, more, err := seeded(operations).Plan(ctx, b, false)
	if err != nil {
		return nil, fmt.Errorf("--apply: %w", err)
	}
	if problems = append(problems, more...); len(problems) > 0 {
		for i := range problems {
			problems[i].File = filepath.Join(f.Apply, filepath.FromSlash(problems[i].File))
		}
		return nil, errors.New(plainLines(problems.Error()) + "\n--apply: nothing of the directory was applied")
	}
	if !plan.Empty() {
		tellPlan(os.Stderr, plan)
	}
	if err := plan.Apply(ctx, nil); err != nil {
		return nil, fmt.Errorf("--apply: %w", err)
	}
	f.looked.applied(now)
	return applied{f.Apply, time.Now().UTC(), b.List()}, nil
}

func plainLines(s string) string {
	all := strings.Split(s, "\n")
	for i := range all {
		all[i] = plain(all[i])
	}
	return strings.Join(all, "\n")
}

// lookEvery is how often a watched directory is looked at. A change is applied when nothing has changed between two looks:
// editors write in steps.
const lookEvery = 300 * time.Millisecond

// watch applies the directory when it changes, until ctx ends. What is wrong is told.
func (f *applyFlags) watch(ctx context.Context, s *server.Server) {
	var seen fingerprint
	for {
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return
		}
		now := f.look()
		settled := now == seen
		seen = now
		if tried, _ := f.looked.last(); !settled || now == tried {
			continue
		}
		if err := s.Furnish(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

type fingerprint [sha256.Size]byte

// look is a fingerprint of the directory: names, sizes and times of the files that are read.
func (f *applyFlags) look() fingerprint {
	h := sha256.New()
	_ = filepath.WalkDir(f.Apply, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is gone just now, or will be told when it is applied
		}
		hidden := strings.HasPrefix(e.Name(), ".") && name != f.Apply
		if e.IsDir() && hidden {
			return fs.SkipDir // such as those of git
		}
		if e.IsDir() || hidden || !strings.EqualFold(filepath.Ext(name), ".json") {
			return nil
		}
		if info, err := e.Info(); err == nil {
			fmt.Fprintln(h, name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return fingerprint(h.Sum(nil))
}
