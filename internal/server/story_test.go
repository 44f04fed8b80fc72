package server_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/bus/bustest"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/desk/desktest"
	"github.com/parley-chat/parley/internal/server"
)

// story is one under way: the servers, and the people who talk to them.
type story struct {
	t      *testing.T
	on     stage
	dir    string
	config server.Config
	// lasting stories keep their facts in a file, which more than one node may use, one after the other or at once.
	lasting bool
	network *bustest.Network // between the nodes; nil for one node
	faults  bustest.Faults
	nodes   []*node
	outside *outsiders // nil while there is nobody
	people  map[string]*person
	workers map[string]*worker // agents, by name
	flows   map[string]string  // name → id; of modules and queues too
	ids     atomic.Uint64
	news    chan struct{} // holds one when a socket has heard something

	mu       sync.Mutex
	messages map[string]string // id → content
}

// node is one server, running until it is down.
type node struct {
	down   bool
	server *server.Server
	client *http.Client
	stop   context.CancelFunc
	done   chan error
}

func newStory(t *testing.T, on stage) *story {
	s := &story{
		t: t, on: on, people: map[string]*person{}, workers: map[string]*worker{}, flows: seededIDs(), messages: map[string]string{},
		news: make(chan struct{}, 1),
	}
	s.config = server.Config{
		Dev: true, Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion},
		Secret: strings.Repeat("a secret of the stories ", 3), Settings: center.DefaultSettings(), Clock: on.contactTime(),
		Log:   slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		NewID: s.newID,
		Fatal: func(err error) { t.Errorf("nothing may go on: %v", err) },
	}
	return s
}

// newID counts, so that a story told again has the same ids.
func (s *story) newID() string {
	n := s.ids.Add(1)
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", n>>16, n&0xffff, n)
}

// wrong fails the story and lets it go on. It may be called from anywhere.
func (s *story) wrong(format string, args ...any) { s.t.Errorf(format, args...) }

// tell lets eventually look again.
func (s *story) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// serve starts the servers that the story has asked for, unless they run.
func (s *story) serve(count int) error {
	if len(s.nodes) > 0 {
		return nil
	}
	if count > 1 {
		s.lasting = true
		s.network = bustest.New(1, s.faults)
	}
	s.config.Database = s.on.database(s.dir, s.lasting)
	for range count {
		n, err := s.newNode()
		if err != nil {
			return err
		}
		s.nodes = append(s.nodes, n)
	}
	return nil
}

func (s *story) newNode() (*node, error) {
	cfg := s.config
	if s.network != nil {
		cfg.Nodes = s.network.Node()
	}
	listener, dial, err := s.on.listen()
	if err != nil {
		return nil, err
	}
	running, err := server.New(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	stop, cancel := context.WithCancel(context.Background())
	n := &node{
		server: running, stop: cancel, done: make(chan error, 1),
		client: &http.Client{Transport: desktest.Transport(s.t, &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 16})},
	}
	go func() { n.done <- running.Run(stop, make(chan os.Signal), server.Listeners{Public: listener}) }()
	return n, nil
}

// close stops a server in good order, as SIGTERM does. Doing so twice is fine.
func (n *node) close() error {
	if n.down {
		return nil
	}
	n.down = true
	n.client.CloseIdleConnections()
	n.stop()
	return <-n.done
}

// restart stops all servers and starts as many again on the same facts. Sockets are sent away.
func (s *story) restart() error {
	count := len(s.nodes)
	if err := s.close(); err != nil {
		return err
	}
	return s.serve(count)
}

func (s *story) close() error {
	for _, n := range s.nodes {
		if err := n.close(); err != nil {
			return err
		}
	}
	if s.network != nil {
		s.network.Close()
	}
	s.nodes = nil
	return nil
}

// end is after the last line: everybody goes home.
func (s *story) end() {
	for _, p := range s.people {
		for _, c := range p.sockets {
			c.part()
		}
	}
	if err := s.close(); err != nil {
		s.wrong("close: %v", err)
	}
	if s.outside != nil {
		if err := s.outside.http.Close(); err != nil {
			s.wrong("close: %v", err)
		}
	}
}

