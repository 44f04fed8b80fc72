package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/desk/desktest"
	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/token"
)

// desktop is an agent with a browser, in a bubble.
type desktop struct {
	*testing.T
	server *Server
	client *http.Client
	token  string
	user   *center.User
}

// newDesktop starts a server for development, with an agent who is signed in and available.
func newDesktop(t *testing.T, edit func(*Config)) *desktop {
	t.Helper()
	cfg := Config{
		Dev: true, Database: "sqlite::memory:", Settings: center.DefaultSettings(), Partition: center.Partition{Account: SeedAccount, Region: SeedRegion},
		Fatal: func(err error) { t.Errorf("nothing may go on: %v", err) },
	}
	edit(&cfg)
	s, err := New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := memnet.Listen()
	stop, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(stop, make(chan os.Signal), Listeners{Public: l}) }()
	d := &desktop{T: t, server: s, client: &http.Client{Transport: desktest.Transport(t, &http.Transport{DialContext: l.DialContext})}}
	t.Cleanup(func() {
		d.client.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	password := "Correct-Horse-1"
	d.user = &center.User{
		Head: center.Head[center.UserID]{Name: "grace"}, RoutingProfile: center.BasicRoutingProfileID(SeedInstance), Identity: center.Identity{FirstName: "Grace", LastName: "Lee"},
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(SeedInstance, "security-profile", center.SecurityAgent))},
	}
	if err := s.catalog.CreateUser(t.Context(), SeedInstance, d.user, &password); err != nil {
		t.Fatal(err)
	}
	in := d.ask("POST", "session", `{"username":"grace","password":"`+password+`","bearer":true}`)
	d.token = in["token"].(string)
	d.ask("PUT", "state", `{"name":"Available"}`)
	return d
}

// ask calls an operation, which must succeed.
func (d *desktop) ask(method, path, body string) (answer map[string]any) {
	d.Helper()
	r, err := http.NewRequest(method, "http://127.0.0.1/agent/v1/"+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	if d.token != "" {
		r.Header.Set("Authorization", "Bearer "+d.token)
	}
	got, err := d.client.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer got.Body.Close() //nolint:errcheck // it was read
	raw, _ := io.ReadAll(got.Body)
	if got.StatusCode != http.StatusOK || json.Unmarshal(raw, &answer) != nil {
		d.Fatalf("%s %s: %d %s", method, path, got.StatusCode, raw)
	}
	return answer
}

// window opens a window, which reads until it is closed.
func (d *desktop) window() (closes func()) {
	d.Helper()
	ws, _, err := websocket.Dial(context.Background(), "ws://127.0.0.1/agent/v1/socket", &websocket.DialOptions{
		HTTPClient: d.client, HTTPHeader: http.Header{"Authorization": {"Bearer " + d.token}},
	})
	if err != nil {
		d.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			if _, _, err := ws.Read(ctx); err != nil {
				return
			}
		}
	}()
	beating := make(chan struct{})
	go func() { // as clients do
		defer close(beating)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Second):
				_ = ws.Write(ctx, websocket.MessageText, []byte(`{"topic":"aws/heartbeat"}`))
			}
		}
	}()
	return func() {
		cancel()
		_ = ws.CloseNow()
		<-gone
		<-beating
	}
}

// status is the agent's, by name.
func (d *desktop) status() string {
	d.Helper()
	synctest.Wait()
	a, _, err := d.server.staff.Agent(context.Background(), SeedInstance, d.user.ID)
	if err != nil {
		d.Fatal(err)
	}
	return a.Status.Name
}

func (d *desktop) wantStatus(want, when string) {
	d.Helper()
	if got := d.status(); got != want {
		d.Errorf("%s: %s, want %s", when, got, want)
	}
}

func TestAClosedWindowChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesktop(t, func(*Config) {})
		d.window()()
		time.Sleep(24 * time.Hour)
		d.wantStatus("Available", "a day later")
	})
}

func TestGraceOfAnAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesktop(t, func(c *Config) { c.AgentGrace = 2 * time.Minute })
		one, two := d.window(), d.window()
		time.Sleep(time.Hour)
		d.wantStatus("Available", "while windows are open")
		one()
		time.Sleep(time.Hour)
		d.wantStatus("Available", "while one window is open")
		two()
		time.Sleep(time.Minute)
		again := d.window()
		time.Sleep(time.Hour)
		d.wantStatus("Available", "after a window was opened in time")
		again()
		synctest.Wait()
		time.Sleep(2*time.Minute - time.Second)
		d.wantStatus("Available", "before the time is over")
		time.Sleep(2 * time.Second)
		d.wantStatus("Offline", "after it")
	})
}

// waits starts a chat that waits in the basic queue, and offers it to the agent.
func (d *desktop) waits(flow string) (*chat.Started, chat.Caller) {
	d.Helper()
	ctx := context.Background()
	f, err := d.server.catalog.CreateFlow(ctx, SeedInstance, center.ContactFlow{Name: "queues", Type: center.TypeContactFlow}, flow, true)
	if err != nil {
		d.Fatal(err)
	}
	started, err := d.server.chats.Start(ctx, center.StartChat{Instance: SeedInstance, Flow: f.ID, DisplayName: "Ada"})
	if err != nil {
		d.Fatal(err)
	}
	who, err := d.server.chats.Authenticate(started.Token, token.Participant)
	if err == nil {
		err = d.server.chats.Connected(ctx, who)
	}
	if err == nil {
		synctest.Wait()
		if a, _, _ := d.server.staff.Agent(ctx, SeedInstance, d.user.ID); len(a.Contacts) == 0 { // no router was faster
			err = d.server.agents.Offer(ctx, SeedInstance, started.Contact, d.user.ID, 0)
		}
	}
	if err != nil {
		d.Fatal(err)
	}
	return started, who
}

func TestReclaimOfAChat(t *testing.T) {
	queues := `{"Version":"2019-10-30","StartAction":"set","Metadata":{},"Actions":[
{"Identifier":"set","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"` + center.SeededID(SeedInstance, "queue", center.BasicQueueName) + `"},"Transitions":{"NextAction":"go","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"go","Type":"TransferContactToQueue","Parameters":{},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"QueueAtCapacity"},{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`
	synctest.Test(t, func(t *testing.T) {
		d := newDesktop(t, func(c *Config) { c.AgentGrace, c.AgentReclaim = 2*time.Minute, true })
		closes := d.window()
		started, who := d.waits(queues)
		d.ask("POST", "contacts/"+string(started.Contact)+"/accept", "")
		synctest.Wait()
		of, _, err := d.server.chats.Contact(t.Context(), SeedInstance, started.Contact)
		if err != nil || of.Agents() != 1 {
			t.Fatalf("%v, agents %d", err, of.Agents())
		}
		closes()
		synctest.Wait()
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		if of, _, err = d.server.chats.Contact(t.Context(), SeedInstance, started.Contact); err != nil {
			t.Fatal(err)
		}
		now := of.Current()
		if !of.Ended.IsZero() || of.Agents() != 0 || now.ID == started.Contact || !now.Queued() || now.WaitsSince.IsZero() || of.Contacts[0].DisconnectReason != center.ReasonAgentNetwork {
			t.Errorf("ended %v, agents %d, contact %+v, first %+v", of.Ended, of.Agents(), now, of.Contacts[0])
		}
		if _, err := d.server.chats.Send(t.Context(), who, center.Message{ContentType: center.TextPlain, Content: "still here"}, ""); err != nil {
			t.Error(err)
		}
		a, _, err := d.server.staff.Agent(t.Context(), SeedInstance, d.user.ID)
		if err != nil || a.Live() || a.Status.Name != "Offline" || len(a.Contacts) != 0 {
			t.Errorf("%v, agent %+v", err, a)
		}
	})
}
