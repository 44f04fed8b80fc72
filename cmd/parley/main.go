// Command parley is a self-hosted chat contact centre that speaks Amazon Connect's chat APIs.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

type cli struct {
	Dev      devCmd      `cmd:"" help:"Start for development: one process, a seeded instance, any credentials."`
	Serve    serveCmd    `cmd:"" help:"Start for production."`
	Key      keyCmd      `cmd:"" help:"Access keys, with which callers of the connect API sign."`
	Instance instanceCmd `cmd:"" help:"Instances, to which everything else belongs."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

func main() {
	// Less collecting, more memory: a message leaves little behind that outlives it. GOGC overrides it.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	var c cli
	ctx := kong.Parse(&c, kong.Name("parley"),
		kong.Description("A chat contact centre that speaks Amazon Connect's chat APIs."),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Configuration(kong.JSON, "/etc/parley.json", "~/.parley.json"))
	if err := ctx.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "parley:", err)
		os.Exit(1)
	}
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("parley", server.Version())
	return nil
}

// signals returns a context that ends with the first SIGINT or SIGTERM, and a channel that gets the second.
func signals() (context.Context, <-chan os.Signal) {
	stop, cancel := context.WithCancel(context.Background())
	all, again := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(all, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-all
		cancel()
		again <- <-all
	}()
	return stop, again
}

type devCmd struct {
	Listen string `default:"127.0.0.1:4510" env:"PARLEY_LISTEN" help:"Address to listen on (${default})."`
	Data   string `type:"path" env:"PARLEY_DATA" help:"Directory to keep chats, tokens and settings in; without it nothing outlives the process."`
	Clock  string `enum:"real,manual" default:"real" help:"Contact time: real, or manual to stand still until POST /_parley/clock advances it."`
	Quiet  bool   `short:"q" help:"Log warnings and errors only."`
}

func (c *devCmd) Run() error {
	level := slog.LevelInfo
	if c.Quiet {
		level = slog.LevelWarn
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	cfg := server.Config{
		Dev: true, Database: "sqlite::memory:", Log: log, Settings: center.DefaultSettings(),
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion},
	}
	if c.Data != "" {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return fmt.Errorf("make the data directory: %w", err)
		}
		cfg.Database = "sqlite:" + filepath.Join(c.Data, "parley.db")
	}
	if c.Clock == "manual" {
		cfg.Clock = server.NewManualClock(time.Now())
	}
	ln, err := server.Listen(c.Listen)
	if err != nil {
		return err
	}
	stop, again := signals()
	s, err := server.New(stop, cfg)
	if err != nil {
		return err
	}
	c.banner(ln.Addr())
	return s.Run(stop, again, server.Listeners{Public: ln})
}

// banner says what to do next.
func (c *devCmd) banner(addr net.Addr) {
	endpoint := "http://" + addr.String()
	if t, ok := addr.(*net.TCPAddr); ok && (t.IP == nil || t.IP.IsUnspecified()) {
		endpoint = fmt.Sprintf("http://127.0.0.1:%d", t.Port)
	}
	fmt.Printf(`parley is ready at %[1]s

  instance  %[2]s  (%[3]s)
  flow      %[4]s  (%[5]s)
  pages     %[1]s/  and a chat at %[1]s/chat/

For the AWS CLI and SDKs:

  export AWS_ENDPOINT_URL=%[1]s
  export AWS_REGION=%[6]s AWS_DEFAULT_REGION=%[6]s
  export AWS_ACCESS_KEY_ID=dev AWS_SECRET_ACCESS_KEY=dev

`, endpoint, server.SeedInstance, server.SeedAlias, server.SeedFlow, server.SeedFlowName, server.SeedRegion)
	if t, ok := addr.(*net.TCPAddr); ok && !t.IP.IsLoopback() {
		fmt.Fprintf(os.Stderr, "warning: %s can be reached from other machines, and any credentials are accepted\n", addr)
	}
	if c.Data == "" {
		fmt.Println("Nothing is kept when it stops; --data DIR keeps it.")
	}
}

// storeFlags say where the facts are.
type storeFlags struct {
	DB      string `name:"db" env:"PARLEY_DB" placeholder:"URL" help:"sqlite:PATH or postgres://…"`
	Secret  string `env:"PARLEY_SECRET" hidden:"" help:"Seals keys in the store."`
	Account string `env:"PARLEY_ACCOUNT" default:"123456789012" help:"Account in ARNs (${default})."`
	Region  string `env:"PARLEY_REGION" default:"us-east-1" help:"Region in ARNs and signatures (${default})."`
}

func (f *storeFlags) config() server.Config {
	return server.Config{
		Database: f.DB, Secret: f.Secret, Partition: center.Partition{Account: f.Account, Region: f.Region},
		Settings: center.DefaultSettings(),
	}
}

type serveCmd struct {
	storeFlags
	Config           kong.ConfigFlag `env:"PARLEY_CONFIG" help:"JSON file with settings, named as the flags are."`
	Listen           string          `env:"PARLEY_LISTEN" default:"127.0.0.1:4510" help:"Address to listen on (${default}); a listener passed by systemd socket activation goes before it."`
	OperatorListen   string          `env:"PARLEY_OPERATOR_LISTEN" default:"127.0.0.1:4511" help:"Loopback address of health and debug pages (${default}); empty for none."`
	PublicURL        string          `name:"public-url" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Address that clients reach this server by, https://HOST."`
	TLSCert          string          `name:"tls-cert" env:"PARLEY_TLS_CERT" type:"path" help:"Certificate file; without it, TLS is somebody else's."`
	TLSKey           string          `name:"tls-key" env:"PARLEY_TLS_KEY" type:"path" help:"Key file of the certificate."`
	Bus              string          `env:"PARLEY_BUS" default:"local" help:"News between nodes: local for one node."`
	Throttle         string          `env:"PARLEY_THROTTLE" default:"off" help:"Rate limits: off, aws, or OPERATION=RATE/BURST,… (${default})."`
	ActiveChats      int             `env:"PARLEY_ACTIVE_CHATS" help:"Concurrent active chats of an instance; 0 for no limit. Amazon Connect: 500."`
	RehydrationDelay time.Duration   `env:"PARLEY_REHYDRATION_DELAY" help:"How long after its end a chat can be continued. Amazon Connect: 30s to 60s."`
	LegacySizes      bool            `env:"PARLEY_LEGACY_SIZES" help:"Limit messages by content type, as before 2026: 1024 characters of text, 12000 of JSON."`
	LogLevel         slog.Level      `env:"PARLEY_LOG_LEVEL" default:"info" help:"debug, info, warn or error (${default})."`
}

