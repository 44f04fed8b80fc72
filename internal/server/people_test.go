package server

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// What the banner says is true: the users are there, offline, on the basic queue, and their passwords are right.
func TestSeededPeople(t *testing.T) {
	s := development(t, nil)
	info := get[struct{ Users []Person }](t, ask(s, "GET", "/_parley/info", ""))
	if len(info.Users) != 3 || info.Users[0].Username != "agent-1" || info.Users[2].Role != roleSupervisor {
		t.Fatalf("users: %+v", info.Users)
	}
	for _, p := range info.Users {
		u, _, err := s.catalog.CheckPassword(t.Context(), SeedInstance, p.Username, p.Password)
		if err != nil || u.ID != p.ID || u.RoutingProfile != center.BasicRoutingProfileID(SeedInstance) {
			t.Errorf("%s: %+v, %v", p.Username, u, err)
		}
		a, _, err := s.staff.Agent(t.Context(), SeedInstance, p.ID)
		if err != nil || a.Status.Type != center.StatusOffline {
			t.Errorf("%s: %+v, %v", p.Username, a, err)
		}
		queue, err := catalog.Queues.Get(t.Context(), s.catalog, SeedInstance, string(p.ID))
		if err != nil || queue.Type != center.QueueAgent {
			t.Errorf("the queue of %s: %+v, %v", p.Username, queue, err)
		}
	}
	get[map[string]bool](t, ask(s, "POST", "/_parley/reset", ""))
	if _, _, err := s.catalog.CheckPassword(t.Context(), SeedInstance, "agent-1", SeedPassword); err != nil {
		t.Error("after a reset:", err)
	}
}

// A server that is not for development refuses the password that everybody knows, and says whose it is.
func TestSeededPasswordsAreForDevelopment(t *testing.T) {
	data := "sqlite:" + t.TempDir() + "/parley.db"
	if err := development(t, func(cfg *Config) { cfg.Database = data }).Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	serve := func() *Server {
		t.Helper()
		log.Reset()
		return development(t, func(cfg *Config) {
			cfg.Dev, cfg.PublicURL, cfg.Database, cfg.Log = false, "https://parley.test", data, slog.New(slog.NewTextHandler(&log, nil))
		})
	}
	s := serve()
	if _, _, err := s.catalog.CheckPassword(t.Context(), SeedInstance, "supervisor", SeedPassword); !center.Is(err, center.AccessDenied) {
		t.Errorf("the seeded password: %v", err)
	}
	if !strings.Contains(log.String(), "[agent-1 agent-2 supervisor]") {
		t.Errorf("the log: %s", log.String())
	}
	if err := s.catalog.SetPassword(t.Context(), SeedInstance, "supervisor", "Another-1", s.cfg.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.catalog.CheckPassword(t.Context(), SeedInstance, "supervisor", "Another-1"); err != nil {
		t.Errorf("another password: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if serve(); !strings.Contains(log.String(), "[agent-1 agent-2]") {
		t.Errorf("the log: %s", log.String())
	}
}

// A start leaves the users alone that were changed, and takes no name from another.
func TestSeededPeopleStayAsTheyWere(t *testing.T) {
	data := "sqlite:" + t.TempDir() + "/parley.db"
	on := func(cfg *Config) { cfg.Database = data }
	s := development(t, on)
	one, two := string(seedUserID("agent-1")), string(seedUserID("agent-2"))
	if err := s.catalog.UpdateIdentity(t.Context(), SeedInstance, one, center.Identity{FirstName: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if err := s.catalog.DeleteUser(t.Context(), SeedInstance, two); err != nil {
		t.Fatal(err)
	}
	password := "Another-1"
	other := &center.User{
		Head: center.Head[center.UserID]{Name: "agent-2"}, RoutingProfile: center.BasicRoutingProfileID(SeedInstance),
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(SeedInstance, "security-profile", center.SecurityAgent))},
	}
	other.Identity = center.Identity{FirstName: "John", LastName: "Two"}
	if err := s.catalog.CreateUser(t.Context(), SeedInstance, other, &password); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = development(t, on)
	u, err := catalog.Users.Get(t.Context(), s.catalog, SeedInstance, one)
	if err != nil || u.Identity.FirstName != "Ada" {
		t.Errorf("agent-1 is %+v, %v", u, err)
	}
	if u, _, err := s.catalog.CheckPassword(t.Context(), SeedInstance, "agent-2", password); err != nil || u.ID != other.ID {
		t.Errorf("agent-2 is %+v, %v", u, err)
	}
}
