package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/policy"
)

// A panic below fails its request with an answer, is logged with the request's id, and nothing else is touched.
func TestPanicFailsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *api.Config, _ *chat.Config) { c.AnyCredentials, c.Keys = false, brokenKeys{} })
		got := w.raw("GET /instance HTTP/1.1\r\nHost: x\r\nX-Amz-Date: 20000101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=A/20000101/us-east-1/connect/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0", 64) + "\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 500 ") || !strings.Contains(got, "InternalServiceException") {
			t.Errorf("got %s", got)
		}
		if !strings.Contains(w.log.String(), "requestId=99999999-0000-4000-8000-000000000001") {
			t.Errorf("the log does not have the request's id: %s", w.log)
		}
		if got := w.call("OPTIONS", "/instance", "", ""); got.status != http.StatusNoContent {
			t.Errorf("the server does not go on: %d", got.status)
		}
	})
}

type brokenKeys struct{}

func (brokenKeys) Secret(context.Context, string) (string, bool, error) { panic("no keys today") }

func (brokenKeys) Policy(context.Context, string) (*policy.Policy, bool, error) {
	panic("no keys today")
}

// What passes through must not be in the log, whatever happens to it.
func TestLogHoldsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.prepare("start")
		w.prepare("connect")
		w.prepare("close-store")
		w.call("POST", "/participant/message", w.names["customerConnection"], `{"ContentType":"text/plain","Content":"my secret"}`)
		w.call("GET", "/participant/socket?token="+w.names["customerConnection"], "", "")
		w.call("PUT", "/contact/chat", "", `{"InstanceId":"`+instanceID+`","ContactFlowId":"`+flowID+`","ParticipantDetails":{"DisplayName":"J"},"Attributes":{"a":"my secret"},"CustomerId":"my secret"}`)
		log := w.log.String()
		if !strings.Contains(log, "operation=SendMessage") || !strings.Contains(log, "operation=StartChatContact") {
			t.Errorf("failures are not logged: %s", log)
		}
		for _, secret := range []string{"my secret", w.names["customerToken"], w.names["customerConnection"], w.names["customerSocket"]} {
			if strings.Contains(log, secret) {
				t.Errorf("the log holds %.20s…: %s", secret, log)
			}
		}
	})
}

// Presigned requests are good too, and a key that is taken away is of no use at once, kept signing key or not.
func TestSignaturesFollowTheAccessKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := accessKeys{accessKey: secretKey}
		w := newWorld(t, func(c *api.Config, _ *chat.Config) { c.AnyCredentials, c.Keys = false, keys })
		presigned := func(service string) string {
			r, err := http.NewRequest("GET", "http://localhost:4510/instance?maxResults=1&X-Amz-Expires=600", nil)
			if err != nil {
				t.Fatal(err)
			}
			empty := sha256.Sum256(nil)
			url, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, r,
				hex.EncodeToString(empty[:]), service, "us-east-1", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimPrefix(url, "http://localhost:4510")
		}
		check := func(target, want string) {
			t.Helper()
			if got := w.call("GET", target, "", ""); got.header.Get("X-Amzn-Errortype") != want {
				t.Errorf("got %d %s, want %q", got.status, got.body, want)
			}
		}
		good := presigned("connect")
		check(good, "")
		check(good, "")
		check(strings.Replace(good, "maxResults=1", "maxResults=2", 1), "InvalidSignatureException")
		check(presigned("execute-api"), "InvalidSignatureException")
		keys[accessKey] = "another"
		check(good, "InvalidSignatureException")
		delete(keys, accessKey)
		check(good, "UnrecognizedClientException")
		keys[accessKey] = secretKey
		time.Sleep(601 * time.Second)
		check(good, "InvalidSignatureException")
	})
}

// Whatever is done to a token, it is not one any more, and there is one answer to that.
func TestDamagedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.prepare("start")
		w.prepare("connect")
		good := w.names["customerConnection"]
		bad := []string{good + "A", good[:len(good)-1], good[:40], strings.ToUpper(good), good + " " + good, strings.Repeat("x", 5000), "null", "'; --"}
		for i := 10; i < len(good)-8; i += 17 {
			flipped := []byte(good)
			flipped[i] ^= 1
			bad = append(bad, string(flipped))
		}
		for _, token := range bad {
			got := w.call("POST", "/participant/transcript", token, "{}")
			if got.status != http.StatusForbidden || !strings.Contains(got.body, `"message":"Access denied"`) {
				t.Errorf("%.60s: got %d %s", token, got.status, got.body)
			}
		}
	})
}

