package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // to look at the file behind the server's back

	"github.com/parley-chat/parley/internal/center"
)

// hundreds is a database file with a chat of some hundred messages, and beside it what its transcript says.
type hundreds struct {
	dir     string
	visitor visitor
	want    []string
}

const messages = 300

func (h *hundreds) path() string { return filepath.Join(h.dir, "parley.db") }

func makeHundreds(t *testing.T) *hundreds {
	t.Helper()
	h := &hundreds{dir: t.TempDir()}
	s := development(t, func(c *Config) { c.Database = "sqlite:" + h.path() })
	v := visit(t, s, "")
	if w := v.connect(); w.Code != http.StatusOK {
		t.Fatalf("connect: %d %s", w.Code, w.Body)
	}
	for i := range messages {
		body, _ := json.Marshal(map[string]string{"ContentType": "text/plain", "Content": fmt.Sprintf("message %d %s", i, strings.Repeat("ä", i%50))})
		if w := ask(s, "POST", "/participant/message", string(body), "X-Amz-Bearer", v.bearer); w.Code != http.StatusOK {
			t.Fatalf("message: %d %s", w.Code, w.Body)
		}
	}
	h.visitor = *v
	var status int
	if h.want, status = h.transcript(t, s, "BACKWARD"); status != http.StatusOK || len(h.want) < messages {
		t.Fatalf("%d items, status %d", len(h.want), status)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return h
}

// copy is the same database in a directory of its own.
func (h *hundreds) copy(t *testing.T) *hundreds {
	t.Helper()
	own := *h
	own.dir = t.TempDir()
	for _, name := range []string{"parley.db", "parley.secret"} {
		raw, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(own.dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &own
}

// transcript reads all pages, oldest item first. The status is that of the first answer that is no success.
func (h *hundreds) transcript(t *testing.T, s *Server, direction string) (items []string, status int) {
	t.Helper()
	query := map[string]any{"MaxResults": 100, "ScanDirection": direction, "SortOrder": "ASCENDING"}
	if direction == "FORWARD" {
		query["StartPosition"] = map[string]string{"AbsoluteTime": "2000-01-01T00:00:00.000Z"}
	}
	for {
		body, _ := json.Marshal(query)
		w := ask(s, "POST", "/participant/transcript", string(body), "X-Amz-Bearer", h.visitor.bearer)
		if w.Code != http.StatusOK {
			return items, w.Code
		}
		var page struct {
			Transcript []struct{ ID, Content, AbsoluteTime, Type, ParticipantRole string }
			NextToken  string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		var part []string
		for _, it := range page.Transcript {
			part = append(part, fmt.Sprintf("%+v", it))
		}
		if direction == "FORWARD" {
			items = append(items, part...)
		} else {
			items = append(part, items...)
		}
		if page.NextToken == "" {
			return items, http.StatusOK
		}
		query["NextToken"] = page.NextToken
	}
}

// open starts a server on the database, checked in the background, with a log.
func (h *hundreds) open(t *testing.T, log *logged) (*Server, error) {
	t.Helper()
	return New(context.Background(), Config{
		Dev: true, Database: "sqlite:" + h.path(), Settings: center.DefaultSettings(),
		Partition: center.Partition{Account: SeedAccount, Region: SeedRegion}, Log: slog.New(slog.NewTextHandler(log, nil)),
		Fatal: func(err error) { t.Errorf("nothing may go on: %v", err) },
	})
}

func ready(s *Server) int { return ask(s, "GET", "/health/ready", "").Code }

const (
	pageSize = 4096
)

// One bit of every page is wrong. Whatever the position in the page, an answer is the whole transcript as it was, or an
// error, and the server is not ready.
func TestOneBitPerPage(t *testing.T) {
	whole := makeHundreds(t)
	refused, wholly, failed := 0, 0, 0
	for at := 5; at < pageSize; at += 89 {
		h := whole.copy(t)
		flip(t, h.path(), func(int) int { return at })
		var log logged
		s, err := h.open(t, &log)
		if err != nil {
			refused++
			if !strings.Contains(err.Error(), "damaged") {
				t.Errorf("bit at %d: the refusal says %v", at, err)
			}
			continue
		}
		for _, direction := range []string{"FORWARD", "BACKWARD"} {
			got, status := h.transcript(t, s, direction)
			switch {
			case status != http.StatusOK:
				failed++
			case reflect.DeepEqual(got, whole.want):
				wholly++
			default:
				t.Errorf("bit at %d: %d of %d items with status 200", at, len(got), len(whole.want))
			}
		}
		if code := ready(s); code != http.StatusServiceUnavailable {
			t.Errorf("bit at %d: ready answers %d", at, code)
		}
		if err := s.Close(); err != nil {
			t.Log(err) // it may say so, too
		}
	}
	t.Logf("%d servers refused to start; of the rest's answers %d were whole and %d errors", refused, wholly, failed)
}

// One bit in one page is wrong, the rest is sound: most of it is found by no check, only by reading.
func TestOneBit(t *testing.T) {
	whole := makeHundreds(t)
	info, err := os.Stat(whole.path())
	if err != nil {
		t.Fatal(err)
	}
	pages := int(info.Size()) / pageSize
	oneBitEach(t, whole, func(i int) (page, at int) { return i * pages / 60, (i * 1237) % pageSize })
}

// One bit is wrong in the index by which items are read in their order: a read that the index leads past an item answers
// 500, and not with a shorter transcript.
func TestOneBitInTheIndex(t *testing.T) {
	whole := makeHundreds(t)
	db, err := sql.Open("sqlite", "file:"+whole.path()+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	var pages []int
	rows, err := db.Query(`SELECT pageno - 1 FROM dbstat WHERE name = 'item_seq' AND pagetype = 'leaf'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, n)
	}
	if err := errors.Join(rows.Err(), rows.Close(), db.Close()); err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	oneBitEach(t, whole, func(i int) (page, at int) { return pages[i%len(pages)], 3 + 97*(i%(pageSize/97)) })
}

// oneBitEach flips one bit of one page in each of 60 copies: where says which. Whatever it hits, a transcript is whole or an
// error, and after an error the server is not ready.
func oneBitEach(t *testing.T, whole *hundreds, where func(i int) (page, at int)) {
	t.Helper()
	refused, wholly, failed, unready := 0, 0, 0, 0
	for i := range 60 {
		page, at := where(i)
		h := whole.copy(t)
		flip(t, h.path(), func(n int) int {
			if n == page {
				return at
			}
			return -1
		})
		var log logged
		s, err := h.open(t, &log)
		if err != nil {
			refused++
			continue
		}
		before := failed
		for _, direction := range []string{"FORWARD", "BACKWARD"} {
			got, status := h.transcript(t, s, direction)
			switch {
			case status != http.StatusOK:
				failed++
			case reflect.DeepEqual(got, whole.want):
				wholly++
			default:
				t.Errorf("bit %d of page %d: %d of %d items with status 200", at, page, len(got), len(whole.want))
			}
		}
		if failed > before {
			unready++
			if code := ready(s); code != http.StatusServiceUnavailable {
				t.Errorf("bit %d of page %d: a read failed and ready answers %d", at, page, code)
			}
		}
		if err := s.Close(); err != nil {
			t.Log(err)
		}
	}
	t.Logf("%d servers refused to start, %d turned unready; %d answers were whole and %d errors", refused, unready, wholly, failed)
	if failed == 0 || wholly == 0 {
		t.Error("the bits were not where they show something")
	}
}

// flip changes one bit of each page, at the offset that where says; none for a negative one.
func flip(t *testing.T, path string, where func(page int) int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for page := range len(raw) / pageSize {
		if at := where(page); at >= 0 {
			raw[page*pageSize+at] ^= 1 << (at % 8)
		}
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// An item is gone while the server runs. Whatever would cross its place answers 500, and one line says why.
func TestAHoleInATranscript(t *testing.T) {
	h := makeHundreds(t)
	var log logged
	s, err := h.open(t, &log)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	if code := ready(s); code != http.StatusOK {
		t.Fatalf("ready answers %d on a sound database", code)
	}
	spoil(t, h.path(), `DELETE FROM item WHERE seq = 150`)
	for range 3 {
		for _, direction := range []string{"FORWARD", "BACKWARD"} {
			if got, status := h.transcript(t, s, direction); status != http.StatusInternalServerError {
				t.Errorf("%s: %d items with status %d", direction, len(got), status)
			}
		}
	}
	for what, query := range map[string]string{
		"an id that is not found": `{"ScanDirection":"FORWARD","StartPosition":{"Id":"01234567-0123-7123-8123-0123456789ab"}}`,
		"the most recent":         `{"ScanDirection":"FORWARD","StartPosition":{"MostRecent":100},"MaxResults":100,"SortOrder":"ASCENDING"}`,
	} {
		w := ask(s, "POST", "/participant/transcript", query, "X-Amz-Bearer", h.visitor.bearer)
		if want := map[bool]int{true: 500, false: 200}[what == "an id that is not found"]; w.Code != want {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if _, err := (source{s}).ItemsAfter(t.Context(), center.StreamID(h.visitor.chat), 100, 100); err == nil {
		t.Error("a socket's recovery crosses the hole")
	}
	w := ask(s, "GET", "/health/ready", "")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "damaged") || !strings.Contains(w.Body.String(), "Restore a backup") {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), h.visitor.chat) {
		t.Error("ready names a chat to everybody")
	}
	if n := log.count("level=ERROR"); n != 1 {
		t.Errorf("%d errors are logged:\n%s", n, &log.text)
	}
	// The chat goes on: what is new can be read.
	if w := ask(s, "POST", "/participant/message", `{"ContentType":"text/plain","Content":"after it"}`, "X-Amz-Bearer", h.visitor.bearer); w.Code != http.StatusOK {
		t.Errorf("message: %d %s", w.Code, w.Body)
	}
}

// The chat's state is damaged: there is no chat to be seen, and no other's in its place.
func TestAStateThatIsNotWhatWasStored(t *testing.T) {
	whole := makeHundreds(t)
	for what, text := range map[string]string{
		"does not decode":         `UPDATE stream SET state = X'7b'`,
		"a name is changed":       `UPDATE stream SET state = CAST(replace(CAST(state AS TEXT), '"Ana"', '"Bob"') AS BLOB)`,
		"a member is renamed":     `UPDATE stream SET state = CAST(replace(CAST(state AS TEXT), '"participants"', '"participantz"') AS BLOB)`,
		"it is of another type":   `UPDATE stream SET state = 5`,
		"the chat's row is gone":  `DELETE FROM stream`,
		"all its items are gone":  `DELETE FROM item`,
		"its key is another's id": `UPDATE stream SET id = X'00000000000000000000000000000001'`,
	} {
		h := whole.copy(t)
		spoil(t, h.path(), text)
		var log logged
		s, err := h.open(t, &log)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got, status := h.transcript(t, s, "BACKWARD"); status != http.StatusInternalServerError {
			t.Errorf("%s: %d items with status %d", what, len(got), status)
		}
		if code := ready(s); code != http.StatusServiceUnavailable {
			t.Errorf("%s: ready answers %d", what, code)
		}
		if n := log.count("level=ERROR"); n != 1 {
			t.Errorf("%s: %d errors are logged:\n%s", what, n, &log.text)
		}
		_ = s.Close()
	}
}

// spoil changes a database behind the server's back.
func spoil(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's
	res, err := db.Exec(text)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", text, n, err)
	}
}

// A file that has lost its content is not a new database.
func TestADatabaseThatIsGone(t *testing.T) {
	whole := makeHundreds(t)
	for _, c := range []struct {
		what          string
		do            func(h *hundreds) error
		refusal, warn string
	}{
		{"0 bytes beside its secret", func(h *hundreds) error { return os.Truncate(h.path(), 0) }, "remove the empty file", ""},
		{"0 bytes, and a write-ahead log", func(h *hundreds) error {
			return os.WriteFile(h.path()+"-wal", []byte("frames"), 0o600)
		}, "", ""},
		{"no file, and a write-ahead log", func(h *hundreds) error {
			return join(os.Remove(h.path()), os.WriteFile(h.path()+"-wal", []byte("frames"), 0o600))
		}, "write-ahead log", ""},
		{"0 bytes and no secret", func(h *hundreds) error {
			return join(os.Truncate(h.path(), 0), os.Remove(secretBeside(h.path())))
		}, "", "the database file is empty"},
		{"no file beside a secret", func(h *hundreds) error { return os.Remove(h.path()) }, "", "beside an existing secret"},
		{"nothing", func(h *hundreds) error { return join(os.Remove(h.path()), os.Remove(secretBeside(h.path()))) }, "", ""},
		{"half a page", func(h *hundreds) error { return os.Truncate(h.path(), pageSize/2) }, "damaged", ""},
		{"half of its pages", func(h *hundreds) error { return os.Truncate(h.path(), 20*pageSize) }, "damaged", ""},
		{"another file", func(h *hundreds) error { return os.WriteFile(h.path(), []byte(strings.Repeat("text ", 2000)), 0o600) }, "damaged", ""},
	} {
		h := whole.copy(t)
		if err := c.do(h); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(h.path())
		var log logged
		s, err := h.open(t, &log)
		switch {
		case c.refusal == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.refusal == "":
			_ = s.Close()
		case err == nil:
			_ = s.Close()
			t.Errorf("%s: it starts", c.what)
		case !strings.Contains(err.Error(), c.refusal) || !strings.Contains(strings.ToLower(err.Error()), "restore a backup"):
			t.Errorf("%s: it says %v", c.what, err)
		}
		if after, _ := os.ReadFile(h.path()); c.refusal != "" && string(after) != string(before) {
			t.Errorf("%s: the file was changed", c.what)
		}
		if n := log.count("level=WARN"); n != map[bool]int{true: 1}[c.warn != ""] || log.count(c.warn) == 0 && c.warn != "" {
			t.Errorf("%s: %d warnings:\n%s", c.what, n, &log.text)
		}
	}
}

func join(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
