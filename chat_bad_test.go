package parley_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/internal/memnet"
)

// wrongServer answers as no service does. It lives in a bubble.
type wrongServer struct {
	connection http.HandlerFunc            // nil for a good answer
	handshake  http.HandlerFunc            // nil for a good one, then talk
	talk       func(conn *websocket.Conn)  // after the handshake
	extra      map[string]http.HandlerFunc // other paths
}

const (
	goodConnection = `{"Websocket":{"Url":"ws://127.0.0.1:4510/socket?token=secret","ConnectionExpiry":"2000-01-01T01:00:00.000Z"},
		"ConnectionCredentials":{"ConnectionToken":"good","Expiry":"2000-01-02T00:00:00.000Z"}}`
	subscribedFrame = `{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}`
	joinedFrame     = `{"topic":"aws/chat","contentType":"application/json","content":"{\"Id\":\"1\",\"Type\":\"EVENT\",\"ContentType\":\"application/vnd.amazonaws.connect.event.participant.joined\",\"ParticipantId\":\"p\",\"DisplayName\":\"Ada\",\"AbsoluteTime\":\"2000-01-01T00:00:00.000Z\"}"}`
)

func (s *wrongServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case s.extra[r.URL.Path] != nil:
		s.extra[r.URL.Path](w, r)
	case r.URL.Path == "/participant/connection" && s.connection != nil:
		s.connection(w, r)
	case r.URL.Path == "/participant/connection":
		_, _ = io.WriteString(w, goodConnection)
	case r.URL.Path == "/participant/transcript":
		_, _ = io.WriteString(w, `{"Transcript":[]}`)
	case s.handshake != nil:
		s.handshake(w, r)
	default:
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow() //nolint:errcheck // it may be closed
		s.talk(conn)
	}
}

// serve runs the server until the returned function is called.
func (s *wrongServer) serve() (*parley.Client, func()) {
	l := memnet.Listen()
	running := &httptest.Server{Listener: l, Config: &http.Server{Handler: s}}
	running.Start()
	transport := &http.Transport{DialContext: l.DialContext}
	client := parley.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:4510"), HTTPClient: &http.Client{Transport: transport},
	}, parley.WithMaxAttempts(1))
	return client, func() {
		transport.CloseIdleConnections()
		running.CloseClientConnections()
		l.Close() //nolint:errcheck // returns nil
		_ = running.Config.Close()
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func html(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, "<html>Bad gateway</html>")
}

func hangs(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only behind the body is the client's leaving seen
	<-r.Context().Done()
}

// frames sends frames and then reads until the end.
func frames(all ...string) func(*websocket.Conn) {
	return func(conn *websocket.Conn) {
		for _, f := range all {
			_ = conn.Write(context.Background(), websocket.MessageText, []byte(f))
		}
		for {
			if _, _, err := conn.Read(context.Background()); err != nil {
				return
			}
		}
	}
}

