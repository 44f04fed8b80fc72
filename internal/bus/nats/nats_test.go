package nats

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"

	"github.com/parley-chat/parley/internal/center"
)

const chat = center.StreamID("c0000000-0000-4000-8000-000000000000")

func TestNewsComesBackAsItWent(t *testing.T) {
	at := time.UnixMilli(1700000000123).UTC()
	items := []center.Item{
		{Stream: chat, Seq: 7, ID: "i7", Time: at, Type: center.TypeMessage, Contact: "c", ContentType: center.TextPlain,
			Content: "grüße \"\n", ParticipantID: "p", DisplayName: "Ana", Role: center.RoleCustomer, InTranscript: true},
		{Stream: chat, Seq: 8, ID: "i8", Time: at, Type: center.TypeMetadata, Contact: "c", ContentType: center.EventMetadata,
			Receipt: &center.Receipt{Message: "i7", Recipient: "q", Read: at}},
		{Stream: chat, Seq: 9, ID: "i9", Time: at, Contact: "c"},
		{Stream: chat, ID: "t", Time: at, Type: center.TypeEvent, Contact: "c", ContentType: center.EventTyping},
	}
	news, rest := encode(items)
	got, err := decode(chat, news)
	if err != nil || len(rest) != 0 {
		t.Fatal(err, rest)
	}
	if diff := cmp.Diff(items, got); diff != "" {
		t.Error(diff)
	}
}

func TestMuchNewsIsSplit(t *testing.T) {
	var items, got []center.Item
	for i := range int64(50) {
		items = append(items, center.Item{Seq: i + 1, Content: strings.Repeat("<", 16384)})
	}
	messages := 0
	for rest := items; len(rest) > 0; messages++ {
		var news []byte
		news, rest = encode(rest)
		if len(news) > newsLimit {
			t.Errorf("a message of %d bytes", len(news))
		}
		part, err := decode("", news)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, part...)
	}
	if len(got) != 50 || got[49].Seq != 50 || messages < 2 {
		t.Errorf("%d items in %d messages", len(got), messages)
	}
}

// FuzzNews: what is not news is refused, whole.
func FuzzNews(f *testing.F) {
	news, _ := encode([]center.Item{{Seq: 1, ID: "i", Time: time.UnixMilli(1)}, {Seq: 2, ID: "j"}})
	f.Add(news)
	f.Add(news[:len(news)-1])
	f.Add([]byte{newsVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		items, err := decode("", b)
		if err != nil && items != nil {
			t.Error("an error with items")
		}
		for _, it := range items {
			if it.Seq < 0 {
				t.Error("a negative sequence")
			}
		}
	})
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// freePort is free for as long as nobody else takes it.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func open(t *testing.T, o Options) *Bus {
	t.Helper()
	o.Log = quiet()
	b, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// heard listens and hands on what comes in short.
func heard(t *testing.T, b *Bus) chan string {
	c := make(chan string, 100)
	t.Cleanup(b.Listen(chat, func(items []center.Item) {
		for _, it := range items {
			c <- fmt.Sprint(it.Seq, it.Content)
		}
	}))
	return c
}

// meet publishes until the listener has heard: until then the news may be lost.
func meet(t *testing.T, from *Bus, c chan string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		from.Publish(chat, []center.Item{{Content: "hello"}})
		select {
		case <-c:
			from.conn.Flush()
			return
		case <-tick.C:
		}
	}
	t.Fatal("nothing arrives")
}

func expect(t *testing.T, c chan string, want string) {
	t.Helper()
	for {
		select {
		case got := <-c:
			if got == "0hello" && want != got {
				continue
			}
			if got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
			return
		case <-time.After(10 * time.Second):
			t.Fatalf("%q did not arrive", want)
		}
	}
}

func TestTwoNodesWithEmbeddedServers(t *testing.T) {
	where := freePort(t)
	a := open(t, Options{Cluster: Cluster{Listen: where, Secret: "s"}})
	b := open(t, Options{Cluster: Cluster{Listen: "127.0.0.1:-1", Routes: []string{where}, Secret: "s"}})
	defer b.Close()
	stranger := open(t, Options{Cluster: Cluster{Listen: "127.0.0.1:-1", Routes: []string{where}, Secret: "x"}})
	defer stranger.Close()

	fromA, fromB := heard(t, a), heard(t, b)
	meet(t, a, fromB)
	meet(t, b, fromA)
	a.Publish(chat, []center.Item{{Seq: 1, Content: "one"}, {Seq: 2, Content: "two"}})
	expect(t, fromB, "1one")
	expect(t, fromB, "2two")
	expect(t, fromA, "1one") // its own news, at once and once
	expect(t, fromA, "2two")
	b.Publish(chat, []center.Item{{Seq: 3, Content: "three"}})
	expect(t, fromA, "3three")
	if a.Peers() != 1 || stranger.Peers() != 0 {
		t.Errorf("peers %d, and %d without the secret", a.Peers(), stranger.Peers())
	}

	// A node that leaves does not take the other's bus away.
	a.Close()
	b.Publish(chat, []center.Item{{Seq: 4, Content: "four"}})
	expect(t, fromB, "3three")
	expect(t, fromB, "4four")
}

