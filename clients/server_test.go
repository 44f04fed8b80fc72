package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The ids that `parley dev` seeds; they never change.
const (
	devInstance = "11111111-1111-4111-8111-111111111111"
	welcomeFlow = "22222222-2222-4222-8222-222222222222"
)

// patience is how long a judge waits for anything that it expects. It is long because all judges may share two cores
// with a browser; nothing waits for it to pass.
const patience = 30 * time.Second

// parley is the binary under judgement: the one that PARLEY_BINARY names, or else this tree's, built once.
var parley = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("PARLEY_BINARY"); given != "" {
		return given, nil
	}
	binary, err := filepath.Abs(filepath.Join("..", ".work", "parley"))
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", binary, "../cmd/parley").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build ../cmd/parley: %w\n%s", err, out)
	}
	return binary, nil
})

// process is a program that the test started; it is gone when the test is over.
type process struct {
	t      testing.TB
	name   string
	cmd    *exec.Cmd
	output *record
	exited chan struct{}
}

// record keeps what a program prints, for the moment a test fails.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// launch starts cmd. Its standard error, and its standard output where the caller has not taken it, are shown if the
// test fails.
func launch(t testing.TB, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: cmd, output: &record{}, exited: make(chan struct{})}
	cmd.Stderr = p.output
	if cmd.Stdout == nil {
		cmd.Stdout = p.output
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		cmd.Wait() //nolint:errcheck // the state says how it ended
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, p.output)
		}
	})
	return p
}

func (p *process) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may be gone already
	<-p.exited
}

// terminate sends SIGTERM and returns when the process has exited, which must be with 0 and within the ten seconds
// that parley promises.
func (p *process) terminate() {
	p.t.Helper()
	start := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("SIGTERM to %s: %v", p.name, err)
	}
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%s is still running %v after SIGTERM", p.name, patience)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("%s exited with %d after SIGTERM, want 0", p.name, code)
	}
	if took := time.Since(start); took > 10*time.Second {
		p.t.Errorf("%s took %v to stop, want at most 10s", p.name, took)
	}
}

// server is a running parley.
type server struct {
	endpoint string // http://127.0.0.1:port
	instance string
	flow     string
	process  *process // of startDev
}

// exported are the lines for a shell that `parley dev` prints, of which the last has the secret.
var exported = regexp.MustCompile(`(?m)^ +(export .*)\n`)

// exports waits for these lines.
func (s server) exports() []string {
	s.process.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var lines []string
		for _, found := range exported.FindAllStringSubmatch(s.process.output.String(), -1) {
			lines = append(lines, found[1])
		}
		if len(lines) > 0 && strings.Contains(lines[len(lines)-1], "AWS_SECRET_ACCESS_KEY=") {
			return lines
		}
		if time.Now().After(deadline) {
			s.process.t.Fatalf("parley dev has not printed what to export, but:\n%s", s.process.output)
		}
	}
}

// startDev starts `parley dev` on a free port.
func startDev(t testing.TB, args ...string) server {
	t.Helper()
	binary, err := parley()
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	cmd := exec.Command(binary, append([]string{"dev", "--listen", address}, args...)...)
	p := launch(t, "parley dev", cmd)
	s := server{endpoint: "http://" + address, instance: devInstance, flow: welcomeFlow, process: p}
	p.awaitReady(s.endpoint + "/_parley/info")
	return s
}

// awaitReady returns when url answers 200.
func (p *process) awaitReady(url string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		if status := get(url); status == http.StatusOK {
			return
		}
		select {
		case <-p.exited:
			p.t.Fatalf("%s exited with %d before %s answered", p.name, p.cmd.ProcessState.ExitCode(), url)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: %s did not answer 200 within %v", p.name, url, patience)
		}
	}
}

func get(url string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body) //nolint:errcheck // only the status matters
	return response.StatusCode
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// awsEnvironment is the environment in which AWS's own clients find the server: no files, no metadata service.
func awsEnvironment(s server) []string {
	return append(os.Environ(),
		"AWS_ENDPOINT_URL="+s.endpoint,
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=dev", "AWS_SECRET_ACCESS_KEY=dev", "AWS_SESSION_TOKEN=",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
	)
}

// missing skips the test because a client is not on this machine, or fails it where that client must be.
func missing(t testing.TB, client, why string) {
	t.Helper()
	required := strings.Split(os.Getenv("PARLEY_REQUIRE_CLIENTS"), ",")
	if slices.Contains(required, client) {
		t.Fatalf("%s is required here: %s", client, why)
	}
	t.Skipf("left out: %s: %s (make clients installs what it can)", client, why)
}

// node is the Node.js program, with the clients' packages beside this test.
func node(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node", "no node in PATH")
	}
	if _, err := os.Stat("node_modules/amazon-connect-chatjs"); err != nil {
		missing(t, "node", "no clients/node_modules (npm ci)")
	}
	return path
}

func chromium(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, "chromium", "no chromium in PATH")
	}
	return path
}

// inVirtualEnvironment is the program that scripts/setup installed into a folder of .work because the machine's own was
// missing or too old, or else the machine's own.
func inVirtualEnvironment(folder, program string) (string, error) {
	installed, err := filepath.Abs(filepath.Join("..", ".work", folder, "bin", program))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(installed); err == nil {
		return installed, nil
	}
	return exec.LookPath(program)
}

// oldestBoto3 is the oldest boto3 that knows all that parley serves. scripts/setup installs it.
var oldestBoto3 = [3]int{1, 44, 8}

// python is an interpreter with a boto3 that knows today's Amazon Connect.
func python(t testing.TB) string {
	t.Helper()
	path, err := inVirtualEnvironment("venv", "python3")
	if err != nil {
		missing(t, "boto3", "no python3 in PATH")
	}
	out, err := exec.Command(path, "-c", "import boto3; print(boto3.__version__)").Output()
	if err != nil {
		missing(t, "boto3", path+" has no boto3")
	}
	var has [3]int
	if _, err := fmt.Sscanf(string(out), "%d.%d.%d", &has[0], &has[1], &has[2]); err != nil || slices.Compare(has[:], oldestBoto3[:]) < 0 {
		missing(t, "boto3", fmt.Sprintf("boto3 %s is too old, %d.%d.%d or newer is needed", bytes.TrimSpace(out), oldestBoto3[0], oldestBoto3[1], oldestBoto3[2]))
	}
	t.Logf("boto3 %s", bytes.TrimSpace(out))
	return path
}

func decode[T any](t testing.TB, what string, data []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v in %s", what, err, data)
	}
	return v
}