// Join says what was wrong, and where, and never waits for ever.
func TestJoinAtAWrongServer(t *testing.T) {
	const at = "WebSocket: not an answer of the API from ws://127.0.0.1:4510"
	for name, c := range map[string]struct {
		server wrongServer
		kind   parley.Kind
		want   []string
	}{
		"connection: html":           {wrongServer{connection: html}, parley.KindResponse, []string{"CreateParticipantConnection", "http://127.0.0.1:4510", "502"}},
		"connection: hangs":          {wrongServer{connection: hangs}, parley.KindTimeout, []string{"CreateParticipantConnection", "http://127.0.0.1:4510"}},
		"connection: nothing in it":  {wrongServer{connection: says(`{}`)}, parley.KindResponse, []string{"no socket and credentials"}},
		"connection: no URL":         {wrongServer{connection: says(`{"Websocket":{"Url":"::"},"ConnectionCredentials":{"ConnectionToken":"t"}}`)}, parley.KindResponse, []string{"no socket's URL"}},
		"connection: a strange URL":  {wrongServer{connection: says(`{"Websocket":{"Url":"ftp://host/?token=secret"},"ConnectionCredentials":{"ConnectionToken":"t"}}`)}, parley.KindDispatch, []string{"ftp://host", "scheme"}},
		"handshake: html":            {wrongServer{handshake: html}, parley.KindResponse, []string{at, "status 502", "text/html", "<html>Bad gateway</html>"}},
		"handshake: a good answer":   {wrongServer{handshake: says("hello")}, parley.KindResponse, []string{at, "status 200", "hello"}},
		"handshake: redirect":        {wrongServer{handshake: http.RedirectHandler("http://elsewhere/", http.StatusFound).ServeHTTP}, parley.KindResponse, []string{at, "status 302"}},
		"handshake: hangs":           {wrongServer{handshake: hangs}, parley.KindTimeout, []string{"ws://127.0.0.1:4510", "not subscribed within 15s"}},
		"socket: says nothing":       {wrongServer{talk: frames()}, parley.KindTimeout, []string{"ws://127.0.0.1:4510", "not subscribed within 15s"}},
		"socket: closes":             {wrongServer{talk: func(c *websocket.Conn) { c.Close(websocket.StatusPolicyViolation, "no") }}, parley.KindDispatch, []string{"the server closed the socket", "StatusPolicyViolation"}},
		"socket: breaks":             {wrongServer{talk: func(c *websocket.Conn) { c.CloseNow() }}, parley.KindDispatch, []string{"no answer from ws://127.0.0.1:4510"}},
		"socket: garbage":            {wrongServer{talk: frames("what?")}, parley.KindResponse, []string{at, "a frame of 5 bytes", "invalid character"}},
		"socket: another JSON":       {wrongServer{talk: frames(`[1]`)}, parley.KindResponse, []string{at, "a frame of 3 bytes"}},
		"socket: subscription fails": {wrongServer{talk: frames(`{"topic":"aws/subscribe","content":{"status":"failure"}}`)}, parley.KindService, []string{`the subscription was answered with "failure"`}},
		"socket: a bad answer":       {wrongServer{talk: frames(`{"topic":"aws/subscribe","content":7}`)}, parley.KindResponse, []string{"the answer to the subscription"}},
		"socket: an object for item": {wrongServer{talk: frames(`{"topic":"aws/chat","content":{}}`)}, parley.KindResponse, []string{"the content of a frame"}},
		"transcript: html":           {wrongServer{talk: frames(subscribedFrame), extra: map[string]http.HandlerFunc{"/participant/transcript": html}}, parley.KindResponse, []string{"GetTranscript"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, stop := c.server.serve()
				defer stop()
				begin := time.Now()
				chat, err := client.Join(t.Context(), started("p"))
				if err == nil {
					chat.Close()
					t.Fatal("joined")
				}
				var e *parley.Error
				if !errors.As(err, &e) || e.Kind != c.kind {
					t.Errorf("kind %v of %v", e.Kind, err)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%q is not in %q", want, err)
					}
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the token is in %q", err)
				}
				if took := time.Since(begin); took > time.Minute {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A socket that turns bad later is replaced, and a server that does nothing else is given up.
func TestChatAtAWrongServer(t *testing.T) {
	for name, last := range map[string]string{
		"garbage":        "what?",
		"no item":        `{"topic":"aws/chat","content":"[]"}`,
		"a huge frame":   `{"topic":"` + strings.Repeat("x", 2<<20) + `"}`,
		"another socket": "",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sockets atomic.Int32
				server := wrongServer{talk: func(conn *websocket.Conn) {
					sockets.Add(1)
					_, _, _ = conn.Read(context.Background()) // the subscription
					for _, f := range []string{subscribedFrame, joinedFrame, `{"topic":"aws/news","content":7}`, ``, ` `, last} {
						if conn.Write(context.Background(), websocket.MessageText, []byte(f)) != nil {
							return
						}
					}
					if last == "" {
						conn.Close(websocket.StatusGoingAway, "") //nolint:errcheck // the client may be gone
						return
					}
					frames()(conn)
				}}
				client, stop := server.serve()
				defer stop()
				chat, err := client.Join(t.Context(), started("p"), func(o *parley.JoinOptions) {
					o.OnConnection = func(connected bool, why error) {
						if !connected && why == nil {
							t.Error("lost without a reason")
						}
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				defer chat.Close()
				var got []string
				var end error
				for e, err := range chat.Events() {
					if end = err; err == nil {
						got = append(got, line(e))
					}
				}
				if len(got) != 1 || got[0] != "Ada joined" {
					t.Errorf("saw %q", got)
				}
				var e *parley.Error
				if !errors.As(end, &e) && end == nil {
					t.Errorf("ended with %v", end)
				}
				if n := sockets.Load(); n < 10 || n > 200 {
					t.Errorf("%d sockets in five minutes", n)
				}
			})
		})
	}
}

// A bot that writes while it thinks, a file that is scanned, a transfer: what the service shows and parley does not yet.
func TestChatShowsWhatOnlyTheServiceHas(t *testing.T) {
	item := func(text string) string {
		return `{"topic":"aws/chat","contentType":"application/json","content":"` + strings.ReplaceAll(text, `"`, `\"`) + `"}`
	}
	synctest.Test(t, func(t *testing.T) {
		server := wrongServer{talk: frames(subscribedFrame, joinedFrame,
			item(`{"Id":"2","Type":"MESSAGE","Content":"Hel","ContentType":"text/plain","MessageMetadata":{"MessageCompleted":false,"ChunkNumber":1}}`),
			item(`{"Id":"2","Type":"MESSAGE","Content":"lo","ContentType":"text/plain","MessageMetadata":{"MessageCompleted":false,"ChunkNumber":2}}`),
			item(`{"Id":"2","Type":"MESSAGE","Content":"Hello","ContentType":"text/plain","MessageMetadata":{"MessageCompleted":true}}`),
			item(`{"Id":"3","Type":"ATTACHMENT","Attachments":[{"AttachmentId":"a","AttachmentName":"a.png","ContentType":"image/png","Status":"IN_PROGRESS"}]}`),
			item(`{"Id":"3","Type":"ATTACHMENT","Attachments":[{"AttachmentId":"a","AttachmentName":"a.png","ContentType":"image/png","Status":"APPROVED"}]}`),
			item(`{"Id":"3","Type":"ATTACHMENT","Attachments":[{"AttachmentId":"a","AttachmentName":"a.png","ContentType":"image/png","Status":"APPROVED"}]}`),
			item(`{"Id":"4","Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.transfer.succeeded"}`),
			item(`{"Id":"","Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.chat.ended","AbsoluteTime":""}`),
		)}
		client, stop := server.serve()
		defer stop()
		chat, err := client.Join(t.Context(), started("p"))
		if err != nil {
			t.Fatal(err)
		}
		defer chat.Close()
		var got []string
		for e, err := range chat.Events() {
			if err != nil {
				t.Fatal(err)
			}
			switch e := e.(type) {
			case parley.Message:
				got = append(got, e.Content)
			case parley.Attachment:
				got = append(got, *e.Files[0].AttachmentName+" "+string(e.Files[0].Status))
			case parley.Notice:
				got = append(got, e.Name())
			}
		}
		want := "Hel, lo, Hello, a.png IN_PROGRESS, a.png APPROVED, transfer.succeeded"
		if strings.Join(got, ", ") != want {
			t.Errorf("saw %q", got)
		}
	})
}

// Files are put where the service says, with exactly the headers that it wants.
func TestChatTransfersFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stored, completed string
		fail := false
		server := wrongServer{talk: frames(subscribedFrame, joinedFrame), extra: map[string]http.HandlerFunc{
			"/participant/start-attachment-upload": says(`{"AttachmentId":"file","UploadMetadata":{"Url":"http://127.0.0.1:4510/bucket?X-Amz-Signature=secret","HeadersToInclude":{"Content-Type":"text/plain","X-Amz-Acl":"private"}}}`),
			"/bucket": func(w http.ResponseWriter, r *http.Request) {
				if fail {
					http.Error(w, "<Error>SlowDown</Error>", http.StatusServiceUnavailable)
					return
				}
				if r.Method == http.MethodGet {
					_, _ = io.WriteString(w, stored)
					return
				}
				body, _ := io.ReadAll(r.Body)
				stored = string(body)
				if r.Method != http.MethodPut || r.ContentLength != 5 || r.Header.Get("X-Amz-Acl") != "private" || r.Header.Get("Content-Type") != "text/plain" || r.Header.Get("X-Amz-Bearer") != "" {
					t.Errorf("%s of %d bytes with %v", r.Method, r.ContentLength, r.Header)
				}
			},
			"/participant/complete-attachment-upload": func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				completed = string(body)
				_, _ = io.WriteString(w, `{}`)
			},
			"/participant/attachment": says(`{"Url":"http://127.0.0.1:4510/bucket?X-Amz-Signature=secret","AttachmentSizeInBytes":5}`),
		}}
		client, stop := server.serve()
		defer stop()
		chat, err := client.Join(t.Context(), started("p"))
		if err != nil {
			t.Fatal(err)
		}
		defer chat.Close()
		id, err := chat.Attach(t.Context(), "a.txt", "text/plain", 5, strings.NewReader("bytes"))
		if err != nil || id != "file" || stored != "bytes" || !strings.Contains(completed, `"file"`) {
			t.Errorf("%q, stored %q, completed %q, %v", id, stored, completed, err)
		}
		body, err := chat.Attachment(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(body); string(text) != "bytes" {
			t.Errorf("fetched %q", text)
		}
		body.Close() //nolint:errcheck // read to its end
		fail = true
		_, err = chat.Attach(t.Context(), "a.txt", "text/plain", 5, strings.NewReader("bytes"))
		var e *parley.Error
		if !errors.As(err, &e) || e.Kind != parley.KindResponse || e.StatusCode != 503 || !strings.Contains(err.Error(), "SlowDown") || strings.Contains(err.Error(), "secret") {
			t.Errorf("upload: %v", err)
		}
		if _, err = chat.Attachment(t.Context(), id); !errors.As(err, &e) || e.StatusCode != 503 {
			t.Errorf("download: %v", err)
		}
	})
}
