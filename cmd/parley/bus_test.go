package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/bus/nats"
)

func TestBusSettings(t *testing.T) {
	const postgres = "postgres://db.example.com/parley"
	for _, c := range []struct {
		bus, db, listen string
		routes          []string
		want            string // in the refusal; "" for none
	}{
		{"local", "sqlite:parley.db", "127.0.0.1:4512", nil, ""},
		{"local", postgres, "127.0.0.1:4512", nil, ""},
		{"nats:embedded", postgres, "10.0.0.1:4512", nil, ""},
		{"nats:embedded", postgres, "10.0.0.1:4512", []string{"10.0.0.2:4512", "node3:4512"}, ""},
		{"nats://nats1,nats2:4222", postgres, "127.0.0.1:4512", nil, ""},
		{"tls://nats1", postgres, "127.0.0.1:4512", nil, ""},
		{"", postgres, "", nil, "--bus must be"},
		{"nats", postgres, "", nil, "--bus must be"},
		{"nats:embeded", postgres, "", nil, "--bus must be"},
		{"pigeons", postgres, "", nil, "--bus must be"},
		{"nats:embedded", "sqlite:parley.db", "127.0.0.1:4512", nil, "PostgreSQL"},
		{"nats://nats1", "sqlite:parley.db", "127.0.0.1:4512", nil, "PostgreSQL"},
		{"nats:embedded", postgres, "4512", nil, "--bus-listen"},
		{"nats:embedded", postgres, "10.0.0.1:4512", []string{"10.0.0.2"}, "--bus-routes"},
		{"local", postgres, "127.0.0.1:4512", []string{"10.0.0.2:4512"}, "--bus-routes"},
		{"nats://nats1", postgres, "127.0.0.1:4512", []string{"10.0.0.2:4512"}, "--bus-routes"},
	} {
		cmd := &serveCmd{storeFlags: storeFlags{DB: c.db}, Bus: c.bus, BusListen: c.listen, BusRoutes: c.routes}
		err := cmd.checkBus()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s on %s, listening on %s, routes %v: %v, want %q", c.bus, c.db, c.listen, c.routes, err, c.want)
		}
	}
}

func TestRoutesFromEverywhere(t *testing.T) {
	want := []string{"10.0.0.2:4512", "10.0.0.3:4512"}
	file := filepath.Join(t.TempDir(), "parley.json")
	for _, c := range []struct {
		file, env string
		args      []string
	}{
		{`{"bus_routes":["10.0.0.2:4512","10.0.0.3:4512"]}`, "", nil},
		{`{"bus_routes":"10.0.0.2:4512,10.0.0.3:4512"}`, "", nil},
		{`{"bus_routes":"10.0.0.9:4512"}`, "10.0.0.2:4512,10.0.0.3:4512", nil},
		{`{}`, "10.0.0.9:4512", []string{"--bus-routes", "10.0.0.2:4512,10.0.0.3:4512"}},
	} {
		if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(c.file, func(t *testing.T) {
			if c.env != "" {
				t.Setenv("PARLEY_BUS_ROUTES", c.env)
			}
			var got cli
			if _, err := newParser(&got, file).Parse(append([]string{"serve"}, c.args...)); err != nil || !slices.Equal(got.Serve.BusRoutes, want) {
				t.Errorf("%v, %v", got.Serve.BusRoutes, err)
			}
		})
	}
}

// joined is a node's end of the bus, as serve opens it.
func joined(t *testing.T, secret, listen string, routes ...string) *nats.Bus {
	t.Helper()
	c := serveCmd{storeFlags: storeFlags{Secret: secret}, Bus: embeddedBus, BusListen: listen, BusRoutes: routes}
	b, err := c.openBus(slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestNodesWithOneSecretMeet(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	where := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	first := joined(t, "one secret", where)
	second := joined(t, "one secret", "127.0.0.1:-1", where)
	stranger := joined(t, "another secret", "127.0.0.1:-1", where)
	// Nothing tells when a route is there.
	for begin := time.Now(); first.Peers() == 0 || second.Peers() == 0; time.Sleep(2 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("they do not meet")
		}
	}
	if first.Peers() != 1 || stranger.Peers() != 0 {
		t.Errorf("the first has %d peers, the stranger %d", first.Peers(), stranger.Peers())
	}
}

// Whoever listens on the network between the nodes sees what they know each other by, and not what it is made of.
func TestTheSecretDoesNotTravel(t *testing.T) {
	const secret = "what seals all keys"
	peer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close() //nolint:errcheck // a test's
	joined(t, secret, "127.0.0.1:-1", peer.Addr().String())
	conn, err := peer.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprint(conn, `INFO {"server_id":"peer","cluster":"parley","auth_required":true}`+"\r\n"); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		line := lines.Text()
		if strings.Contains(line, secret) {
			t.Errorf("it said %s", line)
		}
		if strings.HasPrefix(line, "CONNECT ") {
			if !strings.Contains(line, busSecret(secret)) || busSecret(secret) == busSecret(secret+"!") {
				t.Errorf("it said %s", line)
			}
			return
		}
	}
	t.Error("it did not connect")
}
