package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/lambda"
	"github.com/parley-chat/parley/internal/lex"
	"github.com/parley-chat/parley/internal/oidc"
	"github.com/parley-chat/parley/internal/outside"
	"github.com/parley-chat/parley/internal/signin"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/systems"
	"github.com/parley-chat/parley/internal/token"
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
	// AnyOrigin lets pages of any origin call participants' operations, whatever the instances approve of.
	AnyOrigin bool
	Partition center.Partition
	Settings  center.Settings
	// StateBytes bounds the decoded states of chats that nobody works on. 0: 5 MiB.
	StateBytes int
	Throttle   api.Throttle
	// AgentGrace is how long after an agent's last window was closed the agent becomes offline; 0: never, as on Amazon
	// Connect.
	AgentGrace time.Duration
	// AgentReclaim gives the chats of such an agent to others before that.
	AgentReclaim bool
	// Clock is contact time; nil is real time.
	Clock engine.Clock
	Log   *slog.Logger

	// Functions, Bots and Systems are the URLs of those whom flows ask outside: of AWS Lambda functions by name or ARN, of
	// Amazon Lex bots by the ARN or id of their alias, of systems such as CustomerProfiles by name. Functions and bots that
	// have none are AWS's, as the environment's AWS configuration says.
	Functions, Bots, Systems map[string]string
	// SignIns are the URLs of the sign-in pages of user pools, by the pool's ARN or id; https, but for development.
	SignIns map[string]string
	// OIDC is the provider at which users sign in.
	OIDC OIDC
	// FlowLog is the file that flow logs are appended to, "-" for the standard output; empty for none.
	FlowLog string
	// Dial connects to those outside; nil is the network. Scenarios set it.
	Dial outside.Dial

	// Furnish is called when a development server's instance is there and nobody can reach the server yet, and again after a
	// reset, with a handler of the operations. What it returns is shown below applied in /_parley/info. Nil does nothing.
	Furnish func(ctx context.Context, operations http.Handler) (any, error)
	// Leave is called when the server has stopped and its store is still open, and no Furnish is under way. whole is false
	// when the last Furnish or the last reset failed: the instance is not what it was to be. Nil does nothing.
	Leave func(ctx context.Context, operations http.Handler, whole bool) error

	// Nodes is set when several nodes share the database: the news between them.
	Nodes Nodes
	// Now is real time and NewID makes UUIDs; nil for the usual ones. Scenarios set them.
	Now   func() time.Time
	NewID func() string
	// Fatal is called when a commit fails in a way after which nothing may go on; nil exits the process.
	Fatal func(error)
}

// OIDC is an OpenID provider at which users sign in. Without an issuer there is none.
type OIDC struct {
	Issuer, ClientID, Secret, Claim string
	Scopes                          []string
	// Instances are those whose users sign in there, each by its id or alias.
	Instances []string
}

// Nodes carries news between the nodes that share a database.
type Nodes interface {
	engine.Publisher
	hub.Bus
}

// Check names all that is missing or wrong, an error each, joined. No error holds a secret.
func (c *Config) Check() error {
	_, err := c.askers()
	return errors.Join(c.checkStore(), c.checkPublicURL(), err)
}

// askers ask those outside.
type askers struct {
	functions *lambda.Client
	bots      *lex.Client
	systems   *systems.Client
	signIns   *signin.Client
	provider  *oidc.Client // nil for none
}

// askers are made of the configuration. In development, to have given somebody a URL is leave enough for flows to ask them.
func (c *Config) askers() (a askers, err error) {
	var errs [5]error
	a.functions, errs[0] = lambda.New(lambda.Options{URLs: c.Functions, Trust: c.Dev, Region: c.Partition.Region, Dial: c.Dial})
	a.bots, errs[1] = lex.New(lex.Options{URLs: c.Bots, Trust: c.Dev, Dial: c.Dial})
	a.systems, errs[2] = systems.New(c.Systems, c.Dial)
	a.signIns, errs[3] = signin.New(signin.Options{URLs: c.SignIns, Plain: c.Dev, Dial: c.Dial, Now: c.Now})
	a.provider, errs[4] = c.provider()
	for i, flag := range []string{"--lambda", "--lex", "--system", "--sign-in", "--oidc-issuer"} {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("%s: %w", flag, errs[i])
		}
	}
	return a, errors.Join(errs[:]...)
}

// provider asks the OpenID provider.
func (c *Config) provider() (*oidc.Client, error) {
	o := c.OIDC
	switch {
	case o.Issuer == "" && (o.ClientID != "" || o.Secret != "" || len(o.Instances) > 0):
		return nil, errors.New("the other settings of OpenID Connect need the issuer")
	case o.Issuer == "":
		return nil, nil
	case len(o.Instances) == 0:
		return nil, errors.New("--oidc-instance is missing: the instances whose users sign in there")
	}
	return oidc.New(oidc.Options{Issuer: o.Issuer, ClientID: o.ClientID, Secret: o.Secret, Claim: o.Claim, Scopes: o.Scopes, Plain: c.Dev, Dial: c.Dial, Now: c.Now})
}

// tellUnasked says whom a development server has a URL of and no flow has asked: perhaps under another name.
func (s *Server) tellUnasked() {
	if !s.cfg.Dev {
		return
	}
	for _, of := range []struct {
		flag  string
		names []string
	}{{"--lambda", s.asked.functions.Unasked()}, {"--lex", s.asked.bots.Unasked()}, {"--system", s.asked.systems.Unasked()}} {
		if len(of.names) > 0 {
			s.cfg.Log.Info("no flow has asked what was given a URL", "flag", of.flag, "names", strings.Join(of.names, ", "))
		}
	}
}

