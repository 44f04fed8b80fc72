package server

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/token"
)

func administrator(t *testing.T, cfg Config) *Admin {
	t.Helper()
	a, err := OpenAdmin(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() }) //nolint:errcheck // a test's
	return a
}

func storeIn(dir string) Config {
	cfg := production()
	cfg.Database, cfg.Settings = "sqlite:"+dir+"/parley.db", center.DefaultSettings()
	return cfg
}

func TestAnOperatorWorksBesideARunningServer(t *testing.T) {
	cfg := storeIn(t.TempDir())
	s, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	if has, err := s.HasAccessKeys(t.Context()); has || err != nil {
		t.Errorf("a new store has access keys: %v", err)
	}
	a := administrator(t, cfg)
	made, err := a.CreateInstance(t.Context(), "support")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := s.Instances(t.Context()); err != nil || len(all) != 1 || all[0].ID != made.ID || all[0].Alias != "support" {
		t.Errorf("the server sees %v, %v", all, err)
	}
	k, err := a.Keys.Create(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if secret, ok, err := s.keys.Secret(t.Context(), k.ID); secret != k.Secret || !ok || err != nil {
		t.Errorf("the server does not know the key: %v", err)
	}
	if has, err := s.HasAccessKeys(t.Context()); !has || err != nil {
		t.Errorf("the server has no access keys: %v", err)
	}
	if err := a.DeleteInstance(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Instances(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("the server still sees %v, %v", all, err)
	}
}

func TestInstancesByAliasOrID(t *testing.T) {
	a := administrator(t, storeIn(t.TempDir()))
	for i := range 205 {
		if _, err := a.CreateInstance(t.Context(), fmt.Sprintf("team-%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := a.Instances(t.Context())
	if err != nil || len(all) != 205 {
		t.Fatalf("%d instances, %v", len(all), err)
	}
	for _, name := range []string{"team-204", string(all[204].ID)} {
		if i, err := a.FindInstance(t.Context(), name); err != nil || i.Alias != name && string(i.ID) != name {
			t.Errorf("%s: %v, %v", name, i, err)
		}
	}
	var refused *center.Error
	if _, err := a.FindInstance(t.Context(), "nobody"); !errors.As(err, &refused) || refused.Code != center.NotFound {
		t.Errorf("an unknown alias: %v", err)
	}
	if _, err := a.CreateInstance(t.Context(), "team-1"); err == nil || !strings.Contains(err.Error(), "already used") {
		t.Errorf("a taken alias: %v", err)
	}
	for _, bad := range []string{"", "a b", "d-", strings.Repeat("a", 63), "é"} {
		if _, err := a.CreateInstance(t.Context(), bad); err == nil {
			t.Errorf("alias %q is taken", bad)
		}
	}
}

// A key that was made with another secret than the servers' would never be good.
func TestAnotherSecretIsFoundOutBeforeAKeyIsMade(t *testing.T) {
	cfg := storeIn(t.TempDir())
	administrator(t, cfg)
	cfg.Secret = "another secret altogether"
	if _, err := OpenAdmin(t.Context(), cfg); !errors.Is(err, token.ErrMasterKey) {
		t.Errorf("%v, want ErrMasterKey", err)
	}
	if _, err := New(t.Context(), cfg); !errors.Is(err, token.ErrMasterKey) {
		t.Errorf("a server: %v, want ErrMasterKey", err)
	}
}

func TestAdministrationChecksWhatItNeeds(t *testing.T) {
	cfg := production()
	cfg.PublicURL, cfg.Database, cfg.Secret = "", "", "short"
	_, err := OpenAdmin(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "PARLEY_DB") || !strings.Contains(err.Error(), "PARLEY_SECRET") || strings.Contains(err.Error(), "public") {
		t.Errorf("%v", err)
	}
}
