package hub_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
)

// TestOverRealConnections repeats the shortest story over the kernel's TCP, plain and with TLS.
func TestOverRealConnections(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{
		"TCP": httptest.NewServer, "TLS": httptest.NewTLSServer,
	} {
		t.Run(name, func(t *testing.T) {
			local := bus.NewLocal()
			h := hub.New(hub.Options{Source: &source{}, Bus: local})
			server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.Serve(w, r, participant(chat, customer))
			}))
			defer server.Close()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()

			c, _, err := websocket.Dial(ctx, server.URL, &websocket.DialOptions{HTTPClient: server.Client()})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			read := func(want string) {
				t.Helper()
				_, frame, err := c.Read(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if got := inShort(string(frame)); got != want {
					t.Errorf("heard %q, want %q", got, want)
				}
			}
			if err := c.Write(ctx, websocket.MessageText, []byte(subscribe)); err != nil {
				t.Fatal(err)
			}
			read("subscribed")
			for i, text := range []string{"one", "two", "three"} {
				it := message(agent, text)
				it.Seq = int64(i + 1)
				local.Publish(chat, []center.Item{it})
			}
			read("one")
			read("two")
			read("three")

			closed := make(chan error, 1)
			go func() { closed <- h.Close(ctx, 0) }()
			if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusGoingAway {
				t.Errorf("closed with %v", err)
			}
			if err := <-closed; err != nil {
				t.Error(err)
			}
		})
	}
}