// checkStore is as much of Check as administration needs.
func (c *Config) checkStore() error {
	wrong := []error{c.checkDatabase()}
	if c.Secret == "" && isPostgres(c.Database) {
		wrong = append(wrong, errors.New("no secret: set PARLEY_SECRET (for example to the output of: openssl rand -base64 32); every node needs the same one"))
	}
	if c.Secret != "" {
		_, err := token.NewMasterKey(c.Secret)
		wrong = append(wrong, err)
	}
	if len(c.Partition.Account) != 12 || strings.Trim(c.Partition.Account, "0123456789") != "" {
		wrong = append(wrong, errors.New("--account must be twelve digits"))
	}
	if c.Partition.Region == "" || strings.Trim(c.Partition.Region, regionCharacters) != "" {
		wrong = append(wrong, errors.New("--region must be a region's name, such as us-east-1"))
	}
	return errors.Join(wrong...)
}

// regionCharacters are those of regions' names, which stand in ARNs and signatures.
const regionCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-"

func (c *Config) checkDatabase() error {
	path, isFile := strings.CutPrefix(c.Database, "sqlite:")
	switch {
	case c.Database == "":
		return errors.New("no database: give --db sqlite:PATH or --db postgres://…, or set PARLEY_DB")
	case isPostgres(c.Database):
		if err := store.CheckURL(c.Database); err != nil {
			return fmt.Errorf("--db: %w", err)
		}
		return nil
	case isFile && path != "" && path != memory:
		return nil
	case isFile && path == memory && c.Dev:
		return nil
	case isFile && path == memory:
		return errors.New("--db sqlite::memory: keeps nothing; it is for parley dev")
	}
	return errors.New("--db must be sqlite:PATH or postgres://…")
}

func (c *Config) checkPublicURL() error {
	if c.PublicURL == "" {
		if c.Dev {
			return nil
		}
		return errors.New("no public URL: give --public-url https://HOST (or PARLEY_PUBLIC_URL), the address that clients reach this server by")
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		strings.TrimSuffix(c.PublicURL, "/") != u.Scheme+"://"+u.Host {
		return errors.New("--public-url must be http://HOST or https://HOST and nothing more")
	}
	return nil
}

// secretFile is the secret beside a SQLite database; databaseFile is what parley dev and parley restore name that.
const (
	secretFile   = "parley.secret"
	databaseFile = "parley.db"
)

// memory is the path of a SQLite database that is no file.
const memory = ":memory:"

func isPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// secretBeside is the file of the secret of a SQLite database.
func secretBeside(path string) string { return filepath.Join(filepath.Dir(path), "parley.secret") }

// checkFile refuses a SQLite file that has lost its content, before a new database is silently made in its place, and says
// when a new one is made beside an old secret.
func (c *Config) checkFile() error {
	path, isFile := strings.CutPrefix(c.Database, "sqlite:")
	if !isFile || path == memory {
		return nil
	}
	db, err1 := fileSize(path)
	wal, err2 := fileSize(path + "-wal")
	secret, err3 := fileSize(secretBeside(path))
	if err := errors.Join(err1, err2, err3); err != nil || db > 0 {
		return err
	}
	switch {
	case wal > 0:
		return fmt.Errorf("the database %s is missing or empty, and its write-ahead log %s-wal holds data that a new database would discard: "+
			"bring the database back, or restore a backup; to begin with a new one, remove both files", path, path)
	case db == 0 && secret >= 0:
		return fmt.Errorf("the database %s is empty, and the secret of its keys, %s, is beside it: the file has lost its content. "+
			"Restore a backup; to begin with a new database, remove the empty file", path, secretBeside(path))
	case db == 0:
		c.Log.Warn("the database file is empty: a new database is made in it", "database", path)
	case secret >= 0:
		c.Log.Warn("there is no database beside an existing secret: a new one is made. If there was one, stop and restore a backup",
			"database", path, "secret", secretBeside(path))
	}
	return nil
}

// fileSize is the size of a file, -1 for one that is not there.
func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// secret returns the operator's secret, or makes one that lies beside the SQLite file, readable by its owner only.
func (c *Config) secret() (string, error) {
	path, isFile := strings.CutPrefix(c.Database, "sqlite:")
	if c.Secret != "" {
		return c.Secret, nil
	}
	if !isFile || path == memory {
		return randomSecret(), nil
	}
	file := secretBeside(path)
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return makeSecret(file)
	}
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// lock makes this process the only one that serves from a SQLite file, unless there is a bus to the others.
func (c *Config) lock(ctx context.Context) (*store.Lock, error) {
	if c.Nodes != nil {
		return nil, nil
	}
	if path, isFile := strings.CutPrefix(c.Database, "sqlite:"); isFile && path != memory && c.Secret == "" {
		// The secret will be made in this directory, as the lock is.
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the data directory: %w", err)
		}
	}
	return store.LockFor(ctx, c.Database, c.Log)
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
	// Its name must last before anything is sealed with it.
	if err := syncDir(filepath.Dir(file)); err != nil {
		return "", fmt.Errorf("make the secret: %w", err)
	}
	raw, err := os.ReadFile(file)
	return strings.TrimSpace(string(raw)), err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
