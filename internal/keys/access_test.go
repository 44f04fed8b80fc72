package keys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAccessKeys(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	r := ring(t, db, c)
	k, err := r.Create(t.Context(), "the website's backend", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(k.ID, "AKIA") || len(k.ID) != 20 || len(k.Secret) != 40 {
		t.Errorf("id %q has %d characters, the secret %d; want AKIA…, 20 and 40", k.ID, len(k.ID), len(k.Secret))
	}
	if secret, ok, err := r.Secret(t.Context(), k.ID); secret != k.Secret || !ok || err != nil {
		t.Errorf("Secret: %t, %v", ok, err)
	}
	all, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].ID != k.ID || all[0].Description != k.Description || !all[0].Created.Equal(c.Now()) || all[0].Secret != "" {
		t.Errorf("List: %d keys, the first %s %q of %v", len(all), all[0].ID, all[0].Description, all[0].Created)
	}
	if err := r.Revoke(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Revoke(t.Context(), k.ID); !errors.Is(err, ErrNoKey) {
		t.Errorf("revoked twice: %v", err)
	}
}

func TestAccessKeysAreListedBeyondOnePage(t *testing.T) {
	r := ring(t, open(t, "sqlite::memory:"), newClock())
	for i := range 203 {
		if _, err := r.Create(t.Context(), fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	all, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, k := range all {
		seen[k.Description] = true
	}
	if len(all) != 203 || len(seen) != 203 {
		t.Errorf("%d keys, %d of them different; want 203", len(all), len(seen))
	}
}

// What is remembered of a key is good for ten seconds, and so is what is remembered of there being none.
func TestLookUpsAreRemembered(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	r, beside := ring(t, db, c), ring(t, db, c)
	k, err := beside.Create(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	known := func() bool {
		t.Helper()
		secret, ok, err := r.Secret(t.Context(), k.ID)
		if err != nil || ok != (secret != "") {
			t.Fatalf("%t, %v", ok, err)
		}
		return ok
	}
	if !known() {
		t.Fatal("a key just made is not known")
	}
	if err := beside.Revoke(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	c.pass(remember - time.Millisecond)
	if !known() {
		t.Error("it was looked up again before ten seconds were over")
	}
	c.pass(time.Millisecond)
	if known() {
		t.Error("a revoked key is good after ten seconds")
	}
}

func TestSecretsAreSealedAtRest(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	db := open(t, "sqlite:"+filepath.Join(dir, "parley.db"))
	r := ring(t, db, c)
	k, err := r.Create(t.Context(), "a description that may be read", nil)
	if err != nil {
		t.Fatal(err)
	}
	tokenSecret := tokens(t, r).current.Load().keys[0].Secret
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(raw, []byte(k.Description))
		if bytes.Contains(raw, []byte(k.Secret)) || bytes.Contains(raw, tokenSecret[:]) {
			t.Errorf("%s holds a secret as it is", filepath.Base(f))
		}
	}
	if !found {
		t.Error("the test does not see what the database holds")
	}
}

func TestHostileAccessKeyIDs(t *testing.T) {
	r := ring(t, open(t, "sqlite::memory:"), newClock())
	k, err := r.Create(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	tokens(t, r) // whose row is no access key
	for _, id := range []string{
		"", "1", k.ID[:19], k.ID + "A", strings.ToLower(k.ID), k.ID + "\x00", "' OR 1=1 --", "%", "AKIA*", "../" + k.ID,
		strings.Repeat("A", 129), strings.Repeat("A", 1<<20), "AKIA\n", "AKIÄ", "\xff\xfe", k.ID + " ",
	} {
		if secret, ok, err := r.Secret(t.Context(), id); secret != "" || ok || err != nil {
			t.Errorf("%.40q: %t, %v; want no key", id, ok, err)
		}
		if err := r.Revoke(t.Context(), id); !errors.Is(err, ErrNoKey) {
			t.Errorf("revoke %.40q: %v, want ErrNoKey", id, err)
		}
	}
	if _, ok, err := r.Secret(t.Context(), k.ID); !ok || err != nil {
		t.Errorf("the good key after that: %t, %v", ok, err)
	}
}

func TestStrangersDoNotFillTheMemory(t *testing.T) {
	r := ring(t, open(t, "sqlite::memory:"), newClock())
	for i := range maxKnown + 10 {
		if _, ok, err := r.Secret(t.Context(), fmt.Sprintf("AKIA%016d", i)); ok || err != nil {
			t.Fatalf("%t, %v", ok, err)
		}
	}
	if len(r.known) > maxKnown {
		t.Errorf("%d look-ups are remembered, want at most %d", len(r.known), maxKnown)
	}
}
