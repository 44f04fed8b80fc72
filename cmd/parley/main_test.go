package main

import (
	"bytes"
	"context"
	"encoding/json"
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
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/internal/store"
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

func TestPoliciesAndAuditFromTheShell(t *testing.T) {
	dir := t.TempDir()
	env := []string{"PARLEY_DB=sqlite:" + dir + "/parley.db"}
	file := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	reader := file("reader.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["connect:List*","connect:Describe*"],"Resource":"*"}}`)
	made := good(t, env, "key", "create", "--policy", reader, "dashboard")
	secret := regexp.MustCompile(`SECRET_ACCESS_KEY=(\S+)`).FindStringSubmatch(made)[1]
	if list := good(t, env, "key", "list"); !strings.Contains(list, "by policy") {
		t.Errorf("key list printed %s", list)
	}
	for name, want := range map[string]string{
		file("other.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`): "begin with connect:",
		file("empty.json", ``):                              "no JSON",
		file("long.json", strings.Repeat(" ", 64<<10)+"{}"): "more than 65536 bytes",
		filepath.Join(dir, "none.json"):                     "none.json",
	} {
		if _, stderr, code := parley(t, env, "key", "create", "--policy", name); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s, want %q", name, code, stderr, want)
		}
	}
	id := strings.TrimSpace(good(t, env, "instance", "create", "support"))
	good(t, env, "instance", "create", "sales")
	all := good(t, env, "audit")
	for _, want := range []string{"parley key create", "parley instance create", `instance "support"`, "access-key AKIA", "create"} {
		if !strings.Contains(all, want) {
			t.Errorf("audit does not say %q:\n%s", want, all)
		}
	}
	one := good(t, env, "audit", "--instance", "support", "--json")
	if strings.Count(one, "\n") != 1 || !strings.Contains(one, `"id":"`+id+`"`) || !strings.Contains(one, `"after":{`) {
		t.Errorf("audit of an instance printed %s", one)
	}
	if upper := good(t, env, "audit", "--instance", strings.ToUpper(id), "--json"); upper != one {
		t.Errorf("audit of an instance by its id in upper case printed %s, want %s", upper, one)
	}
	if _, stderr, code := parley(t, env, "audit", "--instance", "ffffffff-ffff-4fff-8fff-ffffffffffff"); code != 1 || !strings.Contains(stderr, "no instance with that id") {
		t.Errorf("audit of an instance that never was: exit %d, %s", code, stderr)
	}
	good(t, env, "instance", "delete", "--yes", "support")
	if deleted := good(t, env, "audit", "--instance", id); !strings.Contains(deleted, "delete") {
		t.Errorf("audit of a deleted instance printed %s", deleted)
	}
	if everything := all + good(t, env, "audit", "--json"); strings.Contains(everything, secret) || strings.Contains(everything, "sealed") {
		t.Errorf("audit shows a secret: %s", everything)
	}
	if _, stderr, code := parley(t, env, "audit", "--instance", "nobody"); code != 1 || !strings.Contains(stderr, "instance list") {
		t.Errorf("audit of no instance: exit %d, %s", code, stderr)
	}
}

// What callers have named must not move the cursor or begin a line in the table.
func TestAuditIsPlain(t *testing.T) {
	env := []string{"PARLEY_DB=sqlite:" + t.TempDir() + "/parley.db"}
	id := strings.TrimSpace(good(t, env, "instance", "create", "support"))
	s, err := store.Open(t.Context(), strings.TrimPrefix(env[0], "PARLEY_DB="), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	by := store.By(t.Context(), store.Author{Who: "a\x1b[2J", Action: "connect:Test", At: time.Now()})
	err = s.CommitResources(by, store.ResourceCommit{
		Insert: []store.Resource{{Instance: center.InstanceID(id), Kind: "thing", ID: "b\x1b[3J\nc", Body: []byte("{}")}},
		Show:   func(_ string, body []byte) ([]byte, bool) { return body, true },
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if out := good(t, env, "audit"); strings.Contains(out, "\x1b") || !strings.Contains(out, "thing b?[3J?c") || !strings.Contains(out, "a?[2J") {
		t.Errorf("audit printed %q", out)
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

func TestPasswordsFromTheShell(t *testing.T) {
	dir := t.TempDir()
	env := []string{"PARLEY_DB=sqlite:" + dir + "/parley.db"}
	password := func(input string, args ...string) (string, int) {
		c := command(t, env, append([]string{"user", "password"}, args...)...)
		var errs bytes.Buffer
		c.Stdin, c.Stderr = strings.NewReader(input), &errs
		var exit *exec.ExitError
		if err := c.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return errs.String(), c.ProcessState.ExitCode()
	}
	const secret = "Hunter2-hunter2"
	if said, code := password(secret+"\n", "ada"); code != 1 || !strings.Contains(said, "there are 0 instances") {
		t.Errorf("without an instance: exit %d, %s", code, said)
	}
	good(t, env, "instance", "create", "support")
	if said, code := password(secret+"\n", "ada"); code != 1 || !strings.Contains(said, "no user has this name") || strings.Contains(said, secret) {
		t.Errorf("a user who is not there: exit %d, %s", code, said)
	}
	if err := os.MkdirAll(dir+"/files/users", 0o755); err != nil {
		t.Fatal(err)
	}
	user := `{"Kind":"user","Name":"ada","IdentityInfo":{"FirstName":"Ada","LastName":"Roe"},"PhoneConfig":{"PhoneType":"SOFT_PHONE"},` +
		`"SecurityProfileIds":["${security-profile:Agent}"],"RoutingProfileId":"${routing-profile:Basic Routing Profile}"}`
	if err := os.WriteFile(dir+"/files/users/ada.json", []byte(user), 0o644); err != nil {
		t.Fatal(err)
	}
	good(t, env, "apply", dir+"/files", "--instance", "support")
	if said, code := password("", "ada"); code != 1 || !strings.Contains(said, "standard input") {
		t.Errorf("without a password: exit %d, %s", code, said)
	}
	if said, code := password("hunter2\n", "ada"); code != 1 || !strings.Contains(said, "Password must have") || strings.Contains(said, "hunter2") {
		t.Errorf("a weak one: exit %d, %s", code, said)
	}
	if said, code := password(secret+"\r\n", "ada", "--instance", "support"); code != 0 || said != "" {
		t.Errorf("exit %d, %s", code, said)
	}
	_, endpoint := started(t, env, "serve", "--public-url", "https://chat.example.com", "--operator-listen", "")
	answer, err := http.Post(endpoint+"/agent/v1/session", "application/json", strings.NewReader(`{"username":"ada","password":"`+secret+`","bearer":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only its status matters
	if answer.StatusCode != http.StatusOK {
		t.Errorf("signing in with it: %s", answer.Status)
	}
}

func TestServeSaysAllThatIsMissing(t *testing.T) {
	_, stderr, code := parley(t, nil, "serve", "--bus", "pigeons", "--tls-cert", "cert.pem", "--operator-listen", "0.0.0.0:4511",
		"--throttle", "much", "--region", "", "--account", "1", "--connect-within=0s")
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	for _, missing := range []string{"PARLEY_DB", "PARLEY_PUBLIC_URL", "--bus", "--tls-key", "loopback", "--throttle", "--region", "--account", "--connect-within"} {
		if !strings.Contains(stderr, missing) {
			t.Errorf("it does not say %s:\n%s", missing, stderr)
		}
	}
}

// A password does not belong where errors tell of it, however it is escaped and wherever it is written.
func TestServeTellsNoSecret(t *testing.T) {
	db := func(password string) []string {
		return []string{"--db", "postgres://parley:" + password + "@127.0.0.1:1/parley?sslmode=disable"}
	}
	bus := func(password string) []string {
		return append(db("hunter2"), "--bus", "nats://parley:"+password+"@127.0.0.1:1")
	}
	const lite = "sqlite:parley.db"
	wrong := [][]string{
		{"--db", "postgres://parley:hunter2@[::1/parley"},
		{"--db", "mysql://parley:hunter2@db/parley"},
		{"--db", "host=db user=parley password=hunter2"},
		{"--db", "postgres://parley:hunter2"},
		{"--db", "postgres://127.0.0.1:1/parley?password=hunter2&x%zz=hunter2"},
		{"--db", lite, "--public-url", "https://a:hunter2@chat.example.com"},
		{"--db", lite, "--public-url", "https://a:hunter2%zz@chat.example.com"},
		{"--db", lite, "--throttle", "hunter2"},
		{"--db", lite, "--active-chats", "hunter2"},
		{"--db", lite, "--connect-within", "hunter2"},
		{"--db", lite, "--log-level", "hunter2"},
		{"--db", lite, "--secret", "hunter2"},
		append(bus("hunter2"), "--bus-routes", "parley:hunter2@10.0.0.2"),
	}
	for _, password := range []string{"hunter2%zz", "%zzhunter2", "hunter2@x", "x@hunter2", "hunter2/x", "1/hunter2", "hunter2 x", "x/hunter2@"} {
		wrong = append(wrong, db(password))
	}
	for _, password := range []string{"hunter2%zz", "%zzhunter2", "hunter2/x", "1/hunter2", "hunter2?x", "1?hunter2", "hunter2#x", "1#hunter2", "hunter2 x", "1,hunter2"} {
		wrong = append(wrong, bus(password), []string{"--db", lite, "--lambda", "http://a:" + password + "=x@h"})
		for _, outside := range []string{"--lambda=f", "--lex=A", "--system=Cases", "--sign-in=us-east-1_Ab"} {
			wrong = append(wrong, []string{"--db", lite, outside + "=ftp://a:" + password + "@h"}, []string{"--db", lite, "--region=", outside + "=http://a:" + password + "@h"})
		}
	}
	t.Setenv("PARLEY_SECRET", "hunter2 hunter2 hunter2")
	file := filepath.Join(t.TempDir(), "parley.json")
	refused := func(t *testing.T, how string, args ...string) {
		t.Helper()
		var c cli
		p := newParser(&c, "")
		_, err := p.Parse(append([]string{"serve"}, args...))
		if err == nil {
			_, _, err = c.Serve.prepare()
		}
		if err == nil {
			t.Errorf("%s: it is taken", how)
		} else if said := p.settings.locate(withoutArguments(err).Error()); strings.Contains(said, "hunter2") {
			t.Errorf("%s: it says %s", how, said)
		}
	}
	for _, args := range wrong {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			args = append([]string{"--public-url", "https://chat.example.com"}, args...)
			refused(t, "as flags", args...)
			settings := map[string]any{}
			for i := 0; i < len(args); i++ {
				name, value, joined := strings.Cut(strings.TrimPrefix(args[i], "--"), "=")
				if !joined {
					i++
					value = args[i]
				}
				settings[strings.ReplaceAll(name, "-", "_")] = value
			}
			text, err := json.Marshal(settings)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if settings["secret"] == nil { // the variable goes before the file
				refused(t, "from a file", "--config", file)
			}
			for name, value := range settings {
				t.Setenv("PARLEY_"+strings.ToUpper(name), value.(string))
			}
			refused(t, "from the environment")
		})
	}

	// What is read as it was meant is not told when it fails, nor what stands at the end of a process.
	for _, args := range [][]string{
		db("hunter2"), bus("hunter2"), db("hunter2?x"), db("hunter2#x"),
		{"--db", "postgres://parley:hunt", "hunter2@127.0.0.1:1/parley"}, // a space, and no quotes around it
		{"--db", "postgres://parley:hunter2%zz@127.0.0.1:1/parley"},
		{"postgres://parley:hunter2@127.0.0.1:1/parley"},
		{"--db", lite, "--tls-cert", "missing", "--tls-key", "missing"},
	} {
		args = append([]string{"serve", "--listen", "127.0.0.1:0", "--operator-listen", "", "--public-url", "https://chat.example.com"}, args...)
		stdout, stderr, code := parley(t, []string{"PARLEY_SECRET=hunter2 hunter2 hunter2"}, args...)
		if code == 0 || stderr == "" || strings.Contains(stdout+stderr, "hunter2") {
			t.Errorf("%v: exit %d, %s%s", args, code, stdout, stderr)
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
		`{"publik_url":"https://chat.example.com"}`:   `FILE:1: there is no setting "publik_url"; did you mean public_url?`,
		`{"public-url":"https://chat.example.com"}`:   `FILE:1: there is no setting "public-url"; did you mean public_url?`,
		"{\n\n\"ActiveChats\":\n7}":                   `FILE:3: there is no setting "ActiveChats"; did you mean active_chats?`,
		`{"limits":{"active_chats":7}}`:               `FILE:1: there is no setting "limits"`,
		`{"postgres://parley:hunter2@db/x":""}`:       `FILE:1: there is no setting of this name, which has 30 characters`,
		`{"data":"/var/lib/parley"}`:                  `FILE:1: there is no setting "data"`, // development's
		`{"yes":true}`:                                `FILE:1: there is no setting "yes"`,  // no one-time consent for all times
		`{"config":"x.json"}`:                         `FILE:1: there is no setting "config"`,
		`[]`:                                          `FILE:1: the settings must be one JSON object, and this is a list`,
		"\n\n 7":                                      `FILE:3: the settings must be one JSON object, and this is a number`,
		``:                                            `FILE:1: the settings must be one JSON object, and this is not JSON from column 1 on`,
		"{\n\"db\":":                                  `FILE:2: the settings must be one JSON object, and this is not JSON from column 5 on`,
		"{\n \"secret\": \"x\"hunter2}":               `FILE:2: the settings must be one JSON object, and this is not JSON from column 15 on`,
		"{\"account\":\"123456789012\"\n}\n{}":        `FILE:3: the settings must be one JSON object, and this is not JSON from column 1 on`,
		"{\n// it is not\n}":                          `FILE:2: the settings must be one JSON object, and this is not JSON from column 1 on`,
		"\xef\xbb\xbf{}":                              `FILE:1: the file begins with a byte order mark`,
		"\xff\xfe{\x00}\x00":                          `FILE:1: the file is UTF-16`,
		"{\n\"db\":\"p\xe4ssword\"}":                  `FILE:2: this is not UTF-8`,
		"{\n\"active_chats\":1,\n\"active_chats\":1}": `FILE:3: active_chats is there twice, the first time in line 2`,
		"{\"lambda\":{\"f\":\"http://f\",\n\"f\":\"http://g\"}}": `FILE:2: lambda has the same name twice`,
		"{\"lambda\":{\"f\":\"http://f\",\n\"g\":7}}":            `FILE:2: lambda takes NAME=URL, and a value is a number`,
		"{\"lambda\":{\"f\":\"http://f\",\n\"g\":\"x\"}}":        `FILE:1: --lambda: the URL of function g: it must be`,
		"{\"bus_routes\":[\"10.0.0.1:4512\",\n7]}":               `FILE:2: bus_routes takes an address`,
		"{\"active_chats\":\n7.5}":                               `FILE:2: active_chats takes a whole number from 0 on, and this is a number with a fraction`,
		`{"active_chats":1e3}`:                                   `FILE:1: active_chats takes a whole number`,
		`{"active_chats":99999999999999999999}`:                  `FILE:1: active_chats takes a whole number`,
		`{"connect_within":20}`:                                  `FILE:1: connect_within takes a time with its unit, such as "20s"`,
		"{\n\"connect_within\":\"0s\"}":                          `FILE:2: --connect-within must be longer than nothing`,
		"{\n\"public_url\":\"chat.example.com\"}":                `FILE:2: --public-url must be http`,
		"{\n\n\"throttle\":\"SendMassage=1/1\"}":                 `FILE:3: --throttle: "SendMassage" is not a served operation`,
		"{\n\"secret\":\"hunter2\"}":                             `FILE:2: PARLEY_SECRET must have at least 16 characters, and has 7`,
		"{\n\"tls_cert\":\"/nowhere/c\",\n\"tls_key\":\"k\"}":    `FILE:2: load the certificate of --tls-cert and --tls-key`,
		"{\n\"operator_listen\":\"192.0.2.7:4511\"}":             `FILE:2: --operator-listen must be a loopback address`,
	} {
		t.Run(want, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "parley.json")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			var c cli
			p := newParser(&c, "")
			_, err := p.Parse([]string{"serve", "--config", file})
			if err == nil {
				_, _, err = c.Serve.prepare()
			}
			if err == nil {
				t.Fatalf("%s: it is taken", content)
			}
			said := p.settings.locate(err.Error())
			if !strings.Contains(said, strings.ReplaceAll(want, "FILE", file)) || strings.Contains(said, "hunter2") {
				t.Errorf("%s: %s", content, said)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "parley.json")
	if err := os.WriteFile(file, []byte("{\n\"public_url\":\"https://chat.example.com\",\"db\":\"sqlite:parley.db\",\n\"flow_log\":\"/nowhere/x\"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := parley(t, nil, "serve", "--config", file); code != 1 || !strings.Contains(stderr, file+":3: --flow-log: open the flow log") {
		t.Errorf("a flow log that cannot be: exit %d, %s", code, stderr)
	}
	if _, stderr, code := parley(t, []string{"PARLEY_CONFIG=/nowhere/parley.json"}, "serve"); code == 0 || !strings.Contains(stderr, "/nowhere/parley.json") {
		t.Errorf("a file that is not there: exit %d, %s", code, stderr)
	}
	if _, stderr, code := parley(t, []string{"PARLEY_CONFIG=/nowhere/parley.json"}, "chat", "--endpoint", "x"); strings.Contains(stderr, "parley.json") {
		t.Errorf("a command without settings of files: exit %d, %s", code, stderr)
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
		"3 more", "  user      agent-2  (agent, password Parley-dev-1)\n", "parley chat --flow ce1cc015-c58b-8e87-99e5-7d8effe1d9f7\n", "http://127.0.0.1:4510/chat/", "export AWS_ENDPOINT_URL=http://127.0.0.1:4510\n", "AWS_DEFAULT_REGION=us-east-1", "AWS_SECRET_ACCESS_KEY=", "--data DIR",
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
		{limitFlags{ConnectWithin: time.Second, BotJoinWithin: time.Second, AgentGrace: time.Second}, "--agent-grace"},
		{limitFlags{ConnectWithin: time.Second, BotJoinWithin: time.Second, AgentReclaim: true}, "--agent-reclaim needs --agent-grace"},
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