func (c *serveCmd) Run() error {
	if c.Bus != "local" {
		return fmt.Errorf("--bus %q: only local is there, one node at a time", c.Bus)
	}
	cfg := c.config()
	cfg.PublicURL = c.PublicURL
	cfg.Log = slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	cfg.Settings.ActiveChats, cfg.Settings.RehydrationDelay, cfg.Settings.LegacySizes = c.ActiveChats, c.RehydrationDelay, c.LegacySizes
	var err error
	if cfg.Throttle, err = parseThrottle(c.Throttle); err != nil {
		return err
	}
	if c.Throttle == "aws" && c.ActiveChats == 0 {
		cfg.Settings.ActiveChats = 500
	}
	listeners := server.Listeners{}
	if listeners.TLS, err = c.tls(); err != nil {
		return err
	}
	if err := cfg.Check(); err != nil {
		return err
	}
	if listeners.Operator, err = c.operator(); err != nil {
		return err
	}
	if listeners.Public, err = server.Listen(c.Listen); err != nil {
		return err
	}
	stop, again := signals()
	s, err := server.New(stop, cfg)
	if err != nil {
		return err
	}
	cfg.Log.Info("ready", "listen", listeners.Public.Addr().String(), "url", c.PublicURL)
	return s.Run(stop, again, listeners)
}

func (c *serveCmd) operator() (net.Listener, error) {
	if c.OperatorListen == "" {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(c.OperatorListen)
	if err != nil {
		return nil, fmt.Errorf("--operator-listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--operator-listen %s: must be a loopback address, its pages show what no customer may see", c.OperatorListen)
	}
	return net.Listen("tcp", c.OperatorListen)
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
		return nil, fmt.Errorf("load the certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}
