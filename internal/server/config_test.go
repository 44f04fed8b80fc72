package server

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

func production() Config {
	return Config{
		Database: "sqlite:/var/lib/parley/parley.db", PublicURL: "https://chat.example.com",
		Partition: center.Partition{Account: SeedAccount, Region: SeedRegion},
	}
}

func TestCheck(t *testing.T) {
	const secret = "the output of openssl rand"
	for _, c := range []struct {
		name string
		edit func(*Config)
		want []string // one a line of the error; none: it is good
	}{
		{"complete", func(*Config) {}, nil},
		{"a slash at the end of the URL", func(c *Config) { c.PublicURL += "/" }, nil},
		{"plain HTTP behind a proxy's port", func(c *Config) { c.PublicURL = "http://127.0.0.1:8080" }, nil},
		{"PostgreSQL", func(c *Config) { c.Database, c.Secret = "postgres://parley@db/parley", secret }, nil},
		{"PostgreSQL by its other name", func(c *Config) { c.Database, c.Secret = "postgresql://parley@db/parley", secret }, nil},
		{"PostgreSQL without a secret", func(c *Config) { c.Database = "postgres://parley@db/parley" }, []string{"PARLEY_SECRET"}},
		{"a short secret", func(c *Config) { c.Secret = "hunter2" }, []string{"at least 16 characters"}},
		{"no database", func(c *Config) { c.Database = "" }, []string{"PARLEY_DB"}},
		{"a path alone", func(c *Config) { c.Database = "/var/lib/parley.db" }, []string{"sqlite:PATH"}},
		{"no path", func(c *Config) { c.Database = "sqlite:" }, []string{"sqlite:PATH"}},
		{"another database", func(c *Config) { c.Database = "mysql://root:hunter2@db/parley" }, []string{"sqlite:PATH"}},
		{"memory", func(c *Config) { c.Database = "sqlite::memory:" }, []string{"keeps nothing"}},
		{"no URL", func(c *Config) { c.PublicURL = "" }, []string{"--public-url"}},
		{"a URL with a path", func(c *Config) { c.PublicURL += "/chat" }, []string{"--public-url"}},
		{"a URL with a query", func(c *Config) { c.PublicURL += "?x" }, []string{"--public-url"}},
		{"a URL with a name in it", func(c *Config) { c.PublicURL = "https://a:hunter2@example.com" }, []string{"--public-url"}},
		{"a host alone", func(c *Config) { c.PublicURL = "chat.example.com" }, []string{"--public-url"}},
		{"a socket's URL", func(c *Config) { c.PublicURL = "wss://chat.example.com" }, []string{"--public-url"}},
		{"no URL at all", func(c *Config) { c.PublicURL = "http://[::1" }, []string{"--public-url"}},
		{"a short account", func(c *Config) { c.Partition.Account = "12345678901" }, []string{"--account"}},
		{"an account of letters", func(c *Config) { c.Partition.Account = "12345678901x" }, []string{"--account"}},
		{"no region", func(c *Config) { c.Partition.Region = "" }, []string{"--region"}},
		{"a region with a slash", func(c *Config) { c.Partition.Region = "us/east" }, []string{"--region"}},
		{"nothing at all", func(c *Config) { *c = Config{} }, []string{"PARLEY_DB", "--account", "--region", "--public-url"}},
		{"development needs no URL", func(c *Config) { c.Dev, c.PublicURL = true, "" }, nil},
		{"development may be in memory", func(c *Config) { c.Dev, c.Database = true, "sqlite::memory:" }, nil},
		{"development with a bad URL", func(c *Config) { c.Dev, c.PublicURL = true, "x" }, []string{"--public-url"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := production()
			c.edit(&cfg)
			var lines []string
			if err := cfg.Check(); err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			text := strings.Join(lines, "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("%d things are wrong, want %d:\n%s", len(lines), len(c.want), text)
			}
			for _, word := range c.want {
				if !strings.Contains(text, word) {
					t.Errorf("it does not say %q:\n%s", word, text)
				}
			}
			if strings.Contains(text, "hunter2") {
				t.Errorf("it tells a secret: %s", text)
			}
		})
	}
}

func TestASecretIsMadeOnceBesideTheDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	cfg := Config{Database: "sqlite:" + filepath.Join(dir, "parley.db")}
	first, err := cfg.secret()
	if err != nil {
		t.Fatal(err)
	}
	if len(first) < 32 {
		t.Errorf("it has %d characters", len(first))
	}
	info, err := os.Stat(filepath.Join(dir, "parley.secret"))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("its mode is %o, want 600", mode)
	}
	again, err := cfg.secret()
	if err != nil || again != first {
		t.Errorf("the second start: another secret, or %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	cfg.Secret = "given by the operator"
	if given, err := cfg.secret(); err != nil || given != cfg.Secret {
		t.Errorf("a given secret is not taken: %v", err)
	}
}

func TestStartsAtOnceAgreeOnTheSecret(t *testing.T) {
	cfg := Config{Database: "sqlite:" + filepath.Join(t.TempDir(), "parley.db")}
	made := make([]string, 16)
	var group sync.WaitGroup
	begin := make(chan struct{})
	for i := range made {
		group.Go(func() {
			<-begin
			var err error
			if made[i], err = cfg.secret(); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	group.Wait()
	for _, s := range made {
		if s != made[0] || s == "" {
			t.Fatal("two starts have different secrets")
		}
	}
}

func TestASecretThatCannotBeKeptIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Config{Database: "sqlite:" + filepath.Join(file, "parley.db")}).secret(); err == nil {
		t.Error("a directory that is a file is taken")
	}
	if a, b := randomSecret(), randomSecret(); a == b {
		t.Error("two servers in memory have the same secret")
	}
}
