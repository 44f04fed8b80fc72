package lambda

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const arn = "arn:aws:lambda:eu-central-1:123456789012:function:greet"

// endpoint is shaped as AWS Lambda's, and the environment leads to it.
func endpoint(t *testing.T, h http.HandlerFunc) {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	t.Setenv("AWS_ENDPOINT_URL_LAMBDA", s.URL)
	credentials(t)
}

// credentials keeps the machine's own AWS configuration out of a test.
func credentials(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
}

func client(t *testing.T, o Options) *Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestInvokeThroughTheSDK(t *testing.T) {
	var got *http.Request
	var body []byte
	endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("X-Amzn-Requestid", "the-id")
		_, _ = w.Write([]byte(`{"word":"yes"}`))
	})
	c := client(t, Options{Region: "us-east-1"})
	answer, invocation, err := c.Invoke(t.Context(), arn, []byte(`{"Name":"ContactFlowEvent"}`), false)
	if err != nil || string(answer) != `{"word":"yes"}` || invocation != "the-id" {
		t.Fatalf("%q %q %v", answer, invocation, err)
	}
	if got.Method != "POST" || got.URL.EscapedPath() != "/2015-03-31/functions/"+strings.ReplaceAll(arn, ":", "%3A")+"/invocations" {
		t.Errorf("%s %s", got.Method, got.URL.EscapedPath())
	}
	if string(body) != `{"Name":"ContactFlowEvent"}` || got.Header.Get("X-Amz-Invocation-Type") != "RequestResponse" {
		t.Errorf("sent %q, %v", body, got.Header)
	}
	if a := got.Header.Get("Authorization"); !strings.Contains(a, "/eu-central-1/lambda/aws4_request") {
		t.Errorf("signed for another region than the function's: %s", a)
	}
	if _, _, err = c.Invoke(t.Context(), "greet", nil, true); err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("X-Amz-Invocation-Type") != "Event" || !strings.Contains(got.Header.Get("Authorization"), "/us-east-1/") {
		t.Errorf("sent %v", got.Header)
	}
}

