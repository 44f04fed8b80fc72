package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/parley-chat/parley"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/parleytest"
)

// chatting runs parley chat to its end with an input, and returns its output without ids.
func chatting(t *testing.T, input string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := command(t, env, append([]string{"chat", "--linger", "300ms"}, args...)...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(input), &out, &errs
	_ = c.Run() // the exit code says it
	return regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllString(out.String(), "ID"), errs.String(), c.ProcessState.ExitCode()
}

const welcome = "message\tSYSTEM_MESSAGE\tHello! You are talking to parley. Say something; a second participant can join and answer.\n"

func TestChatInAScript(t *testing.T) {
	t.Parallel()
	s := parleytest.New(t)
	stdout, stderr, code := chatting(t, "hello\r\n\n/typing\n//slash\\\ttab\n/jump\n"+strings.Repeat("x", 20000)+"\n/quit\nnever said\n",
		[]string{"PARLEY_ENDPOINT=" + s.URL()}, "--name", "Ada", "-a", "tier=gold", "-a", "note=a;b=c", "--message", "hi")
	want := "started\tAda\tID\njoined\tAda\nmessage\tAda\thi\n" + welcome + "message\tAda\thello\nmessage\tAda\t/slash\\\\\\ttab\nleft\tAda\nended\n"
	if code != 0 || stdout != want {
		t.Errorf("exit %d, printed\n%s, not\n%s", code, stdout, want)
	}
	if !strings.Contains(stderr, "/jump is neither") || !strings.Contains(stderr, "Content must") {
		t.Errorf("complained\n%s", stderr)
	}
	answer, err := s.HTTPClient().Get(s.Endpoint() + "/_parley/contacts")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	var all struct{ Contacts []struct{ ContactID string } }
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil || len(all.Contacts) != 1 {
		t.Fatalf("%d contacts, %v", len(all.Contacts), err)
	}
	out, err := s.Client().GetContactAttributes().InstanceID(s.InstanceID).InitialContactID(all.Contacts[0].ContactID).Send(t.Context())
	if err != nil || !maps.Equal(out.Attributes, map[string]string{"tier": "gold", "note": "a;b=c"}) {
		t.Errorf("attributes %v, %v", out, err)
	}
}

func TestChatContinuesAnother(t *testing.T) {
	t.Parallel()
	s := parleytest.New(t)
	first := s.Start("")
	first.Hear()
	first.Say("the first time")
	first.Leave()
	first.Ends()
	stdout, _, code := chatting(t, "", []string{"PARLEY_ENDPOINT=" + s.URL()}, "--persistent", first.ContactID())
	want := "started\tCustomer\tID\njoined\tCustomer\n" + welcome + "message\tCustomer\tthe first time\nleft\tCustomer\n" +
		"joined\tCustomer\n" + welcome + "left\tCustomer\nended\n"
	if code != 0 || stdout != want {
		t.Errorf("exit %d, printed\n%s", code, stdout)
	}
}

func TestChatSaysWhyItIsRefused(t *testing.T) {
	t.Parallel()
	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<html>Not here</html>")
	}))
	defer html.Close()
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome") }))
	defer empty.Close()
	s := parleytest.New(t)
	for _, c := range []struct {
		want string
		env  []string
		args []string
	}{
		{"StartChatContact: ResourceNotFoundException (status 404)", nil, []string{"--endpoint", s.URL(), "--flow", "nowhere"}},
		{"status 404): text/html: \"<html>Not here", nil, []string{"--endpoint", html.URL}},
		{"answers what is not the API's", nil, []string{"--endpoint", empty.URL}},
		{"StartChatContact: ", nil, []string{"--endpoint", "http://127.0.0.1:1"}},
		{"--endpoint must be aws, or a URL", nil, []string{"--endpoint", "localhost:4510"}},
		{"no credentials: set AWS_ACCESS_KEY_ID", []string{"PATH="}, []string{"--endpoint", "https://parley.invalid"}},
		{"no credentials: set AWS_ACCESS_KEY_ID", []string{"PATH=", "AWS_PROFILE=work"}, []string{"--endpoint", s.URL()}},
	} {
		stdout, stderr, code := chatting(t, "hello\n", c.env, c.args...)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "parley: ") || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: exit %d, %s%s", c.args, code, stdout, stderr)
		}
	}
}

