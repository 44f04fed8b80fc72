package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
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

// ended stops a server and returns what it printed, and its exit status.
func ended(t *testing.T, c *exec.Cmd) (printed string, code int) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.Stderr.(*bytes.Buffer).String(), c.ProcessState.ExitCode()
}

// contents are the files of a directory with what they hold.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range tree(t, dir) {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(raw)
	}
	return all
}

// What was edited and never applied is not written over when the server stops.
func TestSaveKeepsWhatWasNotApplied(t *testing.T) {
	for _, test := range []struct {
		name, text string
		watch      bool
	}{
		{"a broken file", "{", true},
		{"an edit that nobody watches", strings.Replace(supportQueue, "}\"}", "}\",\"Description\":\"edited\"}", 1), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir+"/parley.json", `{"Format":1}`)
			write(t, dir+"/queues/Support.json", supportQueue)
			write(t, dir+"/queues/Sales.json", strings.ReplaceAll(supportQueue, "Support", "Sales"))
			args := []string{"dev", "--apply", dir, "--save", dir}
			if test.watch {
				args = append(args, "--watch")
			}
			dev, _ := started(t, nil, args...)
			write(t, dir+"/queues/Support.json", test.text)
			before := contents(t, dir)
			if printed, code := ended(t, dev); code != 1 || !strings.Contains(printed, "--save: nothing was saved, and "+dir+" is as it was") {
				t.Errorf("exit %d: %s", code, printed)
			}
			if after := contents(t, dir); !maps.Equal(before, after) {
				t.Errorf("the directory was %v, and is %v", before, after)
			}
		})
	}
	t.Run("what is as it was applied", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir+"/parley.json", `{"Format":1}`)
		write(t, dir+"/queues/Support.json", supportQueue)
		write(t, dir+"/.git/index", "a")
		dev, _ := started(t, nil, "dev", "--apply", dir, "--save", dir)
		write(t, dir+"/.git/index", "that of another commit")
		write(t, dir+"/queues/.Support.json.swp", "an editor is open")
		stop(t, dev)
		if files := contents(t, dir); files[dir+"/flows/Welcome.json"] == "" || !strings.Contains(files[dir+"/queues/Support.json"], "  \"Name\": \"Support\"") {
			t.Errorf("saved were %v", files)
		}
	})
}

// After a reset whose files could not be applied, the instance is an empty one: it is not saved, and /_parley/info does not
// say that the files are in it.
func TestSaveAfterAFailedReset(t *testing.T) {
	dir, saved := t.TempDir(), t.TempDir()
	write(t, dir+"/queues/Support.json", supportQueue)
	write(t, saved+"/parley.json", `{"Format":1}`)
	write(t, saved+"/queues/Support.json", supportQueue)
	before := contents(t, saved)
	dev, url := started(t, nil, "dev", "--apply", dir, "--save", saved)
	write(t, dir+"/queues/Support.json", "{")
	answer, err := http.Post(url+"/_parley/reset", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close() //nolint:errcheck // only the status is of interest
	if answer.StatusCode == http.StatusOK {
		t.Error("the reset succeeded")
	}
	if info := body(t, url+"/_parley/info"); strings.Contains(info, `"applied"`) {
		t.Errorf("info: %s", info)
	}
	if printed, code := ended(t, dev); code != 1 || !strings.Contains(printed, "the last apply or the last reset failed") {
		t.Errorf("exit %d: %s", code, printed)
	}
	if after := contents(t, saved); !maps.Equal(before, after) {
		t.Errorf("the directory was %v, and is %v", before, after)
	}
}

// A directory that cannot be written to is refused before anything is read or served.
func TestTargetsAreCheckedFirst(t *testing.T) {
	other := t.TempDir()
	write(t, other+"/thesis.txt", "mine")
	foreign := t.TempDir()
	write(t, foreign+"/parley.json", `{"name":"parley","private":true}`)
	aws := []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "HOME=" + t.TempDir()}
	for dir, want := range map[string]string{other: "thesis.txt", foreign: `does not say "Format": 1`} {
		before := contents(t, dir)
		for _, args := range [][]string{
			{"dev", "--listen", "127.0.0.1:0", "--save", dir},
			{"export", "-o", dir, "--endpoint", "http://127.0.0.1:1"},
			{"import", "--from-aws", "--instance", "x", "-o", dir},
		} {
			if _, stderr, code := parley(t, aws, args...); code != 1 || !strings.Contains(stderr, want) {
				t.Errorf("%s: exit %d, %s", args[0], code, stderr)
			}
		}
		if after := contents(t, dir); !maps.Equal(before, after) {
			t.Errorf("%s was %v, and is %v", dir, before, after)
		}
	}
}