func TestWhatFailsThroughTheSDK(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, n int)
		count  int
		err    string // "" for success
	}{
		{"the function", func(w http.ResponseWriter, _ int) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			_, _ = w.Write([]byte(`{"errorType":"Value\nError","errorMessage":"Ana said hello"}`))
		}, 1, "the function failed (Unhandled, ValueError)"},
		{"no such function", func(w http.ResponseWriter, _ int) {
			w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
			w.WriteHeader(404)
			_, _ = w.Write([]byte(`{"Message":"Function not found: greet"}`))
		}, 1, "ResourceNotFoundException"},
		{"the event, which the answer quotes", func(w http.ResponseWriter, _ int) {
			w.Header().Set("X-Amzn-Errortype", "InvalidRequestContentException")
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"Message":"Could not parse {\"card\":\"4111\"}"}`))
		}, 1, "InvalidRequestContentException"},
		{"throttled at first", func(w http.ResponseWriter, n int) {
			if n < 3 {
				w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
				w.WriteHeader(429)
			}
			_, _ = w.Write([]byte(`{}`))
		}, 3, ""},
		{"unavailable", func(w http.ResponseWriter, _ int) { w.WriteHeader(503) }, 3, "the answer was 503 Service Unavailable"},
		{"led elsewhere", func(w http.ResponseWriter, _ int) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(307)
		}, 1, "the answer was 307 Temporary Redirect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			endpoint(t, func(w http.ResponseWriter, r *http.Request) { n++; c.answer(w, n) })
			_, _, err := client(t, Options{Region: "us-east-1"}).Invoke(t.Context(), arn, []byte(`{}`), false)
			if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
				t.Errorf("%v", err)
			}
			if n != c.count {
				t.Errorf("%d requests, want %d", n, c.count)
			}
		})
	}
}

func TestLostConnectionsThroughTheSDK(t *testing.T) {
	credentials(t)
	t.Setenv("AWS_ENDPOINT_URL_LAMBDA", "http://me:secret@example.org")
	c := client(t, Options{Region: "us-east-1", Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }})
	if _, _, err := c.Invoke(t.Context(), arn, []byte(`{}`), false); err == nil || err.Error() != "no route" {
		t.Errorf("%v", err)
	}
}

// The endpoint is the environment's, and its errors are told in chats' flow logs and the server's log.
func TestABadEndpointIsNotQuoted(t *testing.T) {
	credentials(t)
	for _, password := range []string{"hunter2%zz", "%zzhunter2", "hunter2/x", "1/hunter2", "1#hunter2", "hunter2 x"} {
		t.Setenv("AWS_ENDPOINT_URL_LAMBDA", "http://me:"+password+"@127.0.0.1:1")
		_, _, err := client(t, Options{}).Invoke(t.Context(), "f", []byte(`{}`), false)
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "endpoint URL") {
			t.Errorf("%s: %v", password, err)
		}
	}
}

func TestMissingCredentialsAreNamed(t *testing.T) {
	credentials(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if _, _, err := client(t, Options{}).Invoke(t.Context(), arn, []byte(`{}`), false); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("%v", err)
	}
}

func TestLongResponsesThroughTheSDK(t *testing.T) {
	endpoint(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
	answer, _, err := client(t, Options{}).Invoke(t.Context(), arn, nil, false)
	if err != nil || len(answer) != MaxResponse+1 {
		t.Errorf("%d bytes, %v", len(answer), err)
	}
}

func TestTheContextEndsAnInvocation(t *testing.T) {
	endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, _, err := client(t, Options{}).Invoke(ctx, arn, nil, false); err == nil || ctx.Err() == nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestInvokeAtAURL(t *testing.T) {
	var got *http.Request
	var body []byte
	answer := func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"word":"yes"}`)) }
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		answer(w)
	}))
	defer s.Close()
	c := client(t, Options{URLs: map[string]string{"greet": s.URL + "/2015-03-31/functions/function/invocations"}, Trust: true})

	response, _, err := c.Invoke(t.Context(), arn+":live", []byte(`{"a":1}`), false)
	if err != nil || string(response) != `{"word":"yes"}` || string(body) != `{"a":1}` {
		t.Errorf("%q %q %v", response, body, err)
	}
	if got.URL.Path != "/2015-03-31/functions/function/invocations" || got.Header.Get("X-Amz-Invocation-Type") != "RequestResponse" || got.Header.Get("Authorization") != "" {
		t.Errorf("%s %v", got.URL, got.Header)
	}
	if _, _, err = c.Invoke(t.Context(), "greet", nil, true); err != nil || got.Header.Get("X-Amz-Invocation-Type") != "Event" {
		t.Errorf("%v %v", got.Header, err)
	}
	for want, a := range map[string]func(w http.ResponseWriter){
		"the function failed (Unhandled)": func(w http.ResponseWriter) { w.Header().Set("X-Amz-Function-Error", "Unhandled") },
		"the function failed (Unhandled, KeyError)": func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"errorMessage":"'name'","errorType":"KeyError","stackTrace":[]}`))
		},
		"the answer was 400 Bad Request": func(w http.ResponseWriter) { w.WriteHeader(400) },
	} {
		answer = a
		if _, _, err = c.Invoke(t.Context(), "greet", nil, false); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// What a function's end calls an invocation becomes part of the contact: it is an identifier and no more.
func TestInvocationIDsAreShort(t *testing.T) {
	serve := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Requestid", strings.Repeat("0123456789", 1000)+"<b>")
		w.WriteHeader(202)
	}
	endpoint(t, serve)
	s := httptest.NewServer(http.HandlerFunc(serve))
	defer s.Close()
	c := client(t, Options{URLs: map[string]string{"local": s.URL}})
	for _, function := range []string{arn, "local"} {
		_, id, err := c.Invoke(t.Context(), function, nil, true)
		if err != nil || id != strings.Repeat("0123456789", 10) {
			t.Errorf("%s: %d characters, %v", function, len(id), err)
		}
	}
}

func TestFunctionsAreFoundByLessAndLess(t *testing.T) {
	urls := map[string]string{arn: "http://arn", arn + ":7": "http://seven", "greet:7": "http://short-seven", "greet": "http://short", "other": "http://other"}
	for _, c := range []struct {
		function, url string
		without       []string
	}{
		{arn, "http://arn", nil},
		{arn + ":7", "http://seven", nil},
		{arn + ":8", "http://arn", nil},
		{arn + ":7", "http://arn", []string{arn + ":7"}},
		{arn + ":7", "http://short-seven", []string{arn + ":7", arn}},
		{"123456789012:function:greet:live", "http://short", nil},
		{"greet:7", "http://short-seven", nil},
		{"greet:8", "http://short", nil},
		{"greet", "http://short", nil},
		{"greetings", "", nil},
		{"", "", nil},
	} {
		o := Options{URLs: map[string]string{}, Trust: true}
		for name, to := range urls {
			o.URLs[name] = to
		}
		for _, name := range c.without {
			delete(o.URLs, name)
		}
		cl := client(t, o)
		name, _ := cl.named(c.function)
		got := cl.options.URLs[name]
		if got != c.url || cl.Trusts(c.function) != (c.url != "") {
			t.Errorf("%s is at %q, want %q", c.function, got, c.url)
		}
		o.Trust = false
		if client(t, o).Trusts(c.function) {
			t.Errorf("%s is trusted without leave", c.function)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, urls := range []map[string]string{{"": "http://localhost"}, {"f": "localhost"}, {"f": "file:///etc/passwd"}} {
		if _, err := New(Options{URLs: urls}); err == nil {
			t.Errorf("%v was accepted", urls)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{arn, arn + ":live", "greet", ":function:", "a:b:c"} {
		f.Add(s)
	}
	c, err := New(Options{URLs: map[string]string{"known": "http://localhost"}, Trust: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, function string) {
		short, qualified := names(function)
		if !strings.HasPrefix(qualified, short) || !strings.HasSuffix(function, qualified) {
			t.Errorf("%q is %q of %q", function, short, qualified)
		}
		if c.Trusts(function) && !strings.Contains(function, "known") {
			t.Errorf("%q is trusted", function)
		}
		region(function)
	})
}
