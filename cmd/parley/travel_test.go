package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const supportQueue = `{"Kind":"queue","Name":"Support","HoursOfOperationId":"${hours-of-operation:Basic Hours}"}`

// write writes a file of a test.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// An instance travels from one database to another, without a server.
func TestExportAndApplyFromTheShell(t *testing.T) {
	from, to := []string{"PARLEY_DB=sqlite:" + t.TempDir() + "/a.db"}, []string{"PARLEY_DB=sqlite:" + t.TempDir() + "/b.db"}
	good(t, from, "instance", "create", "support")
	good(t, from, "instance", "create", "sales")
	good(t, to, "instance", "create", "copy")
	dir := t.TempDir() + "/support"
	if _, stderr, code := parley(t, from, "export", "-o", dir); code != 1 || !strings.Contains(stderr, "say which instance; there are: support, sales") && !strings.Contains(stderr, "sales, support") {
		t.Errorf("of two instances: exit %d, %s", code, stderr)
	}
	if out := good(t, from, "export", "support", "-o", dir); !strings.Contains(out, "resources are in "+dir) {
		t.Errorf("export printed %s", out)
	}
	write(t, dir+"/queues/Support.json", supportQueue)
	if out, _, code := parley(t, to, "apply", dir, "--plan"); code != 2 || !strings.HasPrefix(out, "create queue Support\ncreate: 1, update: 0, delete: 0, unchanged: ") {
		t.Errorf("the plan: exit %d, %s", code, out)
	}
	if out, _, code := parley(t, to, "apply", dir, "--plan", "--json"); code != 2 || !json.Valid([]byte(out)) || !strings.Contains(out, `"do": "create"`) {
		t.Errorf("the plan as JSON: exit %d, %s", code, out)
	}
	if out := good(t, to, "apply", dir, "--plan", "--skip", "queue,phone-number"); !strings.HasPrefix(out, "nothing to change: ") {
		t.Errorf("the plan without queues: %s", out)
	}
	if out := good(t, to, "apply", dir); !strings.HasPrefix(out, "create queue Support\n") {
		t.Errorf("apply printed %s", out)
	}
	for range 2 {
		if out := good(t, to, "apply", dir, "--delete", "--plan"); !strings.HasPrefix(out, "nothing to change: ") {
			t.Errorf("a second apply printed %s", out)
		}
	}
	good(t, to, "export", "copy", "-o", dir+"2")
	if a, b := tree(t, dir), tree(t, dir+"2"); len(a) != len(b) {
		t.Errorf("%d files went, %d came", len(a), len(b))
	}
	if out := good(t, to, "audit"); !strings.Contains(out, "CreateQueue") {
		t.Errorf("parley audit printed %s", out)
	}

	write(t, dir+"/queues/Broken.json", "{\n\"Kind\": \"queue\",\n\"Name\": \"x\",,\n}")
	write(t, dir+"/flows/Other.json", supportQueue)
	_, stderr, code := parley(t, to, "apply", dir)
	if code != 1 || !strings.Contains(stderr, dir+"/queues/Broken.json:3: ") || !strings.Contains(stderr, dir+"/flows/Other.json:1: this is a file for another kind") || !strings.Contains(stderr, "problems: 2; nothing was changed") {
		t.Errorf("broken files: exit %d, %s", code, stderr)
	}
	if out, _, code := parley(t, to, "apply", dir, "--json"); code != 1 || !json.Valid([]byte(out)) || !strings.Contains(out, "Broken.json") {
		t.Errorf("broken files as JSON: exit %d, %s", code, out)
	}
	if _, stderr, code := parley(t, to, "apply", dir+"/nowhere"); code != 1 || !strings.Contains(stderr, "nowhere") {
		t.Errorf("no directory: exit %d, %s", code, stderr)
	}
	if _, stderr, code := parley(t, nil, "export", "x", "-o", dir, "--endpoint", "127.0.0.1:1"); code != 1 || !strings.Contains(stderr, "--endpoint must be a URL") {
		t.Errorf("no URL: exit %d, %s", code, stderr)
	}
}

// tree are the files of a directory.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A development server has what a directory says before it is ready, follows its changes, and leaves with what it has.
// Meanwhile another command imports from it, as if it were AWS.
func TestDevAppliesWatchesAndSaves(t *testing.T) {
	dir, saved, imported := t.TempDir(), t.TempDir()+"/saved", t.TempDir()+"/imported"
	write(t, dir+"/queues/Support.json", supportQueue)
	dev, url := started(t, nil, "dev", "--apply", dir, "--watch", "--save", saved)
	if info := body(t, url+"/_parley/info"); !strings.Contains(info, `"name": "Support"`) || !strings.Contains(info, `"applied"`) {
		t.Errorf("info: %s", info)
	}
	write(t, dir+"/queues/Sales.json", strings.ReplaceAll(supportQueue, "Support", "Sales"))
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(body(t, url+"/_parley/info"), `"name": "Sales"`) {
		if time.Now().After(deadline) {
			t.Fatal("the new file was not applied")
		}
		time.Sleep(50 * time.Millisecond)
	}
	aws := []string{"AWS_ENDPOINT_URL=" + url, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "HOME=" + t.TempDir()}
	good(t, aws, "import", "--from-aws", "--instance", "parley-dev", "-o", imported)
	if _, err := os.Stat(imported + "/.parley-import"); err == nil {
		t.Error("what was kept for another try is still there")
	}
	if _, stderr, code := parley(t, aws, "import", "--from-aws", "--instance", "none", "-o", imported); code != 1 || !strings.Contains(stderr, `there is no instance "none"`) {
		t.Errorf("an instance that is not there: exit %d, %s", code, stderr)
	}
	stop(t, dev)
	for _, name := range []string{"/queues/Support.json", "/queues/Sales.json", "/flows/Welcome.json"} {
		a, err := os.ReadFile(saved + name)
		if err != nil {
			t.Error(err)
		}
		b, err := os.ReadFile(imported + name)
		if err != nil || string(a) != string(b) {
			t.Errorf("%s was imported as %s, and saved as %s (%v)", name, b, a, err)
		}
	}

	write(t, dir+"/queues/Sales.json", "{")
	if _, stderr, code := parley(t, nil, "dev", "--listen", "127.0.0.1:0", "--apply", dir); code != 1 || !strings.Contains(stderr, "Sales.json:1: the file ends") {
		t.Errorf("a broken file: exit %d, %s", code, stderr)
	}
	if _, stderr, code := parley(t, nil, "dev", "--watch"); code != 1 || !strings.Contains(stderr, "--watch needs --apply") {
		t.Errorf("nothing to watch: exit %d, %s", code, stderr)
	}
}

func body(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
