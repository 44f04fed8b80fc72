package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// refusal is an answer that is no success, as clients understand it.
type refusal struct {
	status  int
	code    string
	message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.code, r.message) }

// call sends one request of the HTTP API and reads its answer into out.
func (n *node) call(method, path, bearer string, in, out any) *refusal {
	fail := func(err error) *refusal { return &refusal{code: "no answer", message: err.Error()} }
	var body []byte
	if in != nil {
		body, _ = json.Marshal(in) // maps, strings and numbers
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1"+path, bytes.NewReader(body))
	if err != nil {
		return fail(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("X-Amz-Bearer", bearer)
	}
	answer, err := n.client.Do(r)
	if err != nil {
		return fail(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fail(err)
	}
	if answer.StatusCode != http.StatusOK {
		var said struct{ Message, Problems any }
		_ = json.Unmarshal(text, &said) // whatever it is
		return &refusal{answer.StatusCode, answer.Header.Get("x-amzn-ErrorType"), fmt.Sprint(said.Message, said.Problems)}
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			return fail(fmt.Errorf("%s: %w", text, err))
		}
	}
	return nil
}

// item is what sockets and transcripts show.
type item struct {
	AbsoluteTime     string
	Content          string
	ContentType      string
	ID               string `json:"Id"`
	Type             string
	ParticipantID    string `json:"ParticipantId"`
	DisplayName      string
	ParticipantRole  string
	InitialContactID string `json:"InitialContactId"`
	ContactID        string `json:"ContactId"`
	RelatedContactID string `json:"RelatedContactId"`
	MessageMetadata  *struct {
		MessageID string `json:"MessageId"`
		Receipts  []struct {
			DeliveredTimestamp     string
			ReadTimestamp          string
			RecipientParticipantID string `json:"RecipientParticipantId"`
		}
	}
}

const eventPrefix = "application/vnd.amazonaws.connect.event."

func (it item) is(event string) bool { return it.ContentType == eventPrefix+event }

// person is a customer or a custom participant, with what their client knows.
type person struct {
	s           *story
	name        string
	node        int // that they talk to
	contact     string
	initial     string // the chat's first contact
	participant string
	token       string // for CreateParticipantConnection
	bearer      string // for all else
	url         string // of the socket that StartChatContact gave out
	started     map[string]any
	from        string // ContinuedFromContactId
	sent        []message
	next        string // NextToken of the last page
	state       string // that a sign-in page brings back
	redirect    string // to which it brings it
	challenge   string // of whoever exchanges its code
	joined      bool
	sockets     []*socket // oldest first
}

// message is one that was sent, with its answer.
type message struct {
	request map[string]string
	ID      string `json:"Id"`
	Time    string `json:"AbsoluteTime"`
}

func (p *person) display() string { return strings.ToUpper(p.name[:1]) + p.name[1:] }

func (p *person) at() *node { return p.s.nodes[p.node-1] }

// open lists the sockets that are not closed.
func (p *person) open() (open []*socket) {
	for _, c := range p.sockets {
		if !c.isOver() {
			open = append(open, c)
		}
	}
	return open
}

// viewing are the sockets to look at: those that are open, or the last one that was.
func (p *person) viewing() []*socket {
	if open := p.open(); len(open) > 0 || len(p.sockets) == 0 {
		return open
	}
	return p.sockets[len(p.sockets)-1:]
}

// connection asks for credentials, and with the given members for what else they ask.
func (p *person) connection(request map[string]any) (url string, refused *refusal) {
	var answer struct {
		Websocket             struct{ Url string }
		ConnectionCredentials struct{ ConnectionToken string }
	}
	if refused := p.at().call("POST", "/participant/connection", p.token, request, &answer); refused != nil {
		return "", refused
	}
	if token := answer.ConnectionCredentials.ConnectionToken; token != "" {
		p.bearer = token
	}
	return answer.Websocket.Url, nil
}

// connect opens a socket more and subscribes it, as the clients do.
func (p *person) connect() *refusal {
	url, refused := p.connection(map[string]any{"Type": []string{"WEBSOCKET", "CONNECTION_CREDENTIALS"}})
	if refused != nil {
		return refused
	}
	return p.subscribe(url)
}

// subscribe opens a socket at an address and subscribes it.
func (p *person) subscribe(url string) *refusal {
	c, err := p.dial(url)
	if err != nil {
		return &refusal{code: "no socket", message: err.Error()}
	}
	p.sockets = append(p.sockets, c)
	p.s.on.eventually(p.s, func() bool { return c.isSubscribed() || c.isOver() })
	if !c.isSubscribed() {
		return &refusal{code: "no socket", message: "the subscription was not answered"}
	}
	if !p.joined && !p.s.on.eventually(p.s, func() bool { return c.heardJoin(p.participant) }) {
		return &refusal{code: "no socket", message: "the participant did not join"}
	}
	p.joined = true
	return nil
}

func (p *person) dial(url string) (*socket, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: p.at().client})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	c := &socket{p: p, conn: conn, over: make(chan struct{}), pong: make(chan struct{}, 1)}
	c.running.Go(c.listen)
	c.running.Go(c.beat)
	return c, c.say(`{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`)
}