// A body without a length is cut off at the limit; the server goes on.
func TestEndlessBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		conn, err := w.listener.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(conn, "PUT /contact/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
			chunk := "10000\r\n" + strings.Repeat(" ", 1<<16) + "\r\n"
			for err := error(nil); err == nil; {
				_, err = io.WriteString(conn, chunk)
			}
		}()
		if got := w.receive(conn, false); !strings.HasPrefix(got, "HTTP/1.1 413 ") || !strings.Contains(got, "Connection: close") {
			t.Errorf("got %s", got)
		}
		_ = conn.Close()
		if got := w.call("GET", "/instance", "", ""); got.status != http.StatusOK {
			t.Errorf("the server does not go on: %d", got.status)
		}
		time.Sleep(time.Second) // net/http lingers on connections that it closes with unread bytes
	})
}

// Beyond five calls in ten seconds a participant waits two seconds for each, and is never refused; others do not.
func TestConnectionStormIsDelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.prepare("start")
		w.prepare("start B")
		call := func(who string) time.Duration {
			began := time.Now()
			got := w.call("POST", "/participant/connection", w.names[who+"Token"], `{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}`)
			if got.status != http.StatusOK {
				t.Fatalf("got %d %s", got.status, got.body)
			}
			return time.Since(began)
		}
		var took []time.Duration
		for range 8 {
			took = append(took, call("customer"))
		}
		took = append(took, call("customerB"))
		want := []time.Duration{0, 0, 0, 0, 0, 2 * time.Second, 2 * time.Second, 2 * time.Second, 0}
		if !slices.Equal(took, want) {
			t.Errorf("got %v, want %v", took, want)
		}
		time.Sleep(10 * time.Second)
		if d := call("customer"); d != 0 {
			t.Errorf("after ten quiet seconds it still takes %v", d)
		}
	})
}

// A bucket fills again with time; each instance has its own.
func TestThrottleRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *api.Config, _ *chat.Config) { c.Throttle = api.AWSThrottle() })
		var codes []int
		call := func() { codes = append(codes, w.call("GET", "/instance", "", "").status) }
		for range 6 {
			call()
		}
		time.Sleep(500 * time.Millisecond)
		call()
		call()
		if want := []int{200, 200, 200, 200, 200, 429, 200, 429}; !slices.Equal(codes, want) {
			t.Errorf("got %v, want %v", codes, want)
		}
	})
}

func TestThrottleCheck(t *testing.T) {
	if err := api.AWSThrottle().Check(); err != nil {
		t.Errorf("AWS's own: %v", err)
	}
	for name, want := range map[string]api.Rate{
		"PutUserStatus": {2, 5}, "GetCurrentUserData": {2, 5}, "GetMetricData": {5, 8}, "GetMetricDataV2": {10, 10}, "StopContact": {10, 15},
		"UpdateContactRoutingData": {20, 20}, "SearchContacts": {.5, 1}, "SendMessage": {10, 15},
	} {
		if got := api.AWSThrottle()[name]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, bad := range []api.Throttle{{"Nothing": {1, 1}}, {"SendEvent": {1, 1}}, {"SendMessage": {0, 1}}, {"SendMessage": {1, 0}}} {
		if bad.Check() == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

// The address of a socket is one that chatjs takes: it tests ^wss://|^ws://127.0.0.1: and gives up otherwise.
func TestSocketAddress(t *testing.T) {
	for _, c := range []struct{ public, host, want string }{
		{"", "localhost:4510", "ws://127.0.0.1:4510/participant/socket?token="},
		{"", "LOCALHOST", "ws://127.0.0.1:80/participant/socket?token="},
		{"", "[::1]:4510", "ws://127.0.0.1:4510/participant/socket?token="},
		{"", "127.0.0.1:80", "ws://127.0.0.1:80/participant/socket?token="},
		{"", "chat.local:4510", "ws://chat.local:4510/participant/socket?token="},
		{"https://chat.example.com/", "localhost:4510", "wss://chat.example.com/participant/socket?token="},
		{"https://example.com/chat", "x", "wss://example.com/chat/participant/socket?token="},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, func(front *api.Config, _ *chat.Config) { front.PublicURL = c.public })
			w.prepare("start")
			r := httptest.NewRequest("POST", "/participant/connection", strings.NewReader(`{"Type":["WEBSOCKET"]}`))
			r.Host = c.host
			r.Header.Set("X-Amz-Bearer", w.names["customerToken"])
			rec := httptest.NewRecorder()
			w.api.ServeHTTP(rec, r)
			var out struct{ Websocket struct{ Url string } }
			if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out.Websocket.Url, c.want) || len(out.Websocket.Url) > 2000 {
				t.Errorf("%s on %s: got %s", c.public, c.host, out.Websocket.Url)
			}
		})
	}
}

