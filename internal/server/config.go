package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/hub"
)

// Config says what a server is. The zero value of a field means what its comment says.
type Config struct {
	// Dev makes a server for development: any credentials, a seeded instance, and /_parley/.
	Dev bool
	// Database is "sqlite:PATH", "sqlite::memory:" or "postgres://…".
	Database string
	// Secret seals the keys in the store. Beside a SQLite file it may be left out: one is made there. In memory it is random.
	Secret string
	// PublicURL is what clients reach this server by; in development, when empty, what they asked for.
	PublicURL string
	Partition center.Partition
	Settings  center.Settings
	Throttle  api.Throttle
	// Clock is contact time; nil is real time.
	Clock chat.Clock
	Log   *slog.Logger

	// Nodes is set when several nodes share the database: the news between them.
	Nodes Nodes
	// Now is real time and NewID makes UUIDs; nil for the usual ones. Scenarios set them.
	Now   func() time.Time
	NewID func() string
	// Fatal is called when a commit fails in a way after which nothing may go on; nil exits the process.
	Fatal func(error)
}

// Nodes carries news between the nodes that share a database.
type Nodes interface {
	chat.Publisher
	hub.Bus
}

// Check names the first thing that is missing or wrong.
func (c *Config) Check() error {
	switch {
	case c.Database == "":
		return errors.New("no database: give --db sqlite:PATH or --db postgres://…, or set PARLEY_DB")
	case len(c.Partition.Account) != 12 || strings.Trim(c.Partition.Account, "0123456789") != "":
		return fmt.Errorf("--account must have twelve digits, got %d characters", len(c.Partition.Account))
	case c.Partition.Region == "":
		return errors.New("--region must not be empty")
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
			return errors.New("--public-url must be http://HOST or https://HOST without a path")
		}
	} else if !c.Dev {
		return errors.New("no public URL: give --public-url https://HOST (or PARLEY_PUBLIC_URL), the address that clients reach this server by")
	}
	if c.Secret == "" && isPostgres(c.Database) {
		return errors.New("no secret: set PARLEY_SECRET (for example to the output of: openssl rand -base64 32); every node needs the same one")
	}
	return nil
}

func isPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// secret returns the operator's secret, or makes one that lies beside the SQLite file, readable by its owner only.
func (c *Config) secret() (string, error) {
	path, isFile := strings.CutPrefix(c.Database, "sqlite:")
	if c.Secret != "" {
		return c.Secret, nil
	}
	if !isFile || path == ":memory:" {
		return randomSecret(), nil
	}
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "//"), "?")
	file := filepath.Join(filepath.Dir(path), "parley.secret")
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return makeSecret(file)
	}
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// makeSecret writes a new secret. Two that start at once agree: the link fails for the second, who reads the first's.
func makeSecret(file string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".secret-*") // 0600
	if err != nil {
		return "", fmt.Errorf("make the secret: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone or not, it is only a name
	_, err = tmp.WriteString(randomSecret() + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return "", fmt.Errorf("make the secret: %w", err)
	}
	if err := os.Link(tmp.Name(), file); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("make the secret: %w", err)
	}
	raw, err := os.ReadFile(file)
	return strings.TrimSpace(string(raw)), err
}
