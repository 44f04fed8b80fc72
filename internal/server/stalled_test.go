package server_test

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/internal/stock"
)

// While no commit succeeds, because another session has locked what all of them need, the node says that it is not
// ready. It is ready again when one succeeds, and when none is tried any more.
func TestANodeThatTakesNothingIsNotReady(t *testing.T) {
	admin := os.Getenv("PARLEY_TEST_POSTGRES")
	if admin == "" {
		t.Skip("needs PostgreSQL: set PARLEY_TEST_POSTGRES to the URL of a database that may be written to")
	}
	database := ownSchema(t, admin)
	s, err := server.New(t.Context(), server.Config{
		Database: database, Secret: strings.Repeat("a secret of this test ", 3), PublicURL: "https://chat.example.com",
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion}, Settings: center.DefaultSettings(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	at, err := s.Catalog().CreateInstance(t.Context(), center.Instance{Alias: "stalled", IdentityManagementType: center.IdentityManaged}, "")
	if err != nil {
		t.Fatal(err)
	}
	start := func() error {
		_, err := s.Chats().Start(context.Background(), center.StartChat{
			Instance: at.ID, Flow: stock.FlowID(at.ID, "Sample inbound flow (first contact experience)"), DisplayName: "Ana",
		})
		return err
	}
	if err := start(); err != nil {
		t.Fatal(err)
	}
	ready := func() (status int, why string) {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/health/ready", nil))
		return w.Code, w.Body.String()
	}
	becomes := func(want int) (why string) {
		t.Helper()
		for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			status, why := ready()
			if status == want {
				return why
			}
			if time.Since(begin) > patience {
				t.Fatalf("ready answers %d %s, want %d", status, why, want)
			}
		}
	}

	stranger, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close(context.Background()) //nolint:errcheck // a test's
	for _, text := range []string{`BEGIN`, `LOCK TABLE item IN EXCLUSIVE MODE`} {
		if _, err := stranger.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if status, why := ready(); status != 200 {
		t.Errorf("nothing was tried yet, and ready answers %d %s", status, why)
	}
	var over atomic.Bool
	var trying sync.WaitGroup
	trying.Go(func() {
		for !over.Load() {
			if err := start(); err != nil {
				time.Sleep(10 * time.Millisecond)
			}
		}
	})
	if why := becomes(503); !strings.Contains(why, "none succeeded") {
		t.Errorf("not ready, for another reason: %s", why)
	}
	if _, err := stranger.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	becomes(200)
	over.Store(true)
	trying.Wait()
	if err := start(); err != nil {
		t.Error(err)
	}
}
