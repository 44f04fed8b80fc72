package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"

	"github.com/parley-chat/parley/internal/bus/nats"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// storeFlags say where the facts are.
type storeFlags struct {
	Config  string `env:"PARLEY_CONFIG" placeholder:"FILE" help:"JSON file with settings, named as the flags are, with _ for -; /etc/parley.json is read where there is one."`
	DB      string `name:"db" env:"PARLEY_DB" placeholder:"URL" help:"sqlite:PATH or postgres://…, whose keys are sealed with $$PARLEY_SECRET."`
	Secret  string `env:"PARLEY_SECRET" hidden:"" help:"Seals keys in the store."`
	Account string `env:"PARLEY_ACCOUNT" default:"123456789012" placeholder:"ID" help:"Account in ARNs (${default})."`
	Region  string `env:"PARLEY_REGION" default:"us-east-1" placeholder:"NAME" help:"Region in ARNs and signatures (${default})."`
}

func (f *storeFlags) config() server.Config {
	return server.Config{
		Database: f.DB, Secret: f.Secret, Partition: center.Partition{Account: f.Account, Region: f.Region},
		Settings: center.DefaultSettings(),
	}
}

type serveCmd struct {
	storeFlags
	corsFlags
	outsideFlags
	oidcFlags
	limitFlags
	Listen         string     `type:"address" env:"PARLEY_LISTEN" default:"127.0.0.1:4510" placeholder:"HOST:PORT" help:"Address to listen on (${default}); a listener passed by systemd socket activation goes before it."`
	OperatorListen string     `type:"address-or-none" env:"PARLEY_OPERATOR_LISTEN" default:"127.0.0.1:4511" placeholder:"HOST:PORT" help:"Loopback address of health, metrics and debug pages (${default}); empty for none."`
	PublicURL      string     `name:"public-url" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Address that clients reach this server by, https://HOST."`
	TLSCert        string     `name:"tls-cert" env:"PARLEY_TLS_CERT" type:"path" placeholder:"FILE" help:"Certificate file; without it, TLS is somebody else's."`
	TLSKey         string     `name:"tls-key" env:"PARLEY_TLS_KEY" type:"path" placeholder:"FILE" help:"Key file of the certificate."`
	LogLevel       slog.Level `env:"PARLEY_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
	Bus            string     `group:"Several nodes on one PostgreSQL:" env:"PARLEY_BUS" default:"local" placeholder:"BUS" help:"News between nodes: local for one node alone, nats:embedded, or nats://HOST,… of a cluster of yours (${default})."`
	BusListen      string     `group:"Several nodes on one PostgreSQL:" name:"bus-listen" type:"address" env:"PARLEY_BUS_LISTEN" default:"127.0.0.1:4512" placeholder:"HOST:PORT" help:"With nats:embedded: address that other nodes dial, on a private network (${default})."`
	BusRoutes      []string   `group:"Several nodes on one PostgreSQL:" name:"bus-routes" type:"address" env:"PARLEY_BUS_ROUTES" placeholder:"HOST:PORT,..." help:"With nats:embedded: other nodes' --bus-listen; one that is up is enough."`
}

// Help says what no flag's own line can.
func (*serveCmd) Help() string {
	return "A flag goes before its environment variable, the variable before the settings file. " +
		"Keys in the database are sealed with $PARLEY_SECRET, the output of openssl rand -base64 32 for example: " +
		"PostgreSQL needs it, the same on every node; beside a SQLite file one is made."
}

func (c *serveCmd) Run() error {
	cfg, listeners, err := c.prepare()
	if err != nil {
		return err
	}
	stop, again := signals()
	var running atomic.Pointer[server.Server]
	if c.Bus != localBus {
		news, err := c.openBus(cfg.Log, func() {
			if s := running.Load(); s != nil {
				s.Resync()
			}
		})
		if err != nil {
			return err
		}
		defer news.Close()
		cfg.Nodes = news
	}
	s, err := server.New(stop, cfg)
	if err != nil {
		return err
	}
	running.Store(s)
	if err := c.listen(&listeners); err != nil {
		return errors.Join(err, s.Close())
	}
	c.tell(stop, s, cfg.Log, listeners)
	return s.Run(stop, again, listeners)
}

// listen opens the addresses. It comes after the database: a second process on one SQLite file waits for the first, which
// may have the same addresses, and is refused with a word on the file, not on an address that it could change.
func (c *serveCmd) listen(l *server.Listeners) (err error) {
	if c.OperatorListen != "" {
		if l.Operator, err = net.Listen("tcp", c.OperatorListen); err != nil {
			return notListening("--operator-listen", err)
		}
	}
	l.Public, err = server.Listen(c.Listen)
	return notListening("--listen", err)
}

const (
	localBus    = "local"
	embeddedBus = "nats:embedded"
)

// openBus joins the other nodes.
func (c *serveCmd) openBus(log *slog.Logger, reconnected func()) (*nats.Bus, error) {
	o := nats.Options{Log: log, Reconnected: reconnected}
	if c.Bus == embeddedBus {
		o.Cluster = nats.Cluster{Listen: c.BusListen, Routes: c.BusRoutes, Secret: busSecret(c.Secret)}
	} else {
		o.URL = c.Bus
	}
	return nats.Open(o)
}

// busSecret is what embedded servers know each other by. Every node has the operator's secret; the bus travels in the
// clear, so that one itself must not.
func busSecret(secret string) string {
	sum := sha256.Sum256([]byte("parley: bus between nodes: " + secret))
	return hex.EncodeToString(sum[:])
}

func (c *serveCmd) checkBus() error {
	switch {
	case c.Bus != embeddedBus && len(c.BusRoutes) > 0:
		return errors.New("--bus-routes is for --bus nats:embedded")
	case c.Bus == localBus:
		return nil
	case c.Bus != embeddedBus && !strings.HasPrefix(c.Bus, "nats://") && !strings.HasPrefix(c.Bus, "tls://"):
		return errors.New("--bus must be local, nats:embedded or nats://HOST,…")
	case strings.HasPrefix(c.DB, "sqlite:"):
		return errors.New("--bus: several nodes need PostgreSQL, --db postgres://…; SQLite is for one")
	case c.Bus == embeddedBus:
		return c.checkRoutes()
	}
	if err := nats.CheckURL(c.Bus); err != nil {
		return fmt.Errorf("--bus: %w", err)
	}
	return nil
}

func (c *serveCmd) checkRoutes() error {
	if _, _, err := net.SplitHostPort(c.BusListen); err != nil {
		return fmt.Errorf("--bus-listen: %w", err)
	}
	for _, r := range c.BusRoutes {
		if _, _, err := net.SplitHostPort(r); err != nil {
			return fmt.Errorf("--bus-routes: %w", err)
		}
	}
	return nil
}

// prepare makes the configuration, or says all that is missing or wrong with it.
func (c *serveCmd) prepare() (server.Config, server.Listeners, error) {
	cfg := c.config()
	cfg.PublicURL = c.PublicURL
	cfg.Log = slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	c.outsideFlags.apply(&cfg)
	c.corsFlags.apply(&cfg)
	secret := c.oidcFlags.apply(&cfg)
	wrong := []error{secret, cfg.Check()}
	wrong = append(wrong, c.checkBus())
	var listeners server.Listeners
	wrong = append(wrong, c.limitFlags.apply(&cfg), c.checkOperator())
	var err error
	listeners.TLS, err = c.tls()
	wrong = append(wrong, err)
	return cfg, listeners, errors.Join(wrong...)
}

// tell logs that the server is ready, and what its operator may have overlooked.
func (c *serveCmd) tell(ctx context.Context, s *server.Server, log *slog.Logger, l server.Listeners) {
	if keys, err := s.HasAccessKeys(ctx); err == nil && !keys {
		log.Warn("there is no access key, so that nobody can start a chat: parley key create makes one")
	}
	if u, err := url.Parse(c.PublicURL); err == nil && u.Scheme == "http" && u.Hostname() != "127.0.0.1" {
		log.Warn("chatjs connects its sockets by wss, or by ws to 127.0.0.1 alone; the public URL is neither")
	}
	log.Info("ready", "listen", l.Public.Addr().String(), "url", c.PublicURL, "version", server.Version())
	unmapProgram()
}

func (c *serveCmd) checkOperator() error {
	if c.OperatorListen == "" {
		return nil
	}
	addr, err := net.ResolveTCPAddr("tcp", c.OperatorListen)
	if err != nil {
		return fmt.Errorf("--operator-listen: %w", err)
	}
	if !addr.IP.IsLoopback() {
		return errors.New("--operator-listen must be a loopback address: its pages show what no customer may see")
	}
	c.OperatorListen = addr.String()
	return nil
}

func (c *serveCmd) tls() (*tls.Config, error) {
	switch {
	case c.TLSCert == "" && c.TLSKey == "":
		return nil, nil
	case c.TLSCert == "" || c.TLSKey == "":
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("load the certificate of --tls-cert and --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}
