package server

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// An operator asks for one-time codes and invites a user by commands, beside two servers on one database. The user chooses a
// password by the link, enrols at one server and signs in at the other; a code that one has taken the other does not take.
func TestInvitedUserSignsInWithCodes(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		var log bytes.Buffer
		var clock time.Duration
		start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		config := Config{
			Database: database, Secret: "a secret of a test", PublicURL: "https://parley.test", Settings: center.DefaultSettings(),
			Partition: center.Partition{Account: SeedAccount, Region: SeedRegion}, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Now: func() time.Time { return start.Add(clock) },
		}
		ctx := ByOperator(t.Context())
		admin, err := OpenAdmin(ctx, config)
		sure(t, err)
		defer admin.Close() //nolint:errcheck // the test is over
		i, err := admin.CreateInstance(ctx, "support")
		sure(t, err)
		secret := "Nobody-Knows-1"
		sure(t, admin.catalog.CreateUser(ctx, i.ID, &center.User{
			Head:             center.Head[center.UserID]{Name: "ada"},
			SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(i.ID, "security-profile", center.SecurityAgent))},
			RoutingProfile:   center.BasicRoutingProfileID(i.ID),
		}, &secret))
		on := true
		required, err := admin.CodesRequired(ctx, "support", &on)
		if sure(t, err); !required {
			t.Error("codes are not required")
		}
		address, expires, err := admin.MakeLink(ctx, "", "ada", center.LinkInvite, config.PublicURL)
		sure(t, err)
		page, link, _ := strings.Cut(address, "#")
		if page != "https://parley.test/agent/password" || !expires.Equal(start.Add(72*time.Hour)) {
			t.Errorf("%s until %v", page, expires)
		}
		if _, _, err := admin.MakeLink(ctx, "support", "nobody", center.LinkReset, ""); !center.Is(err, center.NotFound) {
			t.Errorf("a link for nobody: %v", err)
		}

		one, two := serving(t, config), serving(t, config)
		w := ask(one, "GET", "/agent/password", "")
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || !strings.Contains(w.Body.String(), "Choose a password") || !strings.Contains(policy, "default-src 'none'") ||
			strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("the page: %d %v", w.Code, w.Header())
		}
		for _, file := range []string{"/agent/password.js", "/agent/password.css"} {
			if w := ask(one, "GET", file, ""); w.Code != 200 {
				t.Errorf("%s: %d", file, w.Code)
			}
		}
		post := func(s *Server, path string, body map[string]any) (int, map[string]any) {
			t.Helper()
			raw, err := json.Marshal(body)
			sure(t, err)
			w := ask(s, "POST", "/agent/v1/"+path, string(raw))
			out := map[string]any{}
			sure(t, json.Unmarshal(w.Body.Bytes(), &out))
			return w.Code, out
		}
		const chosen = "Chosen-By-Ada-1"
		if status, out := post(two, "link/password", map[string]any{"link": link, "password": chosen}); status != 200 {
			t.Fatalf("%d %v", status, out)
		}
		if status, out := post(one, "link/password", map[string]any{"link": link, "password": chosen}); status != 404 {
			t.Errorf("the link again: %d %v", status, out)
		}
		first := func(s *Server) map[string]any {
			t.Helper()
			status, out := post(s, "session", map[string]any{"username": "ada", "password": chosen, "bearer": true})
			missing, _ := out["missing"].(map[string]any)
			if status != 200 || missing == nil || out["token"] != nil {
				t.Fatalf("%d %v", status, out)
			}
			return missing
		}
		code := func(s *Server, missing map[string]any, code string) int {
			t.Helper()
			status, _ := post(s, "session/code", map[string]any{"signIn": missing["signIn"], "code": code})
			return status
		}
		enrolment := first(one)
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(fmt.Sprint(enrolment["secret"]))
		sure(t, err)
		shown := func() string { return center.OneTimeCode(raw, config.Now()) }
		if status := code(two, enrolment, shown()); status != 200 || enrolment["what"] != "enrolment" {
			t.Fatalf("enrolment: %d", status)
		}
		clock += time.Minute
		// The same code at both servers at the same moment.
		var all sync.WaitGroup
		statuses := make(chan int, 4)
		for _, s := range []*Server{one, two, one, two} {
			missing := first(s)
			if missing["what"] != "code" {
				t.Errorf("missing %v", missing)
			}
			all.Go(func() { statuses <- code(s, missing, shown()) })
		}
		all.Wait()
		close(statuses)
		got := map[int]int{}
		for status := range statuses {
			got[status]++
		}
		if got[200] != 1 || got[401] != 3 {
			t.Errorf("answers %v", got)
		}

		sure(t, admin.ResetCodes(ctx, "support", "ada"))
		if err := admin.ResetCodes(ctx, "support", "ada"); !center.Is(err, center.NotFound) {
			t.Errorf("reset again: %v", err)
		}
		if missing := first(two); missing["what"] != "enrolment" || missing["secret"] == enrolment["secret"] {
			t.Errorf("after the reset %v", missing["what"])
		}
		var text strings.Builder
		changes := map[string]bool{}
		sure(t, admin.Audit(ctx, "support", time.Time{}, func(e AuditEntry) error {
			changes[e.Change+" "+e.Kind] = true
			_, err := fmt.Fprintf(&text, "%+v %s %s", e, e.Before, e.After)
			return err
		}))
		for _, want := range []string{
			"create sign-in-settings", "create invite-link", "use invite-link", "refuse invite-link", "update user-password", "create user-totp", "refuse session",
			"create session", "delete user-totp",
		} {
			if !changes[want] {
				t.Errorf("the audit log has no %q, but %v", want, changes)
			}
		}
		for name, secret := range map[string]string{"password": chosen, "link": link, "secret": fmt.Sprint(enrolment["secret"])} {
			if strings.Contains(text.String()+log.String(), secret) {
				t.Errorf("the %s is in a log", name)
			}
		}
	})
}

// serving is a server on a database that others serve from too.
func serving(t *testing.T, config Config) *Server {
	t.Helper()
	s, err := open(t.Context(), config, false)
	sure(t, err)
	s.cfg.fill()
	sure(t, s.wire(t.Context()))
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // a test's
	return s
}

func sure(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is missing or wrong with the settings of a provider is said before anything is served.
func TestProviderIsConfigured(t *testing.T) {
	for _, c := range []struct {
		o    OIDC
		says string
	}{
		{OIDC{ClientID: "parley"}, "need the issuer"},
		{OIDC{Issuer: "https://login.test", ClientID: "parley"}, "--oidc-instance is missing"},
		{OIDC{Issuer: "https://login.test", Instances: []string{"support"}}, "client id is missing"},
		{OIDC{Issuer: "http://login.test", ClientID: "parley", Instances: []string{"support"}}, "https://"},
		{OIDC{Issuer: "https://login.test", ClientID: "parley", Secret: "s3cret", Instances: []string{"support"}}, ""},
		{OIDC{}, ""},
	} {
		cfg := Config{OIDC: c.o}
		_, err := cfg.askers()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}
