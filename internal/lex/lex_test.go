package lex

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/sigv4"
)

const (
	alias = "arn:aws:lex:eu-west-2:123456789012:bot-alias/BOTID12345/TSTALIASID"
	path  = "/bots/BOTID12345/botAliases/TSTALIASID/botLocales/en_US/sessions/the-contact/text"
	says  = `{"sessionState":{"intent":{"name":"Book","state":"Fulfilled"}}}`
)

// bot answers as a Lex bot and keeps the last request.
type bot struct {
	*httptest.Server
	request *http.Request
	body    []byte
	status  []int // answered first
}

func newBot(t *testing.T, status ...int) *bot {
	b := &bot{status: status}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.request = r
		b.body, _ = io.ReadAll(r.Body)
		if len(b.status) > 0 {
			w.WriteHeader(b.status[0])
			b.status = b.status[1:]
			return
		}
		_, _ = io.WriteString(w, says)
	}))
	t.Cleanup(b.Close)
	return b
}

// environment is AWS's standard configuration of a process, and no more of the machine's own.
func environment(t *testing.T, variables ...string) {
	none := filepath.Join(t.TempDir(), "none")
	for _, v := range append([]string{
		"AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=", "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=",
		"AWS_ENDPOINT_URL_LEX_RUNTIME_V2=", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=", "AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none,
	}, variables...) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

func client(t *testing.T, o Options) *Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A request to AWS has a signature that a verifier takes, for the region of the bot.
func TestRecognizeTextIsSigned(t *testing.T) {
	b := newBot(t, 503) // each attempt is signed
	environment(t, "AWS_ENDPOINT_URL_LEX_RUNTIME_V2="+b.URL)
	answer, err := client(t, Options{}).RecognizeText(t.Context(), alias, "en_US", "the-contact", []byte(`{"text":"hi"}`))
	if err != nil || string(answer) != says {
		t.Fatalf("%q %v", answer, err)
	}
	if b.request.Method != "POST" || b.request.URL.Path != path || string(b.body) != `{"text":"hi"}` {
		t.Errorf("%s %s %s", b.request.Method, b.request.URL, b.body)
	}
	r := b.request
	claim, err := sigv4.Parse(sigv4.Request{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header})
	if err != nil {
		t.Fatal(err)
	}
	if claim.AccessKeyID != "AKIAEXAMPLE" || claim.Region != "eu-west-2" || claim.Service != "lex" {
		t.Errorf("signed by %s for %s in %s", claim.AccessKeyID, claim.Service, claim.Region)
	}
	if err := claim.Verify(b.body, sigv4.DeriveKey("secret", claim.Day, claim.Region, claim.Service), time.Now()); err != nil {
		t.Error(err)
	}
}

func TestRecognizeTextAtAURL(t *testing.T) {
	b := newBot(t)
	for name, want := range map[string]string{
		alias:        path,
		"TSTALIASID": path,
	} {
		c := client(t, Options{URLs: map[string]string{name: b.URL + "/my/"}, Trust: true})
		answer, err := c.RecognizeText(t.Context(), alias, "en_US", "the-contact", []byte(`{"text":"hi"}`))
		if err != nil || string(answer) != says || b.request.URL.Path != "/my"+want || b.request.Header.Get("Authorization") != "" {
			t.Errorf("%q %v at %s", answer, err, b.request.URL)
		}
		if !c.Trusts(alias) || c.Trusts(alias+"x") {
			t.Error("it trusts others than those it was given")
		}
	}
	c := client(t, Options{URLs: map[string]string{"our own/bot": b.URL}})
	if _, err := c.RecognizeText(t.Context(), "our own/bot", "de_CH", "../..", nil); err != nil ||
		b.request.URL.EscapedPath() != "/bots/bot/botAliases/our%20own%2Fbot/botLocales/de_CH/sessions/..%2F../text" {
		t.Errorf("%v at %s", err, b.request.URL.EscapedPath())
	}
	if c.Trusts("our own/bot") {
		t.Error("it trusts without leave")
	}
}

func TestAliasesThatAreNone(t *testing.T) {
	environment(t)
	for _, a := range []string{
		"", "TSTALIASID", "arn:aws:lex:eu-west-2:1:bot/BOT/ALIAS", "arn:aws:lex:eu-west-2:1:bot-alias/BOT", "arn:aws:lex::1:bot-alias/BOT/ALIAS",
		"arn:aws:lex:evil.example.org#:1:bot-alias/BOT/ALIAS", "arn:aws:lex:eu-west-2:1:bot-alias/../ALIAS", "arn:aws:s3:eu-west-2:1:bot-alias/BOT/ALIAS",
	} {
		if _, err := client(t, Options{}).RecognizeText(t.Context(), a, "en_US", "s", nil); err == nil || !strings.Contains(err.Error(), "is not given as an ARN") {
			t.Errorf("%q: %v", a, err)
		}
	}
}

// A locale comes from the contact, and becomes part of a path.
func TestLocalesThatAreNone(t *testing.T) {
	b := newBot(t)
	c := client(t, Options{URLs: map[string]string{alias: b.URL}})
	for _, locale := range []string{"", "..", "en/US", "en US", strings.Repeat("x", 5000) + "."} {
		if _, err := c.RecognizeText(t.Context(), alias, locale, "s", nil); err == nil || b.request != nil {
			t.Errorf("%.20q was asked for: %v", locale, err)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for _, c := range []struct {
		region, want string
		variables    []string
	}{
		{"eu-west-2", "https://runtime-v2-lex.eu-west-2.amazonaws.com", nil},
		{"cn-north-1", "https://runtime-v2-lex.cn-north-1.amazonaws.com.cn", nil},
		{"eu-west-2", "http://all", []string{"AWS_ENDPOINT_URL=http://all"}},
		{"eu-west-2", "http://lex", []string{"AWS_ENDPOINT_URL=http://all", "AWS_ENDPOINT_URL_LEX_RUNTIME_V2=http://lex"}},
		{"eu-west-2", "https://runtime-v2-lex.eu-west-2.amazonaws.com", []string{"AWS_ENDPOINT_URL_LEX_RUNTIME_V2=http://lex", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}},
	} {
		environment(t, c.variables...)
		cfg, err := client(t, Options{}).config(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := endpoint(t.Context(), cfg, address{region: c.region}); err != nil || got != c.want {
			t.Errorf("%v: %s, %v", c.variables, got, err)
		}
	}
}

func TestABadEndpointIsNotQuoted(t *testing.T) {
	for _, password := range []string{"hunter2%zz", "%zzhunter2", "hunter2/x", "1/hunter2", "1#hunter2", "hunter2 x"} {
		environment(t, "AWS_ENDPOINT_URL_LEX_RUNTIME_V2=http://me:"+password+"@127.0.0.1:1")
		_, err := client(t, Options{}).RecognizeText(t.Context(), alias, "en_US", "the-contact", []byte(`{}`))
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "endpoint URL") {
			t.Errorf("%s: %v", password, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, urls := range []map[string]string{{"": "http://localhost"}, {alias: "localhost"}} {
		if _, err := New(Options{URLs: urls}); err == nil {
			t.Errorf("%v was accepted", urls)
		}
	}
}
