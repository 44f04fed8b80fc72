package token

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

const operatorSecret = "correct horse battery staple"

func newMaster(t *testing.T, secret string) MasterKey {
	t.Helper()
	m, err := NewMasterKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMasterKeyOpensWhatItSealed(t *testing.T) {
	for _, plaintext := range []string{"", "wJalrXUtnFEMI", string(key1.Secret[:])} {
		sealed := newMaster(t, operatorSecret).Seal([]byte(plaintext), "token key k1")
		if plaintext != "" && bytes.Contains(sealed, []byte(plaintext)) {
			t.Error("sealed bytes show the secret")
		}
		// Another process derives the key again.
		got, err := newMaster(t, operatorSecret).Open(sealed, "token key k1")
		if err != nil || string(got) != plaintext {
			t.Errorf("%q, %v, want %q", got, err, plaintext)
		}
	}
}

func TestMasterKeyNeverSealsTheSameTwice(t *testing.T) {
	m := newMaster(t, operatorSecret)
	if first, second := m.Seal([]byte("s"), "p"), m.Seal([]byte("s"), "p"); bytes.Equal(first, second) {
		t.Errorf("%x twice", first)
	}
}

func TestMasterKeyRefusesEverythingElse(t *testing.T) {
	m := newMaster(t, operatorSecret)
	sealed := m.Seal([]byte("a secret"), "token key k1")
	if _, err := newMaster(t, operatorSecret+".").Open(sealed, "token key k1"); !errors.Is(err, ErrMasterKey) {
		t.Errorf("another PARLEY_SECRET: %v", err)
	}
	if _, err := m.Open(sealed, "token key k2"); !errors.Is(err, ErrMasterKey) {
		t.Errorf("another purpose: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		for _, bad := range [][]byte{changed, sealed[:i]} {
			if got, err := m.Open(bad, "token key k1"); err == nil || got != nil {
				t.Errorf("byte %d: %q, %v", i, got, err)
			}
		}
	}
}

func TestMasterKeyNeedsSixteenCharacters(t *testing.T) {
	if _, err := NewMasterKey(strings.Repeat("é", 16)); err != nil {
		t.Error(err)
	}
	for _, short := range []string{"", strings.Repeat("é", 15)} {
		_, err := NewMasterKey(short)
		if err == nil || !strings.Contains(err.Error(), "PARLEY_SECRET must have at least 16 characters") {
			t.Errorf("%q: %v", short, err)
		}
		if short != "" && strings.Contains(err.Error(), short) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}
