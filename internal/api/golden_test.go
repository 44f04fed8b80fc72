package api_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/chat"
)

var update = flag.Bool("update", false, "write what is there now as what should be there")

// TestWire sends the requests under testdata/wire and compares the answers byte for byte.
//
// Lines of a file's opening that begin with "setup:" bring the world into a state; the others say what is shown. In a
// request, ${name} stands for an id or token that the setup made, a missing Content-Length is added, the header line
// "Sign: KEYID SECRET [SERVICE]" makes the AWS SDK's signer sign it, and "Capture: NAME MEMBER" names a member of the answer for
// later requests. A section "setup" is a request whose answer must be a success and is not shown. Every world begins at
// 2000-01-01T00:00:00Z with the same randomness, so that the answers need no editing.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/wire/"), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cryptotest.SetGlobalRandom(t, 1)
			synctest.Test(t, func(t *testing.T) { play(t, archive) })
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// play plays one golden and leaves what was answered in it when goldens are being updated.
func play(t *testing.T, archive *txtar.Archive) {
	setup := setupLines(archive.Comment)
	w := newWorld(t, func(front *api.Config, chats *chat.Config) {
		for _, line := range setup {
			configure(line, front, chats)
		}
	})
	for _, line := range setup {
		w.prepare(line)
	}
	var got string
	for i := range archive.Files {
		f := &archive.Files[i]
		switch f.Name {
		case "setup":
			if answer := w.exchange(string(f.Data)); !strings.HasPrefix(answer, "HTTP/1.1 2") {
				t.Fatalf("setup is refused:\n%s", answer)
			}
		case "request":
			got = w.exchange(string(f.Data))
		case "response":
			if *update {
				f.Data = []byte(got)
			} else if got != string(f.Data) {
				t.Errorf("got:\n%s\nwant:\n%s", got, f.Data)
			}
		default:
			t.Fatalf("section %q is none of setup, request and response", f.Name)
		}
	}
	time.Sleep(time.Second) // net/http lingers on connections that it closes with unread bytes
}

// exchange sends a request and returns the answer as goldens keep it. What the request captures is named.
func (w *world) exchange(text string) string {
	w.t.Helper()
	var captures [][]string
	head, body, _ := strings.Cut(text, "\n\n")
	kept := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	kept = slices.DeleteFunc(kept, func(line string) bool {
		rest, ok := strings.CutPrefix(line, "Capture: ")
		if ok {
			captures = append(captures, strings.Fields(rest))
		}
		return ok
	})
	answer := shown(w.raw(w.request(strings.Join(kept, "\n") + "\n\n" + body)))
	for _, c := range captures {
		_, body, _ := strings.Cut(answer, "\n\n")
		var members map[string]any
		if err := json.Unmarshal([]byte(body), &members); err != nil {
			w.t.Fatalf("capture %s: %v in\n%s", c[0], err, answer)
		}
		w.names[c[0]] = fmt.Sprint(members[c[1]])
	}
	return answer
}

func setupLines(comment []byte) []string {
	var lines []string
	for line := range bytes.Lines(comment) {
		if rest, ok := strings.CutPrefix(string(line), "setup:"); ok {
			lines = append(lines, strings.TrimSpace(rest))
		}
	}
	return lines
}

func configure(line string, front *api.Config, chats *chat.Config) {
	switch line {
	case "strict":
		front.AnyCredentials = false
	case "throttle":
		front.Throttle = api.Throttle{"ListInstances": {PerSecond: 1, Burst: 1}, "SendMessage": {PerSecond: 1, Burst: 1}}
	case "slots":
		chats.Settings.ActiveChats = 1
	case "any-origin":
		front.AnyOrigin = true
	case "legacy-sizes":
		chats.Settings.LegacySizes = true
	}
}

// request makes bytes of a request's text.
func (w *world) request(text string) string {
	head, body, _ := strings.Cut(text, "\n\n")
	body = w.fill(strings.TrimSuffix(body, "\n"))
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	sized, sign := false, ""
	kept := lines[:0]
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "Sign: "); ok {
			sign = rest
			continue
		}
		sized = sized || strings.HasPrefix(line, "Content-Length:") || strings.HasPrefix(line, "Transfer-Encoding:")
		kept = append(kept, w.fill(line))
	}
	if !sized && body != "" {
		kept = append(kept, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	if sign != "" {
		kept = append(kept, w.signature(sign, kept, body)...)
	}
	return strings.Join(kept, "\r\n") + "\r\n\r\n" + strings.ReplaceAll(body, `\r\n`, "\r\n")
}

// signature is what the AWS SDK's signer adds to a request.
func (w *world) signature(with string, lines []string, body string) []string {
	w.t.Helper()
	id, rest, _ := strings.Cut(with, " ")
	secret, service, _ := strings.Cut(rest, " ")
	parts := strings.Fields(lines[0])
	r, err := http.NewRequest(parts[0], "http://"+strings.TrimPrefix(lines[1], "Host: ")+parts[1], strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, r,
		hex.EncodeToString(sum[:]), cmp.Or(service, "connect"), "us-east-1", time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return []string{"X-Amz-Date: " + r.Header.Get("X-Amz-Date"), "Authorization: " + r.Header.Get("Authorization")}
}

// shown is an answer as goldens keep it.
func shown(raw string) string {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	if body != "" && !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	return strings.ReplaceAll(head, "\r\n", "\n") + "\n\n" + body
}

// Each operation is shown with a success: in a folder of its own, or among those of its kind.
func TestEveryOperationHasAGolden(t *testing.T) {
	shown := map[string]bool{}
	files, err := filepath.Glob("testdata/wire/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range archive.Files {
			if f.Name == "response" && i > 0 && bytes.HasPrefix(f.Data, []byte("HTTP/1.1 2")) {
				line, _, _ := strings.Cut(string(archive.Files[i-1].Data), " HTTP/1.1\n")
				shown[line] = true
			}
		}
	}
	for _, op := range served() {
		if op.Name == "TransferContact" {
			continue // it refuses every chat
		}
		if _, err := os.Stat(filepath.Join("testdata/wire", op.Name, "success.txtar")); err == nil {
			continue
		}
		route := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(op.Method+" "+op.Path), `[^/]+`)
		one := regexp.MustCompile("^" + route + `(\?.*)?$`)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(shown)), one.MatchString) {
			t.Errorf("no golden shows a success of %s", op.Name)
		}
	}
}
