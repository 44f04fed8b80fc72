package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/server"
)

// The test binary is the command when it is asked to be.
func TestMain(m *testing.M) {
	if os.Getenv("PARLEY_TEST_IS_PARLEY") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is parley with arguments, in an environment of its own.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append([]string{"PARLEY_TEST_IS_PARLEY=1", "PATH=" + os.Getenv("PATH")}, env...)
	c.Dir = t.TempDir()
	return c
}

// parley runs a command to its end.
func parley(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := command(t, env, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// good runs a command that must succeed.
func good(t *testing.T, env []string, args ...string) string {
	t.Helper()
	stdout, stderr, code := parley(t, env, args...)
	if code != 0 {
		t.Fatalf("parley %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

func TestAccessKeysFromTheShell(t *testing.T) {
	env := []string{"PARLEY_DB=sqlite:" + t.TempDir() + "/parley.db"}
	made := good(t, env, "key", "create", "the website")
	parts := regexp.MustCompile(`^export AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nexport AWS_SECRET_ACCESS_KEY=([A-Za-z0-9+/]{40})\n$`).FindStringSubmatch(made)
	if parts == nil {
		t.Fatalf("key create printed %q", made)
	}
	list := good(t, env, "key", "list")
	if !strings.Contains(list, parts[1]) || !strings.Contains(list, "the website") || strings.Contains(list, parts[2]) {
		t.Errorf("key list printed %s", list)
	}
	good(t, env, "key", "rotate")
	good(t, env, "key", "revoke", parts[1])
	if list := good(t, env, "key", "list"); strings.Contains(list, parts[1]) {
		t.Errorf("after revoke, key list printed %s", list)
	}
	if _, stderr, code := parley(t, env, "key", "revoke", parts[1]); code != 1 || !strings.Contains(stderr, "key list") {
		t.Errorf("revoke twice: exit %d, %s", code, stderr)
	}
	if _, stderr, code := parley(t, append(env, "PARLEY_SECRET=another secret altogether"), "key", "create"); code != 1 || !strings.Contains(stderr, "PARLEY_SECRET") {
		t.Errorf("with another secret: exit %d, %s", code, stderr)
	}
}

func TestInstancesFromTheShell(t *testing.T) {
	env := []string{"PARLEY_DB=sqlite:" + t.TempDir() + "/parley.db"}
	id := strings.TrimSpace(good(t, env, "instance", "create", "support"))
	if list := good(t, env, "instance", "list"); !strings.Contains(list, id) || !strings.Contains(list, "support") {
		t.Errorf("instance list printed %s", list)
	}
	if _, stderr, code := parley(t, env, "instance", "delete", "support"); code != 1 || !strings.Contains(stderr, "--yes") {
		t.Errorf("delete without --yes: exit %d, %s", code, stderr)
	}
	if _, stderr, code := parley(t, env, "instance", "delete", "--yes", "sales"); code != 1 || !strings.Contains(stderr, "instance list") {
		t.Errorf("delete of another: exit %d, %s", code, stderr)
	}
	good(t, env, "instance", "delete", "--yes", id)
	if list := good(t, env, "instance", "list"); strings.Contains(list, id) {
		t.Errorf("after delete, instance list printed %s", list)
	}
}

func TestServeSaysAllThatIsMissing(t *testing.T) {
	_, stderr, code := parley(t, nil, "serve", "--bus", "pigeons", "--tls-cert", "cert.pem", "--operator-listen", "0.0.0.0:4511",
		"--throttle", "much", "--region", "", "--account", "1", "--active-chats=-1")
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	for _, missing := range []string{"PARLEY_DB", "PARLEY_PUBLIC_URL", "--bus", "--tls-key", "loopback", "--throttle", "--region", "--account", "--active-chats"} {
		if !strings.Contains(stderr, missing) {
			t.Errorf("it does not say %s:\n%s", missing, stderr)
		}
	}
}

func TestServeTellsNoSecret(t *testing.T) {
	for _, args := range [][]string{
		{"--db", "postgres://parley:hunter2@127.0.0.1:1/parley?sslmode=disable"},
		{"--db", "postgres://parley:hunt er2@127.0.0.1:1/parley"},
		{"--db", "postgres://parley:hunter2@[::1/parley"},
		{"--db", "mysql://parley:hunter2@db/parley"},
		{"--db", "sqlite:parley.db", "--tls-cert", "missing", "--tls-key", "missing"},
		{"--db", "postgres://parley:hunter2@127.0.0.1:1/parley", "--bus", "nats://parley:hunter2@127.0.0.1:1"},
		{"--db", "postgres://parley:hunter2@127.0.0.1:1/parley", "--bus", "nats://parley:hunter2@[::1"},
	} {
		_, stderr, code := parley(t, []string{"PARLEY_SECRET=hunter2 hunter2 hunter2"},
			append([]string{"serve", "--listen", "127.0.0.1:0", "--operator-listen", "", "--public-url", "https://chat.example.com"}, args...)...)
		if code != 1 || stderr == "" || strings.Contains(stderr, "hunter2") || strings.Contains(stderr, "hunt er2") {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
}

// A flag goes before the environment, the environment before the file.
func TestWhereSettingsComeFrom(t *testing.T) {
	dir := t.TempDir()
	db := func(name string) string { return "sqlite:" + filepath.Join(dir, name+".db") }
	for _, name := range []string{"flag", "env", "file"} {
		good(t, nil, "instance", "create", "from-"+name, "--db", db(name))
	}
	file := filepath.Join(dir, "parley.json")
	if err := os.WriteFile(file, []byte(`{"db":"`+db("file")+`","public_url":"https://chat.example.com","active_chats":7}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		env  []string
		args []string
	}{
		{"from-file", nil, []string{"--config", file}},
		{"from-file", []string{"PARLEY_CONFIG=" + file}, nil},
		{"from-env", []string{"PARLEY_CONFIG=" + file, "PARLEY_DB=" + db("env")}, nil},
		{"from-flag", []string{"PARLEY_CONFIG=" + file, "PARLEY_DB=" + db("env")}, []string{"--db", db("flag")}},
	} {
		if list := good(t, c.env, append([]string{"instance", "list"}, c.args...)...); !strings.Contains(list, c.want) {
			t.Errorf("%v %v: %s, want %s", c.env, c.args, list, c.want)
		}
	}

	var c cli
	if _, err := newParser(&c, file).Parse([]string{"serve", "--active-chats", "8"}); err != nil {
		t.Fatal(err)
	}
	if c.Serve.PublicURL != "https://chat.example.com" || c.Serve.ActiveChats != 8 {
		t.Errorf("serve: %q, %d", c.Serve.PublicURL, c.Serve.ActiveChats)
	}
	c = cli{}
	if _, err := newParser(&c, file).Parse([]string{"dev"}); err != nil || c.Dev.PublicURL != "" {
		t.Errorf("dev reads production's settings: %q, %v", c.Dev.PublicURL, err)
	}
}

func TestBadSettings(t *testing.T) {
	for content, want := range map[string]string{
		`{"publik_url":"https://chat.example.com"}`: "publik_url",
		`{"public-url":"https://chat.example.com"}`: "public-url",
		`[]`:                    "JSON object",
		`{"db":`:                "JSON object",
		`{"active_chats":"x"}`:  "active-chats",
		`{"log_level":"noisy"}`: "log-level",
	} {
		file := filepath.Join(t.TempDir(), "parley.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := parley(t, nil, "serve", "--config", file); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", content, code, stderr)
		}
	}
	if _, stderr, code := parley(t, []string{"PARLEY_CONFIG=/nowhere/parley.json"}, "serve"); code == 0 || !strings.Contains(stderr, "/nowhere/parley.json") {
		t.Errorf("a file that is not there: exit %d, %s", code, stderr)
	}
}

func TestTheOperatorsAddress(t *testing.T) {
	for address, good := range map[string]bool{
		"": true, "127.0.0.1:4511": true, "127.8.8.8:4511": true, "[::1]:4511": true, "localhost:4511": true,
		"0.0.0.0:4511": false, ":4511": false, "[::]:4511": false, "192.0.2.7:4511": false, "127.0.0.1": false, "4511": false,
	} {
		if err := (&serveCmd{OperatorListen: address}).checkOperator(); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestThrottleSettings(t *testing.T) {
	for _, c := range []struct {
		text string
		want api.Throttle
		good bool
	}{
		{"", nil, true},
		{"off", nil, true},
		{"aws", api.AWSThrottle(), true},
		{"SendMessage=50/100", api.Throttle{"SendMessage": {PerSecond: 50, Burst: 100}}, true},
		{"SendMessage=0.5/1, StartChatContact=5/8", api.Throttle{"SendMessage": {PerSecond: .5, Burst: 1}, "StartChatContact": {PerSecond: 5, Burst: 8}}, true},
		{"on", nil, false},
		{"SendMessage", nil, false},
		{"SendMessage=5", nil, false},
		{"SendMessage=x/1", nil, false},
		{"SendMessage=1/x", nil, false},
		{"SendMassage=5/8", nil, false},
		{"SendMessage=-1/8", nil, false},
		{"SendMessage=NaN/8", nil, false},
	} {
		got, err := parseThrottle(c.text)
		if (err == nil) != c.good {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		for name, rate := range c.want {
			if got[name] != rate {
				t.Errorf("%q: %s is %v, want %v", c.text, name, got[name], rate)
			}
		}
		if c.good && len(got) != len(c.want) {
			t.Errorf("%q: %v", c.text, got)
		}
	}
}

func TestBanner(t *testing.T) {
	var w bytes.Buffer
	flows := make([]server.FlowInfo, 23)
	flows[0] = server.FlowInfo{ID: "22222222-2222-4222-8222-222222222222", Name: "Wel\x1b[2Jcome"}
	(&devCmd{}).banner(&w, "http://127.0.0.1:4510", []server.InstanceInfo{{ID: "11111111-1111-4111-8111-111111111111", Alias: "parley-dev", Flows: flows}})
	for _, want := range []string{
		"ready at http://127.0.0.1:4510\n", "11111111-1111-4111-8111-111111111111  (parley-dev)", "22222222-2222-4222-8222-222222222222  (Wel?[2Jcome)",
		"3 more", "http://127.0.0.1:4510/chat/", "export AWS_ENDPOINT_URL=http://127.0.0.1:4510\n", "AWS_DEFAULT_REGION=us-east-1", "AWS_SECRET_ACCESS_KEY=", "--data DIR",
	} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, w.String())
		}
	}
}

func TestAddressesToTell(t *testing.T) {
	for _, c := range []struct {
		ip       net.IP
		public   string
		endpoint string
		warning  string
	}{
		{net.IPv4(127, 0, 0, 1), "", "http://127.0.0.1:4510", ""},
		{net.IPv4zero, "", "http://127.0.0.1:4510", "other machines"},
		{net.IPv6unspecified, "", "http://127.0.0.1:4510", "other machines"},
		{net.IPv4(192, 0, 2, 7), "", "http://192.0.2.7:4510", "other machines"},
		{net.IPv4(127, 0, 0, 1), "https://abc.tunnel.example/", "https://abc.tunnel.example", ""},
	} {
		addr := &net.TCPAddr{IP: c.ip, Port: 4510}
		var w bytes.Buffer
		warn(&w, addr)
		if got := endpoint(c.public, addr); got != c.endpoint || !strings.Contains(w.String(), c.warning) || (c.warning == "") != (w.Len() == 0) {
			t.Errorf("%v: %s, warning %q", c.ip, got, w.String())
		}
	}
}

// Sockets are told to connect to 127.0.0.1, so somebody must be there whichever loopback address was asked for.
func TestDevelopmentListensOnBothLoopbackAddresses(t *testing.T) {
	if ln, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("needs IPv6 on loopback: ", err)
	} else if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string][]string{
		"localhost:0": {"127.0.0.1", "[::1]"}, "[::1]:0": {"127.0.0.1", "[::1]"}, "127.0.0.1:0": {"127.0.0.1"},
	} {
		c := &devCmd{Listen: address, Quiet: true, limitFlags: limitFlags{ConnectWithin: time.Minute, BotJoinWithin: time.Minute}}
		cfg, err := c.config()
		if err != nil {
			t.Fatal(err)
		}
		s, err := server.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		l, err := c.listen()
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		if (l.Other != nil) != (len(want) == 2) {
			t.Errorf("%s: a second listener on %v", address, l.Other)
		}
		stop, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(stop, nil, l) }()
		for _, host := range want {
			answers(t, fmt.Sprintf("http://%s:%d", host, l.Public.Addr().(*net.TCPAddr).Port), http.StatusOK)
		}
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAnAddressThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // a test's
	address := taken.Addr().String()
	_, port, _ := net.SplitHostPort(address) // it has one
	db := "sqlite:" + t.TempDir() + "/parley.db"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"dev", "--listen", address}, "--listen 127.0.0.1:0"},
		{[]string{"dev", "--listen", "localhost:" + port}, "--listen 127.0.0.1:0"},
		{[]string{"dev", "--listen", "nowhere"}, "--listen"},
		{[]string{"serve", "--db", db, "--public-url", "https://chat.example.com", "--operator-listen", "", "--listen", address}, "--listen 127.0.0.1:0"},
		{[]string{"serve", "--db", db, "--public-url", "https://chat.example.com", "--operator-listen", address}, "--operator-listen 127.0.0.1:0"},
	} {
		if _, stderr, code := parley(t, nil, c.args...); code != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, %s, want %s", c.args, code, stderr, c.want)
		}
	}
}

// What newcomers read says what each flag takes, and where it also comes from.
func TestHelp(t *testing.T) {
	for command, wants := range map[string][]string{
		"dev": {"--listen=HOST:PORT", "127.0.0.1:4510", "--data=DIR", "--clock=real|manual", "--public-url=URL"},
		"serve": {
			"--config=FILE", "/etc/parley.json", "--db=URL", "$PARLEY_SECRET", "--tls-cert=FILE", "--tls-key=FILE", "--bus=BUS", "nats:embedded",
			"nats://HOST,…", "(local)", "--bus-listen=HOST:PORT", "private", "127.0.0.1:4512", "--bus-routes=HOST:PORT,...", "$PARLEY_BUS_ROUTES", "openssl",
		},
		"key create":      {"--db=URL", "<description>"},
		"instance delete": {"--yes", "<alias>"},
	} {
		help := good(t, []string{"PARLEY_SECRET=hunter2"}, append(strings.Fields(command), "--help")...)
		for _, want := range wants {
			if !strings.Contains(help, want) {
				t.Errorf("%s --help does not say %s:\n%s", command, want, help)
			}
		}
		for _, bad := range []string{"=STRING", "=INT", "=DURATION", "hunter2", "--secret"} {
			if strings.Contains(help, bad) {
				t.Errorf("%s --help says %s", command, bad)
			}
		}
	}
}

// started is parley dev or serve, on an address of its own.
func started(t *testing.T, env []string, args ...string) (c *exec.Cmd, endpoint string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	c = command(t, env, append(args, "--listen", address)...)
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // it may be gone
		c.Wait()         //nolint:errcheck // a second time is refused
		if t.Failed() {
			t.Logf("it printed:\n%s", output.String())
		}
	})
	endpoint = "http://" + address
	answers(t, endpoint, http.StatusOK)
	return c, endpoint
}

// answers waits until a server is as ready as wanted. Nothing else tells when another process has come that far.
func answers(t *testing.T, endpoint string, want int) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		r, err := http.Get(endpoint + "/health/ready")
		if err != nil {
			continue
		}
		r.Body.Close() //nolint:errcheck // only its status matters
		if r.StatusCode == want {
			return
		}
	}
	t.Fatalf("/health/ready never answered %d", want)
}

func stop(t *testing.T, c *exec.Cmd) {
	t.Helper()
	begin := time.Now()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestDevKeepsWhatItIsTold(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	dev, endpoint := started(t, nil, "dev", "--data", data)
	r, err := http.Post(endpoint+"/_parley/start", "", strings.NewReader(`{"DisplayName":"Ana"}`))
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("start: %v, %v", r, err)
	}
	r.Body.Close() //nolint:errcheck // only its status matters
	stop(t, dev)
	for _, name := range []string{"parley.db", "parley.secret"} {
		if info, err := os.Stat(filepath.Join(data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	dev, endpoint = started(t, nil, "dev", "--data", data)
	r, err = http.Get(endpoint + "/_parley/contacts")
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil || !strings.Contains(body.String(), "CUSTOMER") {
		t.Errorf("after the restart: %s, %v", body.String(), err)
	}
	r.Body.Close() //nolint:errcheck // read to its end
	stop(t, dev)
}

func TestServeStopsOnASecondSignal(t *testing.T) {
	serve, endpoint := started(t, nil, "serve", "--db", "sqlite:"+t.TempDir()+"/parley.db", "--public-url", "https://chat.example.com", "--operator-listen", "")
	term := func() {
		t.Helper()
		if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	// A connection that waits for its next request is left open for some seconds.
	address := strings.TrimPrefix(endpoint, "http://")
	kept, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close() //nolint:errcheck // the server may be gone
	fmt.Fprintf(kept, "GET /health/live HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	if _, err := kept.Read(make([]byte, 1<<10)); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	term()
	refused(t, address)
	term()
	if err := serve.Wait(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("it took %v, want at once", took)
	}
}

// refused waits until no connection is accepted: the server is stopping.
func refused(t *testing.T, address string) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		c.Close() //nolint:errcheck // only that it was accepted matters
	}
	t.Fatal("connections are accepted 20 s after SIGTERM")
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		flags limitFlags
		want  string // part of the error, "" for none
	}{
		{limitFlags{ConnectWithin: time.Second, BotJoinWithin: time.Second, Throttle: "aws"}, ""},
		{limitFlags{BotJoinWithin: time.Second}, "--connect-within"},
		{limitFlags{ConnectWithin: time.Second, BotJoinWithin: time.Second, ActiveChats: -1}, "--active-chats"},
		{limitFlags{ConnectWithin: time.Second, BotJoinWithin: time.Second, Throttle: "Nothing=1/1"}, "Nothing"},
	} {
		var cfg server.Config
		err := c.flags.apply(&cfg)
		if c.want == "" {
			if err != nil || cfg.Settings.ActiveChats != 500 || !cfg.Settings.ResourceQuotas || cfg.Settings.ConnectWithin != time.Second || len(cfg.Throttle) == 0 {
				t.Errorf("%+v: %v, %+v", c.flags, err, cfg.Settings)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.flags, err)
		}
	}
}
