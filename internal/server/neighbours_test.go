package server_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// warnings passes on what is logged at WARN.
type warnings struct {
	slog.Handler
	said chan string
}

func (w warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w warnings) Handle(_ context.Context, r slog.Record) error {
	w.said <- r.Message
	return nil
}

// Nodes on one PostgreSQL without a bus are mostly a mistake, and their operator hears of it.
func TestANodeWithoutABusSaysThatThereAreOthers(t *testing.T) {
	admin := os.Getenv("PARLEY_TEST_POSTGRES")
	if admin == "" {
		t.Skip("needs PostgreSQL: set PARLEY_TEST_POSTGRES to the URL of a database that may be written to")
	}
	database := ownSchema(t, admin)
	node := func(nodes server.Nodes) (said chan string, stop func()) {
		t.Helper()
		said = make(chan string, 100)
		s, err := server.New(t.Context(), server.Config{
			Database: database, Secret: strings.Repeat("a secret of this test ", 3), PublicURL: "https://chat.example.com",
			Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion}, Settings: center.DefaultSettings(),
			Log: slog.New(warnings{slog.DiscardHandler, said}), Nodes: nodes,
			Dev: true, // it stops at once
		})
		if err != nil {
			t.Fatal(err)
		}
		public, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		told, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(told, nil, server.Listeners{Public: public}) }()
		return said, func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			close(said)
		}
	}
	const word = "no bus"
	first, stopFirst := node(nil)
	counted, stopCounted := node(bus.NewLocal()) // this one has one
	if got := <-first; !strings.Contains(got, word) {
		t.Errorf("the first said %q", got)
	}
	third, stopThird := node(nil)
	if got := <-third; !strings.Contains(got, word) {
		t.Errorf("the third said %q", got)
	}
	stopThird()
	stopCounted()
	stopFirst()
	for name, said := range map[string]chan string{"first": first, "one with a bus": counted, "third": third} {
		for text := range said {
			if strings.Contains(text, word) {
				t.Errorf("the %s said it (again): %s", name, text)
			}
		}
	}
}
