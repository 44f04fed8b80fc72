package server_test

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

func TestANodeOffPostgreSQLsClockIsNotReady(t *testing.T) {
	admin := os.Getenv("PARLEY_TEST_POSTGRES")
	if admin == "" {
		t.Skip("needs PostgreSQL: set PARLEY_TEST_POSTGRES to the URL of a database that may be written to")
	}
	var off time.Duration
	s, err := server.New(t.Context(), server.Config{
		Database: ownSchema(t, admin), Secret: strings.Repeat("a secret of this test ", 3), PublicURL: "https://chat.example.com",
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion}, Settings: center.DefaultSettings(),
		Now: func() time.Time { return time.Now().Add(off) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	for _, c := range []struct {
		off    time.Duration
		status int
	}{{0, 200}, {-3 * time.Second, 503}, {3 * time.Second, 503}, {0, 200}} {
		off = c.off
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/health/ready", nil))
		if w.Code != c.status {
			t.Errorf("%v off: %d %s, want %d", off, w.Code, w.Body, c.status)
		}
	}
}
