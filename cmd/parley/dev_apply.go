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
	"time"

	"github.com/parley-chat/parley/internal/bundle"
	"github.com/parley-chat/parley/internal/server"
)

// applyFlags bring an instance's files into parley dev, and out of it.
type applyFlags struct {
	Apply string `group:"An instance as files:" type:"path" placeholder:"DIR" help:"Apply a directory, written by parley export or by hand, before the server is ready."`
	Watch bool   `group:"An instance as files:" help:"Apply it again whenever a file of it changes."`
	Save  string `group:"An instance as files:" type:"path" placeholder:"DIR" help:"Write the instance to a directory, as parley export does, when the server stops."`
}

func (f *applyFlags) check() error {
	if f.Watch && f.Apply == "" {
		return errors.New("--watch needs --apply DIR, the directory to watch")
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
	if f.Apply != "" {
		cfg.Furnish = f.furnish
	}
	if f.Save != "" {
		cfg.Leave = func(ctx context.Context, operations http.Handler) error {
			if err := export(ctx, seeded(operations), f.Save); err != nil {
				return fmt.Errorf("--save: %w", err)
			}
			return nil
		}
	}
}

// seeded leads to the instance that a development server has.
func seeded(operations http.Handler) *bundle.Client {
	return &bundle.Client{URL: "http://parley", HTTP: bundle.Within(operations), Instance: string(server.SeedInstance)}
}

func (f *applyFlags) furnish(ctx context.Context, operations http.Handler) (any, error) {
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

// watch applies the directory when it changes, until ctx ends. What is wrong is told, and the instance stays as it was.
func (f *applyFlags) watch(ctx context.Context, s *server.Server) {
	applied := f.look()
	for seen := applied; ; {
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return
		}
		now := f.look()
		settled := now == seen
		seen = now
		if !settled || now == applied {
			continue
		}
		applied = now
		if err := s.Furnish(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// look is a fingerprint of the directory: names, sizes and times.
func (f *applyFlags) look() [sha256.Size]byte {
	h := sha256.New()
	_ = filepath.WalkDir(f.Apply, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is gone just now, or will be told when it is applied
		}
		if info, err := e.Info(); err == nil && !e.IsDir() {
			fmt.Fprintln(h, name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return [sha256.Size]byte(h.Sum(nil))
}
