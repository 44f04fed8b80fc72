package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

type devCmd struct {
	Listen    string `type:"address" default:"127.0.0.1:4510" env:"PARLEY_LISTEN" placeholder:"HOST:PORT" help:"Address to listen on (${default}); localhost is 127.0.0.1 and [::1], port 0 any free one."`
	Data      string `type:"path" env:"PARLEY_DATA" placeholder:"DIR" help:"Directory to keep chats, tokens and settings in; without it nothing outlives the process."`
	Clock     string `enum:"real,manual" default:"real" placeholder:"real|manual" help:"Contact time: real, or manual to stand still until POST /_parley/clock advances it (${default})."`
	PublicURL string `name:"public-url" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Address that clients reach this server by, when it goes by another name than this machine's: behind a tunnel, for example."`
	Quiet     bool   `short:"q" help:"Log warnings and errors only."`
	applyFlags
	corsFlags
	outsideFlags
	oidcFlags
	limitFlags
}

func (c *devCmd) Run() error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	stop, again := signals()
	s, err := server.New(stop, cfg)
	if err != nil {
		return err
	}
	listeners, err := c.listen() // after New, as in serve
	if err != nil {
		return errors.Join(err, s.Close())
	}
	instances, err := s.Instances(stop)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	addr := listeners.Public.Addr()
	warn(os.Stderr, addr)
	c.banner(os.Stdout, endpoint(c.PublicURL, addr), instances)
	unmapProgram()
	if c.Watch {
		go c.watch(stop, s)
	}
	return s.Run(stop, again, listeners)
}

// listen opens the address. localhost and [::1] are both of the machine's loopback addresses: clients try either, and
// sockets are told to connect to 127.0.0.1, the one plain address that chatjs takes.
func (c *devCmd) listen() (l server.Listeners, err error) {
	host, port, _ := net.SplitHostPort(c.Listen) // net.Listen says what is wrong with it
	if host != "localhost" && host != "::1" {
		l.Public, err = server.Listen(c.Listen)
		return l, notListening("--listen", err)
	}
	if l.Public, err = server.Listen(net.JoinHostPort("127.0.0.1", port)); err != nil {
		return l, notListening("--listen", err)
	}
	if t, ok := l.Public.Addr().(*net.TCPAddr); ok {
		port = strconv.Itoa(t.Port)
	}
	l.Other, err = net.Listen("tcp", net.JoinHostPort("::1", port))
	if err != nil && host == "localhost" && !errors.Is(err, syscall.EADDRINUSE) {
		return l, nil // a machine without IPv6
	}
	if err != nil {
		return l, errors.Join(notListening("--listen", err), l.Public.Close())
	}
	return l, nil
}

// notListening says which flag a listener's error comes from, and what to do when somebody else has the address.
func notListening(flag string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %w; choose another port, %s 127.0.0.1:0 for any that is free", flag, err, flag)
	}
	return fmt.Errorf("%s: %w", flag, err)
}

func (c *devCmd) config() (server.Config, error) {
	level := slog.LevelInfo
	if c.Quiet {
		level = slog.LevelWarn
	}
	cfg := server.Config{
		Dev: true, Database: "sqlite::memory:", PublicURL: c.PublicURL,
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion},
		Log:       slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if err := c.limitFlags.apply(&cfg); err != nil {
		return cfg, err
	}
	c.outsideFlags.apply(&cfg)
	if err := c.oidcFlags.apply(&cfg); err != nil {
		return cfg, err
	}
	c.applyFlags.apply(&cfg)
	if err := c.applyFlags.check(); err != nil {
		return cfg, err
	}
	c.corsFlags.apply(&cfg)
	if c.Data != "" {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return cfg, fmt.Errorf("make the data directory: %w", err)
		}
		cfg.Database = "sqlite:" + filepath.Join(c.Data, "parley.db")
	}
	if c.Clock == "manual" {
		cfg.Clock = server.NewManualClock(time.Now())
	}
	return cfg, cfg.Check()
}

// endpoint is the address to tell people.
func endpoint(public string, addr net.Addr) string {
	if public != "" {
		return strings.TrimSuffix(public, "/")
	}
	if t, ok := addr.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", t.Port)
	}
	return "http://" + addr.String()
}

// warn says what may surprise about an address.
func warn(w io.Writer, addr net.Addr) {
	if t, ok := addr.(*net.TCPAddr); ok && !t.IP.IsLoopback() {
		fmt.Fprintf(w, "warning: %s can be reached from other machines, and any credentials are accepted\n", addr)
	}
}

// maxListed is how many flows of an instance the banner shows, of those that it has not had from its beginning.
const maxListed = 20

// banner says what is there and what to do next.
func (c *devCmd) banner(w io.Writer, endpoint string, instances []server.InstanceInfo) {
	fmt.Fprintf(w, "parley %s is ready at %s\n\n", server.Version(), endpoint)
	for _, i := range instances {
		fmt.Fprintf(w, "  instance  %s  (%s)\n", i.ID, plain(i.Alias))
		own := slices.DeleteFunc(slices.Clone(i.Flows), func(f server.FlowInfo) bool { return f.Stock })
		for _, f := range own[:min(len(own), maxListed)] {
			fmt.Fprintf(w, "  flow      %s  (%s)\n", f.ID, plain(f.Name))
		}
		if n := len(own) - maxListed; n > 0 {
			fmt.Fprintf(w, "            and %d more: GET /_parley/info lists them\n", n)
		}
	}
	for _, p := range server.People() {
		fmt.Fprintf(w, "  user      %s  (%s, password %s)\n", p.Username, p.Role, p.Password)
	}
	fmt.Fprintf(w, `  pages     %[1]s/  and a chat at %[1]s/chat/

For the AWS CLI and SDKs:

  export AWS_ENDPOINT_URL=%[1]s
  export AWS_REGION=%[2]s AWS_DEFAULT_REGION=%[2]s
  export AWS_ACCESS_KEY_ID=dev AWS_SECRET_ACCESS_KEY=dev

`, endpoint, server.SeedRegion)
	to := ""
	if endpoint != defaultEndpoint {
		to = " --endpoint " + endpoint
	}
	fmt.Fprintf(w, "A chat that a person answers, in two terminals:\n\n  parley agent%[1]s\n  parley chat%[1]s --flow %[2]s\n\n", to, server.SeedQueueFlow)
	if c.Data == "" {
		fmt.Fprintln(w, "Nothing is kept when it stops; --data DIR keeps it.")
	}
}

// plain keeps what API callers have named from writing to the terminal anything but characters.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, name)
}