// Where nothing says that a directory is an instance, --delete does not take it for one.
func TestDeleteNeedsTheManifest(t *testing.T) {
	db := []string{"PARLEY_DB=sqlite:" + t.TempDir() + "/a.db"}
	good(t, db, "instance", "create", "support")
	dir := t.TempDir()
	write(t, dir+"/queues/Support.JSON", supportQueue)
	if out := good(t, db, "apply", dir); !strings.HasPrefix(out, "create queue Support\n") {
		t.Errorf("apply printed %s", out)
	}
	empty := t.TempDir()
	if err := os.Mkdir(empty+"/queues", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := parley(t, db, "apply", empty, "--delete"); code != 1 || !strings.Contains(stderr, "the directory has no parley.json") {
		t.Errorf("without parley.json: exit %d, %s", code, stderr)
	}
	write(t, dir+"/parley.json", `{"Format":1}`)
	if out := good(t, db, "apply", dir, "--delete"); strings.Contains(out, "Support") {
		t.Errorf("with a suffix in capitals: %s", out)
	}
}

// An import that is interrupted leaves nothing but what it has read, and goes on from there.
func TestImportIsInterrupted(t *testing.T) {
	_, url := started(t, nil, "dev")
	to, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	const most = 25
	var asked, total atomic.Int64
	var slow atomic.Bool
	hangs := make(chan struct{}, 1)
	proxy := httputil.NewSingleHostReverseProxy(to)
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		total.Add(1)
		if slow.Load() && asked.Add(1) > most {
			select {
			case hangs <- struct{}{}:
			default:
			}
			_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client has gone
			<-r.Context().Done()
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer aws.Close()
	env := []string{"AWS_ENDPOINT_URL=" + aws.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "HOME=" + t.TempDir()}
	whole, cut := t.TempDir(), t.TempDir()
	good(t, env, "import", "--from-aws", "--instance", "parley-dev", "-o", whole)
	needed := total.Swap(0)

	slow.Store(true)
	c := command(t, env, "import", "--from-aws", "--instance", "parley-dev", "-o", cut)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-hangs
	if printed, code := ended(t, c); code != 1 || !strings.Contains(printed, "interrupted; the same command goes on where this one was") {
		t.Errorf("exit %d: %s", code, printed)
	}
	for _, name := range tree(t, cut) {
		if filepath.Base(filepath.Dir(name)) != ".parley-import" {
			t.Errorf("%s is there already", name)
		}
	}
	slow.Store(false)
	_, printed, code := parley(t, env, "import", "--from-aws", "--instance", "parley-dev", "-o", cut)
	if code != 0 || !strings.Contains(printed, "going on: ") {
		t.Errorf("exit %d: %s", code, printed)
	}
	if n := total.Load(); n < needed || n > needed+5 {
		t.Errorf("it asked %d times in all, where %d are needed", n, needed)
	}
	for name, text := range contents(t, whole) {
		if got, err := os.ReadFile(strings.Replace(name, whole, cut, 1)); err != nil || string(got) != text {
			t.Errorf("%s came as %q: %v", name, got, err)
		}
	}
	if a, b := tree(t, whole), tree(t, cut); len(a) != len(b) {
		t.Errorf("%d files, and %d after an interruption", len(a), len(b))
	}
}

// A file that changes after the directory was read, and before anybody watches it, is applied.
func TestWatchSeesAnEarlyEdit(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/queues/Support.json", supportQueue)
	dev := applyFlags{Apply: dir, Watch: true}
	cfg := server.Config{
		Dev: true, Database: "sqlite::memory:", Settings: center.DefaultSettings(),
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion},
	}
	dev.apply(&cfg)
	s, err := server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/queues/Sales.json", strings.ReplaceAll(supportQueue, "Support", "Sales"))
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { dev.watch(ctx, s) })
	defer func() {
		cancel()
		watching.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	deadline := time.Now().Add(20 * time.Second)
	for applied := ""; !strings.Contains(applied, "Sales"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the edit was not applied: %s", applied)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "http://127.0.0.1:4510/_parley/info", nil)
		local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4510}
		s.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)))
		applied = w.Body.String()
	}
}