// socket is a client's WebSocket.
type socket struct {
	p       *person
	conn    *websocket.Conn
	over    chan struct{} // closed when reading has ended
	pong    chan struct{}
	running sync.WaitGroup

	mu         sync.Mutex
	subscribed bool
	heard      []item
	frames     []string // of heard, as they came
	seen       int      // how many of heard the story has looked at
	code       websocket.StatusCode
}

func (c *socket) say(frame string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, []byte(frame))
}

// beats are further apart than a browser's, and close enough for the server.
const beats = time.Minute

func (c *socket) beat() {
	t := time.NewTicker(beats)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			_ = c.say(`{"topic":"aws/heartbeat"}`) // listen finds out
		case <-c.over:
			return
		}
	}
}

func (c *socket) listen() {
	defer close(c.over)
	defer c.p.s.tell()
	for {
		_, frame, err := c.conn.Read(context.Background())
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.code = websocket.CloseStatus(err)
			return
		}
		c.hear(frame)
		c.p.s.tell()
	}
}

func (c *socket) hear(frame []byte) {
	var f struct {
		Topic   string
		Content json.RawMessage
	}
	if err := json.Unmarshal(frame, &f); err != nil {
		c.p.s.wrong("%s got a frame that is no JSON: %s", c.p.name, frame)
	}
	switch f.Topic {
	case "aws/subscribe":
		c.mu.Lock()
		defer c.mu.Unlock()
		c.subscribed = true
	case "aws/ping":
		select {
		case c.pong <- struct{}{}:
		default:
		}
	case "aws/chat":
		var text string
		var it item
		if json.Unmarshal(f.Content, &text) != nil || json.Unmarshal([]byte(text), &it) != nil {
			c.p.s.wrong("%s got an item that clients do not understand: %s", c.p.name, frame)
		}
		c.hearItem(it, text)
	}
}

// hearItem takes an item in, and checks what holds for all of them: each comes once, times rise because clients sort
// by them, all are of the chat, and nothing follows the chat's end.
func (c *socket) hearItem(it item, frame string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, earlier := range c.heard {
		switch {
		case earlier.ID == it.ID:
			c.p.s.wrong("%s heard an item twice: %s", c.p.name, c.p.s.line(it))
		case earlier.is("chat.ended"):
			c.p.s.wrong("%s heard after the end: %s", c.p.name, c.p.s.line(it))
		case !earlier.is("typing") && !it.is("typing") && earlier.AbsoluteTime >= it.AbsoluteTime:
			c.p.s.wrong("%s heard %q at %s after %q at %s", c.p.name, c.p.s.line(it), it.AbsoluteTime, c.p.s.line(earlier), earlier.AbsoluteTime)
		}
	}
	if it.Type != "MESSAGEMETADATA" && it.InitialContactID != c.p.initial {
		c.p.s.wrong("%s heard an item of %q: %s", c.p.name, it.InitialContactID, c.p.s.line(it))
	}
	c.heard, c.frames = append(c.heard, it), append(c.frames, frame)
}

func (c *socket) isSubscribed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.subscribed
}

func (c *socket) heardJoin(participant string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, it := range c.heard {
		if it.is("participant.joined") && it.ParticipantID == participant {
			return true
		}
	}
	return false
}

func (c *socket) isOver() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// unseen are the items that the story has not looked at.
func (c *socket) unseen() []item {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard[c.seen:]
}

func (c *socket) look(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen += n
}

func (c *socket) closeCode() websocket.StatusCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// answersPing waits for the answer to a ping, or the end of the socket.
func (c *socket) answersPing(within time.Duration) {
	select {
	case <-c.pong: // of one that was not waited for
	default:
	}
	if c.say(`{"topic":"aws/ping"}`) != nil {
		return
	}
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-c.pong:
	case <-c.over:
	case <-late.C:
	}
}

// cut ends the socket without a word, as a lost network does.
func (c *socket) cut() {
	_ = c.conn.CloseNow() // it may be closed already
	c.running.Wait()
}

// part closes the socket as a client does that needs it no more.
func (c *socket) part() {
	_ = c.conn.Close(websocket.StatusNormalClosure, "") // as above
	c.running.Wait()
}