func TestHandles(t *testing.T) {
	a := api.New(api.Config{})
	for target, want := range map[string]bool{
		"/": false, "/chat/": false, "/_parley/info": false, "/health/live": false, "/favicon.ico": false,
		"/contact/chat": true, "/contact/nowhere": true, "/participant/message": true, "/participant/socket": true,
		"/users-summary/x": true, "/instance": true, "/tags/arn%3Aaws%3Aconnect": true,
	} {
		if got := a.Handles(httptest.NewRequest("GET", target, nil)); got != want {
			t.Errorf("%s: got %v", target, got)
		}
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=…")
	if !a.Handles(r) {
		t.Error("a request signed for AWS is not taken")
	}
}

func TestCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.call("GET", "/instance", "", "")
		w.call("GET", "/instance?nextToken=x", "", "")
		if got, want := w.api.Counters(), (api.Counter{Service: "connect", Operation: "ListInstances", Requests: 2, Refused: 1}); !slices.Equal(got, []api.Counter{want}) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// BenchmarkSendMessage is a message through the API, chat and the store in memory, without a network.
func BenchmarkSendMessage(b *testing.B) {
	w := newWorld(b, nil)
	w.prepare("start")
	w.prepare("connect")
	body := `{"ContentType":"text/plain","Content":"Hello, my order 4711 has not arrived yet. Can you have a look?","ClientToken":""}`
	header := http.Header{"X-Amz-Bearer": {w.names["customerConnection"]}, "Content-Type": {"application/json"}}
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/participant/message", strings.NewReader(body))
		r.Header = header
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Body)
		}
	}
}

// FuzzRequest sends any method, path, token and body: there is always an answer of the known form, with an id.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/participant/message", "v4.local.x", []byte(`{"ContentType":"text/plain","Content":"x"}`))
	f.Add("PUT", "/contact/chat", "", []byte(`{"InstanceId":"`+instanceID+`","ContactFlowId":"`+flowID+`","ParticipantDetails":{"DisplayName":"J"}}`))
	f.Add("GET", "/contacts/a%2Fb/c?maxResults=1", "", []byte(nil))
	f.Add("DELETE", "/contact-flows/"+instanceID+"/%24SAVED", "", []byte("{"))
	f.Add("OPTIONS", "//%", "", []byte(nil))
	w := newWorld(f, nil)
	w.prepare("start")
	w.prepare("connect")
	f.Fuzz(func(t *testing.T, method, target, token string, body []byte) {
		r, err := http.NewRequest(method, "http://localhost:4510"+target, strings.NewReader(string(body)))
		if err != nil || strings.Contains(target, "\n") {
			t.Skip()
		}
		r.RequestURI = r.URL.RequestURI()
		if token == "" {
			token = w.names["customerConnection"]
		}
		r.Header["X-Amz-Bearer"] = []string{token}
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if header(rec, "x-amzn-RequestId") == "" {
			t.Error("no request id")
		}
		if rec.Code >= 400 && (errorType(rec) == "" || !json.Valid(rec.Body.Bytes())) {
			t.Errorf("%d is not of the known form: %s", rec.Code, rec.Body)
		}
		if rec.Code == http.StatusInternalServerError {
			t.Errorf("a fault of ours: %s", rec.Body)
		}
	})
}
