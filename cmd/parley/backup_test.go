package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBackupAndRestoreFromTheShell(t *testing.T) {
	dir := t.TempDir()
	env := []string{"PARLEY_DB=sqlite:" + dir + "/parley.db"}
	id := strings.TrimSpace(good(t, env, "instance", "create", "support"))
	file, to := filepath.Join(dir, "backup"), filepath.Join(dir, "restored")
	if out := good(t, env, "backup", file); !strings.Contains(out, file) {
		t.Errorf("backup printed %s", out)
	}
	if _, stderr, code := parley(t, env, "backup", file); code != 1 || !strings.Contains(stderr, "exists") {
		t.Errorf("a second one: exit %d, %s", code, stderr)
	}
	if out := good(t, nil, "restore", file, to); !strings.Contains(out, "sqlite:"+to+"/parley.db") {
		t.Errorf("restore printed %s", out)
	}
	if list := good(t, []string{"PARLEY_DB=sqlite:" + to + "/parley.db"}, "instance", "list"); !strings.Contains(list, id) {
		t.Errorf("instance list printed %s", list)
	}
	if _, stderr, code := parley(t, nil, "restore", file, to); code != 1 || !strings.Contains(stderr, "exists") {
		t.Errorf("over it: exit %d, %s", code, stderr)
	}
	_, stderr, code := parley(t, []string{"PARLEY_DB=postgres://parley:hunter2@db/parley"}, "backup", file+"2")
	if code != 1 || !strings.Contains(stderr, "pg_dump") || !strings.Contains(stderr, "PARLEY_SECRET") || strings.Contains(stderr, "hunter2") {
		t.Errorf("PostgreSQL: exit %d, %s", code, stderr)
	}
	if _, err := os.Stat(file + "2"); err == nil {
		t.Error("there is a file for PostgreSQL")
	}
}

func TestEraseAChatFromTheShell(t *testing.T) {
	env := []string{"PARLEY_DB=sqlite:" + t.TempDir() + "/parley.db"}
	for _, id := range []string{"33333333-3333-4333-8333-333333333333", "x", "'"} {
		if _, stderr, code := parley(t, env, "chat", "delete", id); code != 1 || !strings.Contains(stderr, "not found") {
			t.Errorf("%s: exit %d, %s", id, code, stderr)
		}
	}
	if _, stderr, code := parley(t, nil, "chat", "delete", "33333333-3333-4333-8333-333333333333"); code != 1 || !strings.Contains(stderr, "PARLEY_DB") {
		t.Errorf("no database: exit %d, %s", code, stderr)
	}
}

func TestKeepContactsTakesATime(t *testing.T) {
	for value, want := range map[string]string{"-1h": "--keep-contacts", "1s": "--keep-contacts must be 0 or at least 1h", "soon": "keep-contacts"} {
		if _, stderr, code := parley(t, nil, "serve", "--keep-contacts="+value); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", value, code, stderr)
		}
	}
	for _, good := range []string{"0", "2160h"} { // a time shorter than that of chats is fine
		if _, stderr, _ := parley(t, nil, "serve", "--keep-chats=4320h", "--keep-contacts="+good); strings.Contains(stderr, "keep-contacts") {
			t.Errorf("%s: %s", good, stderr)
		}
	}
	if _, stderr, code := parley(t, []string{"PARLEY_KEEP_CONTACTS=1s"}, "serve"); code == 0 || !strings.Contains(stderr, "--keep-contacts must be") {
		t.Errorf("by the environment: exit %d, %s", code, stderr)
	}
}

func TestKeepChatsTakesATime(t *testing.T) {
	for value, want := range map[string]string{"-1h": "--keep-chats", "1s": "--keep-chats must be 0 or at least 1m", "soon": "keep-chats"} {
		if _, stderr, code := parley(t, nil, "serve", "--keep-chats="+value); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", value, code, stderr)
		}
	}
	if _, stderr, _ := parley(t, nil, "serve", "--keep-chats=2160h"); strings.Contains(stderr, "keep-chats") {
		t.Errorf("90 days: %s", stderr)
	}
}