func TestAnExternalServerThatComesBack(t *testing.T) {
	run := func(port int) *server.Server {
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			t.Fatal("not ready")
		}
		return s
	}
	s := run(-1)
	back := make(chan bool, 2)
	a := open(t, Options{URL: s.ClientURL(), Reconnected: func() { back <- true }})
	defer a.Close()
	b := open(t, Options{URL: s.ClientURL()})
	defer b.Close()
	fromA := heard(t, a)
	meet(t, b, fromA)

	port := s.Addr().(*net.TCPAddr).Port
	s.Shutdown()
	s.WaitForShutdown()
	a.Publish(chat, []center.Item{{Seq: 1, Content: "one"}}) // its own listeners hear it all the same
	expect(t, fromA, "1one")
	s = run(port)
	defer s.Shutdown()
	select {
	case <-back:
	case <-time.After(20 * time.Second):
		t.Fatal("Reconnected not called")
	}
	meet(t, b, fromA)
}

func TestABusThatCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Cluster: Cluster{Listen: "nowhere"}}, "missing port"},
		{Options{Cluster: Cluster{Listen: "127.0.0.1:http"}}, "port of"},
		{Options{Cluster: Cluster{Listen: taken.Addr().String()}}, "address already in use"},
		{Options{URL: "nats://127.0.0.1:1"}, "connect to the bus"},
		{Options{URL: "nats://parley:hunter2@[::1"}, "must be nats://"},
		{Options{URL: "nats://parley:hunter2@127.0.0.1:1"}, "connect to the bus"},
	} {
		c.o.Log = quiet()
		begin := time.Now()
		b, err := Open(c.o)
		if err == nil {
			b.Close()
			t.Errorf("%+v: opened", c.o)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || time.Since(begin) > startTimeout/2 {
			t.Errorf("%+v: %v after %v, want %q at once", c.o, err, time.Since(begin), c.want)
		}
	}
}

// The client listener that the embedded server cannot do without is on loopback, where others are.
func TestAnEmbeddedServerLetsNobodyElseIn(t *testing.T) {
	b := open(t, Options{Cluster: Cluster{Listen: "127.0.0.1:-1", Secret: "s"}})
	defer b.Close()
	for _, who := range []client.Option{client.UserInfo("", ""), client.UserInfo(clusterUser, "s"), client.UserInfo(clusterUser, "")} {
		if c, err := client.Connect(b.embed.ClientURL(), who); err == nil {
			c.Close()
			t.Error("a stranger was let in")
		}
	}
}

func TestNothingIsLoggedWhenAllIsWell(t *testing.T) {
	var log bytes.Buffer
	b, err := Open(Options{Cluster: Cluster{Listen: "127.0.0.1:-1", Secret: "s"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if log.Len() > 0 {
		t.Errorf("it logged: %s", log.String())
	}
}

// A password is read as it was meant, or the URL is refused without a word of it.
func TestNoPasswordIsTakenForAnAddress(t *testing.T) {
	for _, between := range []string{"", ":", "@", "/", "?", "#", "%", "%zz", "%2F", " ", ",", "@h,", "\t", "[", "/@h/", "ü"} {
		for _, word := range []string{"hunter2", "2024"} { // the other one could be a port
			text := "nats://parley:" + word + between + "canary@bus.example:4222"
			err := CheckURL(text)
			if err != nil {
				if strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "canary") {
					t.Errorf("%q is refused with %v", text, err)
				}
				continue
			}
			for one := range strings.SplitSeq(text, ",") {
				if u, err := url.Parse(one); err != nil || u.Host != "bus.example:4222" {
					t.Errorf("%q is taken as %v, %v", text, u, err)
				}
			}
		}
	}
	for _, good := range []string{"nats://n1", "nats://n1:4222,n2:4222", "nats://n1, tls://n2/", "nats://u:p@n1,nats://u:p@n2"} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}