// anyNode is one that runs.
func (s *story) anyNode() *node {
	for _, n := range s.nodes {
		if !n.down {
			return n
		}
	}
	return s.nodes[0]
}

// person finds somebody by name.
func (s *story) person(name string) (*person, error) {
	p, ok := s.people[name]
	if !ok {
		return nil, fmt.Errorf("nobody is called %s", name)
	}
	return p, nil
}

// nameOf finds who a participant is.
func (s *story) nameOf(participant string) string {
	for _, p := range s.people {
		if p.participant == participant {
			return p.display()
		}
	}
	return "somebody"
}

func (s *story) remember(id, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages[id] = content
}

// content finds what a message said.
func (s *story) content(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages[id]
}

// line says in one line what an item shows.
func (s *story) line(it item) string {
	name := it.DisplayName
	if it.ParticipantRole == "SYSTEM" && name == "SYSTEM_MESSAGE" {
		name = "SYSTEM"
	}
	switch {
	case it.Type == "MESSAGE":
		s.remember(it.ID, it.Content)
		if said, ok := viewLine(name, it); ok {
			return said
		}
		if it.ContentType != "text/plain" {
			name += " [" + it.ContentType + "]"
		}
		return name + ": " + brief(it.Content) + receipts(s, it)
	case it.Type == "MESSAGEMETADATA":
		return strings.TrimSpace(receipts(s, it)) + " of " + brief(s.content(it.MessageMetadata.MessageID))
	case it.is("participant.joined"):
		return name + " joined as " + it.ParticipantRole
	case it.is("participant.left"):
		return name + " left"
	case it.is("participant.idle"):
		return name + " is idle"
	case it.is("participant.returned"):
		return name + " has returned"
	case it.is("participant.autodisconnection"):
		return name + " was silent for too long"
	case it.is("typing"):
		return name + " types"
	case it.is("chat.ended") && it.ParticipantID == "":
		return "chat ended"
	case it.is("chat.rehydrated") && it.ParticipantID == "":
		return "chat rehydrated"
	}
	if told, ok := transferLine(name, it); ok {
		return told
	}
	if told, ok := signInLine(name, it); ok {
		return told
	}
	return fmt.Sprintf("%+v", it)
}

// receipts says who got or read a message.
func receipts(s *story, it item) (text string) {
	if it.MessageMetadata == nil {
		return ""
	}
	for _, r := range it.MessageMetadata.Receipts {
		did := "got"
		if r.ReadTimestamp != "" {
			did = "read"
		}
		text += fmt.Sprintf(" (%s %s it)", s.nameOf(r.RecipientParticipantID), did)
	}
	return text
}

// brief keeps long contents short, and one line.
func brief(content string) string {
	if len(content) > 100 {
		content = fmt.Sprintf("%s… %d bytes", content[:20], len(content))
	}
	return strings.ReplaceAll(content, "\n", `\n`)
}

// swell writes long texts short: x{500} is five hundred of them.
func swell(text string) string {
	head, tail, ok := strings.Cut(text, "{")
	count, ok2 := strings.CutSuffix(tail, "}")
	n, err := strconv.Atoi(count)
	if !ok || !ok2 || err != nil || head == "" {
		return text
	}
	_, size := utf8.DecodeLastRuneInString(head)
	return head[:len(head)-size] + strings.Repeat(head[len(head)-size:], n)
}

// option takes key=value out of a command's arguments.
func option(args *[]string, key string) (value string, found bool) {
	for i, a := range *args {
		if v, ok := strings.CutPrefix(a, key+"="); ok {
			*args = slices.Delete(slices.Clone(*args), i, i+1)
			return v, true
		}
	}
	return "", false
}

func print(w io.Writer, lines []string) {
	for _, l := range lines {
		_, _ = fmt.Fprintln(w, l) // a buffer
	}
}

// lasts reads the length of time between two of DescribeContact's timestamps.
func lasts(from, to any) string {
	a, ok1 := from.(float64)
	b, ok2 := to.(float64)
	if !ok1 || !ok2 {
		return "unknown"
	}
	return time.Duration((b - a) * float64(time.Second)).Round(10 * time.Millisecond).String()
}