// In production requests are signed: a right key comes as far as the flow that is not there.
func TestChatSigns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := []string{"PARLEY_DB=sqlite:" + dir + "/parley.db"}
	made := good(t, env, "key", "create", "chat")
	id := regexp.MustCompile(`AWS_ACCESS_KEY_ID=(\S+)`).FindStringSubmatch(made)[1]
	secret := regexp.MustCompile(`AWS_SECRET_ACCESS_KEY=(\S+)`).FindStringSubmatch(made)[1]
	_, url := started(t, env, "serve", "--public-url", "https://chat.example.com", "--operator-listen", "")
	for key, want := range map[string]string{secret: "ResourceNotFoundException (status 404)", "another": "SignatureException (status 403)"} {
		_, stderr, code := chatting(t, "", []string{"AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=" + key}, "--endpoint", url)
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("exit %d, %s", code, stderr)
		}
	}
}

// onScreen has a conversation as a person in a terminal has it, in a bubble.
func onScreen(t *testing.T, s *parleytest.Server, c *chatCmd, shown *screen) (typing *io.PipeWriter, over chan error, stop func()) {
	t.Helper()
	read, typing := io.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	over = make(chan error, 1)
	service := &chatService{connect: s.Endpoint(), participant: s.Endpoint(), region: s.Region, http: s.HTTPClient()}
	service.key.AccessKeyID, service.key.SecretAccessKey = "dev", "dev"
	c.Instance, c.Flow, c.Name = s.InstanceID, s.ContactFlowID, "Ada"
	go func() { over <- c.talk(ctx, service, read, shown) }()
	synctest.Wait()
	t.Cleanup(func() { stop(); typing.Close() }) //nolint:errcheck // returns nil
	return typing, over, stop
}

func TestChatOnAScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		var out bytes.Buffer
		typing, over, _ := onScreen(t, s, &chatCmd{}, &screen{w: &out, colour: true})
		contact := regexp.MustCompile(`[0-9a-f-]{36}`).FindString(out.String())
		s.Invite(contact, "Mallory", func(m client.Message) string { return "two\nlines\x1b[2Jand \a" + m.Content })
		_, _ = fmt.Fprintln(typing, "hello")
		synctest.Wait()
		_, _ = fmt.Fprintln(typing, "/quit")
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		want := "\x1b[2mContact " + contact + ". /typing says that you are writing, /quit leaves.\x1b[0m\n" +
			"\x1b[2mAda joined\x1b[0m\n" +
			"\x1b[1mSYSTEM_MESSAGE:\x1b[0m Hello! You are talking to parley. Say something; a second participant can join and answer.\n" +
			"\x1b[2mMallory joined\x1b[0m\n" +
			"\x1b[1mMallory:\x1b[0m two\n  lines?[2Jand ?hello\n" +
			"\x1b[2mAda left\x1b[0m\n" +
			"\x1b[2mThe chat has ended.\x1b[0m\n"
		if out.String() != want {
			t.Errorf("showed\n%q, not\n%q", out.String(), want)
		}
	})
}

// The chat is left when the process is told to stop, and is over when the flow ends it.
func TestChatEnds(t *testing.T) {
	for name, end := range map[string]func(s *parleytest.Server, stop func()){
		"by a signal": func(_ *parleytest.Server, stop func()) { stop() },
		"by the flow": func(s *parleytest.Server, _ func()) { s.Advance(61 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := parleytest.New(t)
				var out bytes.Buffer
				_, over, stop := onScreen(t, s, &chatCmd{}, &screen{w: &out})
				end(s, stop)
				if err := <-over; err != nil {
					t.Fatal(err)
				}
				if !strings.HasSuffix(out.String(), "The chat has ended.\n") {
					t.Errorf("showed %s", out.String())
				}
			})
		})
	}
}

func TestChatFitsDev(t *testing.T) {
	var c cli
	if _, err := newParser(&c, t.TempDir()+"/none.json").Parse([]string{"chat"}); err != nil {
		t.Fatal(err)
	}
	if c.Chat.Talk.Instance != string(server.SeedInstance) || c.Chat.Talk.Flow != string(server.SeedFlow) || c.Chat.Talk.Region != server.SeedRegion {
		t.Errorf("chats with %+v by default", c.Chat.Talk)
	}
}

// What others say does nothing to a terminal that shows the lines for scripts.
func TestLinesForScriptsHaveNoControlCharacters(t *testing.T) {
	t.Parallel()
	if got, want := forScripts.Replace("\x1b[2Jé\u009b1m\x00\\\n\r\t\x7f"), `\x1b[2Jé\x9b1m\x00\\\n\r\t\x7f`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
