package server

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// A backup that is made while customers write is whole: in another directory every message that had been acknowledged
// before is there, in order, and tokens of before open their chats.
func TestBackupOfARunningServer(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	database := func(dir string) func(*Config) {
		return func(c *Config) { c.Database = "sqlite:" + filepath.Join(dir, "parley.db") }
	}
	s := development(t, database(dir))
	var people []*visitor
	for range 3 {
		v := visit(t, s, "")
		v.connect()
		people = append(people, v)
	}
	waiting := visit(t, s, "")
	say := func(v *visitor, n int) {
		w := ask(v.s, "POST", "/participant/message", fmt.Sprintf(`{"ContentType":"text/plain","Content":"message %d"}`, n), "X-Amz-Bearer", v.bearer)
		if w.Code != 200 {
			t.Errorf("message %d: %d %s", n, w.Code, w.Body)
		}
	}
	const before = 20
	for n := range before {
		for _, v := range people {
			say(v, n)
		}
	}
	stop := make(chan struct{})
	var writing sync.WaitGroup
	for _, v := range people {
		writing.Go(func() {
			for n := before; ; n++ {
				select {
				case <-stop:
					return
				default:
					say(v, n)
				}
			}
		})
	}
	file := filepath.Join(out, "backup")
	size, err := BackUp(t.Context(), s.cfg, file)
	close(stop)
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != size {
		t.Fatalf("%v %v %d, %v", info.Mode(), info.Size(), size, err)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) != 1 {
		t.Errorf("beside the backup there are %v, %v", left, err)
	}
	if _, err := BackUp(t.Context(), s.cfg, file); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("over a file that is there: %v", err)
	}

	other := filepath.Join(t.TempDir(), "new", "place")
	if err := Restore(t.Context(), file, other); err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(filepath.Join(dir, secretFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{databaseFile: "", secretFile: string(secret)} {
		raw, err := os.ReadFile(filepath.Join(other, name))
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(other, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
		if want != "" && string(raw) != want {
			t.Error("the secret is another one")
		}
		if want == "" && bytes.Contains(raw, bytes.TrimSpace(secret)) {
			t.Error("the restored database has the secret in it")
		}
	}
	if err := Restore(t.Context(), file, other); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("over a database that is there: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	restored := development(t, database(other))
	for _, v := range people {
		old := &visitor{t, restored, v.chat, v.token, v.bearer}
		said := old.wholeTranscript()
		n := 0
		for _, text := range said {
			if text == fmt.Sprintf("message %d", n) {
				n++
			} else if strings.HasPrefix(text, "message ") {
				t.Fatalf("%q where message %d should be", text, n)
			}
		}
		if n < before {
			t.Errorf("%d messages of at least %d are there", n, before)
		}
		say(old, n)
	}
	late := &visitor{t, restored, waiting.chat, waiting.token, ""} // the participant token of before
	if w := late.connect(); w.Code != 200 {
		t.Errorf("connect: %d %s", w.Code, w.Body)
	}
}

// wholeTranscript is all that the transcript has, oldest first.
func (v *visitor) wholeTranscript() (all []string) {
	v.t.Helper()
	for body := `{"MaxResults":100,"SortOrder":"ASCENDING"}`; ; {
		page := get[struct {
			Transcript []struct{ Content string }
			NextToken  string
		}](v.t, ask(v.s, "POST", "/participant/transcript", body, "X-Amz-Bearer", v.bearer))
		var older []string
		for _, it := range page.Transcript {
			older = append(older, it.Content)
		}
		all = append(older, all...)
		if page.NextToken == "" {
			return all
		}
		body = fmt.Sprintf(`{"MaxResults":100,"SortOrder":"ASCENDING","NextToken":%q}`, page.NextToken)
	}
}

func TestBackupsThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	cfg := storeIn(dir)
	file := filepath.Join(dir, "backup")
	refused := func(what, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", what, err, want)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s: there is a file", what)
		}
		if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
			t.Errorf("%s: it left %v behind", what, left)
		}
	}
	try := func(cfg Config) error { _, err := BackUp(t.Context(), cfg, file); return err }
	refused("no database", "no such file", try(cfg))
	if _, err := os.Stat(filepath.Join(dir, "parley.db")); err == nil {
		t.Error("a database was made")
	}
	administrator(t, cfg)
	pg := cfg
	pg.Database = "postgres://parley:hunter2@db/parley"
	refused("PostgreSQL", "pg_dump", try(pg))
	if err := try(pg); strings.Contains(err.Error(), "hunter2") {
		t.Errorf("it tells the password: %v", err)
	}
	inMemory := cfg
	inMemory.Database = "sqlite::memory:"
	refused("memory", "keeps nothing", try(inMemory))
	other := cfg
	other.Secret = "another secret altogether"
	refused("another secret", "PARLEY_SECRET", try(other))
	secret := filepath.Join(dir, secretFile)
	if err := os.Rename(secret, secret+".away"); err != nil {
		t.Fatal(err)
	}
	refused("no secret", "PARLEY_SECRET", try(cfg))
	if err := os.Rename(secret+".away", secret); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "parley.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO item (stream, seq, at, id, flags, body) VALUES (x'01', 2, 0, x'02', 0, x'')`); err != nil {
		t.Fatal(err)
	}
	refused("a hole in a chat", "has 1 items, numbered 2 to 2", try(cfg))
	if _, err := db.Exec(`DELETE FROM item`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := try(cfg); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "to")
	for what, text := range map[string][]byte{
		"an empty file": nil, "another file": []byte("hello"), "a half": raw[:len(raw)/2], "a database that is no backup": mustRead(t, filepath.Join(dir, "parley.db")),
	} {
		bad := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(bad, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Restore(t.Context(), bad, to); err == nil {
			t.Errorf("%s was restored", what)
		}
		if left, err := os.ReadDir(to); err != nil || len(left) > 0 {
			t.Errorf("%s: it left %v behind, %v", what, left, err)
		}
	}
	if err := Restore(t.Context(), file, to); err != nil {
		t.Error(err)
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// An operator erases chats beside a running server.
func TestAnOperatorErasesAChat(t *testing.T) {
	dir := t.TempDir()
	s := development(t, func(c *Config) { c.Database = "sqlite:" + filepath.Join(dir, "parley.db") })
	v := visit(t, s, "")
	v.connect()
	a := administrator(t, storeIn(dir))
	if _, err := a.EraseChat(t.Context(), center.ContactID(v.chat), false); err == nil || !strings.Contains(err.Error(), "has not ended") {
		t.Errorf("a running chat: %v", err)
	}
	if w := ask(s, "POST", "/participant/disconnect", "{}", "X-Amz-Bearer", v.bearer); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	had, err := a.EraseChat(t.Context(), center.ContactID(v.chat), false)
	if err != nil || had.Chats != 1 || had.Items < 3 {
		t.Errorf("%+v, %v", had, err)
	}
	if w := operate(s, "/debug/contact/"+v.chat); w.Code != 404 {
		t.Errorf("it is still there: %d %s", w.Code, w.Body)
	}
	if w := ask(s, "POST", "/participant/transcript", "{}", "X-Amz-Bearer", v.bearer); w.Code != 403 {
		t.Errorf("its transcript: %d %s", w.Code, w.Body)
	}
	if _, err := a.EraseChat(t.Context(), center.ContactID(v.chat), false); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("an erased chat: %v", err)
	}
}
