package clients

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// driven is a foreign client in a process of its own, which takes commands and gives answers as lines of JSON, and
// says unasked what it hears.
type driven struct {
	*inbox
	process *process
	stdin   *json.Encoder

	mu      sync.Mutex
	asked   int
	waiting map[int]chan answer
	notices []string
	view    []item        // the transcript as chatjs itself keeps it
	changed chan struct{} // closed and replaced with every notice and view
}

type answer struct {
	ID     int             `json:"id"`
	OK     json.RawMessage `json:"ok"`
	Error  *refusal        `json:"error"`
	Item   *item           `json:"item"`
	Notice string          `json:"notice"`
	View   []item          `json:"view"`
}

type refusal struct {
	Type       string `json:"type"`
	Message    string `json:"message"`
	StatusCode int    `json:"statusCode"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%s (%d): %s", r.Type, r.StatusCode, r.Message) }

func drive(t testing.TB, name string, cmd *exec.Cmd) *driven {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d := &driven{
		inbox:   newInbox(t, name),
		stdin:   json.NewEncoder(stdin),
		waiting: map[int]chan answer{},
		changed: make(chan struct{}),
	}
	d.process = launch(t, name, cmd)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<22)
	go d.listen(lines)
	return d
}

func (d *driven) listen(lines *bufio.Scanner) {
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			fmt.Fprintf(d.process.output, "not a line of JSON: %s\n", lines.Bytes())
			continue
		}
		if a.Item != nil {
			d.put(*a.Item)
			continue
		}
		d.mu.Lock()
		if waiting, ok := d.waiting[a.ID]; ok {
			delete(d.waiting, a.ID)
			waiting <- a
		} else {
			d.note(a)
		}
		d.mu.Unlock()
	}
}

func (d *driven) note(a answer) {
	if a.Notice != "" {
		d.notices = append(d.notices, a.Notice)
	}
	if a.View != nil {
		d.view = a.View
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

// ask sends a command and decodes its answer into out, if that is not nil.
func (d *driven) ask(command string, arguments map[string]any, out any) error {
	reply := make(chan answer, 1)
	line := map[string]any{"do": command}
	for name, value := range arguments {
		line[name] = value
	}
	d.mu.Lock()
	d.asked++
	line["id"] = d.asked
	d.waiting[d.asked] = reply
	err := d.stdin.Encode(line)
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	select {
	case a := <-reply:
		if a.Error != nil {
			return fmt.Errorf("%s: %w", command, a.Error)
		}
		if out == nil {
			return nil
		}
		return json.Unmarshal(a.OK, out)
	case <-d.process.exited:
		return fmt.Errorf("%s: the client is gone", command)
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer within %v", command, patience)
	}
}

func (d *driven) must(command string, arguments map[string]any, out any) {
	d.t.Helper()
	if err := d.ask(command, arguments, out); err != nil {
		d.t.Fatalf("%s: %v", d.name, err)
	}
}

// await returns when what the client said satisfies done.
func (d *driven) await(what string, done func(notices []string, view []item) bool) {
	d.t.Helper()
	deadline := time.After(patience)
	for {
		d.mu.Lock()
		met, changed := done(d.notices, d.view), d.changed
		d.mu.Unlock()
		if met {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			d.mu.Lock()
			defer d.mu.Unlock()
			d.t.Fatalf("%s waited %v for %s; it said %v and sees:\n%s", d.name, patience, what, d.notices, lines(d.view))
		}
	}
}

// told is how often the client gave a notice.
func (d *driven) told(notice string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return count(d.notices, notice)
}

func count(notices []string, notice string) int {
	n := 0
	for _, told := range notices {
		if told == notice {
			n++
		}
	}
	return n
}

func (d *driven) send(text string) item {
	d.t.Helper()
	var sent item
	d.must("send", map[string]any{"content": text}, &sent)
	return sent
}

func (d *driven) event(contentType, content string) {
	d.t.Helper()
	d.must("event", map[string]any{"contentType": contentType, "content": content}, nil)
}

func (d *driven) transcript(maxResults int, nextToken string) page {
	d.t.Helper()
	arguments := map[string]any{"maxResults": maxResults, "scanDirection": "BACKWARD", "sortOrder": "ASCENDING"}
	if nextToken != "" {
		arguments["nextToken"] = nextToken
	}
	var p page
	d.must("transcript", arguments, &p)
	return p
}

func (d *driven) leave() {
	d.t.Helper()
	d.must("disconnect", nil, nil)
}

// chatJSParticipant is a participant on amazon-connect-chatjs in Node. The bot is a chatjs AGENT session: the only
// kind that connects with ConnectParticipant.
type chatJSParticipant struct {
	*driven
	endpoint string
	role     string
	creds    participantCredentials
	follow   bool // have chatjs keep the transcript itself
	// chatToken and desk are an agent's: the connection token, and the agent's socket.
	chatToken *chatToken
	desk      *deskSocket
}

func newChatJSParticipant(t testing.TB, program string, s server, creds participantCredentials, bot bool) *chatJSParticipant {
	t.Helper()
	name, role := customerName, "CUSTOMER"
	if bot {
		name, role = botName, "AGENT"
	}
	return &chatJSParticipant{
		driven:   drive(t, name+" on chatjs", exec.Command(program, "node/participant.cjs")),
		endpoint: s.endpoint, role: role, creds: creds,
	}
}

func (p *chatJSParticipant) live() bool { return true }

func (p *chatJSParticipant) connect() {
	p.t.Helper()
	p.must("open", map[string]any{
		"endpoint":         p.endpoint,
		"role":             p.role,
		"contactId":        p.creds.ContactId,
		"participantId":    p.creds.ParticipantId,
		"participantToken": p.creds.ParticipantToken,
		"follow":           p.follow,
		"chatToken":        p.chatToken,
		"desk":             p.desk,
	}, nil)
	if p.desk != nil {
		p.await("the agent's socket", func(notices []string, _ []item) bool { return count(notices, "onConnectionEstablished") >= 1 })
		return
	}
	// connect() resolves before the socket is open; the second notice is the socket's.
	p.await("the socket", func(notices []string, _ []item) bool { return count(notices, "onConnectionEstablished") >= 2 })
}

// boto3Desk starts chats with boto3.
type boto3Desk struct {
	*driven
	server server
}

func newBoto3Desk(t testing.TB, program string, s server) *boto3Desk {
	return &boto3Desk{driven: driveBoto3(t, "the desk on boto3", program, s), server: s}
}

func driveBoto3(t testing.TB, name, program string, s server) *driven {
	cmd := exec.Command(program, "python/participant.py")
	cmd.Env = awsEnvironment(s)
	return drive(t, name, cmd)
}

func (d *boto3Desk) start(persistent *persistentChat) startedChat {
	d.t.Helper()
	input := map[string]any{
		"InstanceId":         d.server.instance,
		"ContactFlowId":      d.server.flow,
		"ParticipantDetails": map[string]any{"DisplayName": customerName},
		"Attributes":         map[string]any{"origin": "judge"},
	}
	if persistent != nil {
		input["PersistentChat"] = persistent
	}
	var started startedChat
	d.must("start", map[string]any{"input": input}, &started)
	return started
}

func (d *boto3Desk) addBot(contactID string) participantCredentials {
	d.t.Helper()
	var created struct {
		ParticipantId          string
		ParticipantCredentials struct{ ParticipantToken string }
	}
	d.must("createParticipant", map[string]any{"input": map[string]any{
		"InstanceId":         d.server.instance,
		"ContactId":          contactID,
		"ParticipantDetails": map[string]any{"DisplayName": botName, "ParticipantRole": "CUSTOM_BOT"},
	}}, &created)
	return participantCredentials{
		ContactId:        contactID,
		ParticipantId:    created.ParticipantId,
		ParticipantToken: created.ParticipantCredentials.ParticipantToken,
	}
}

// boto3Participant has no socket: it sees what the transcript holds.
type boto3Participant struct {
	*driven
	creds participantCredentials
}

func newBoto3Participant(t testing.TB, program string, s server, creds participantCredentials, bot bool) *boto3Participant {
	name := customerName
	if bot {
		name = botName
	}
	return &boto3Participant{driven: driveBoto3(t, name+" on boto3", program, s), creds: creds}
}

func (p *boto3Participant) live() bool { return false }

func (p *boto3Participant) connect() {
	p.t.Helper()
	p.must("open", map[string]any{"participantToken": p.creds.ParticipantToken}, nil)
}

func (p *boto3Participant) see(what string, match func(item) bool) item {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		newest := p.transcript(100, "").Transcript
		if at := slices.IndexFunc(newest, match); at >= 0 {
			return newest[at]
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s waited %v for %s; the transcript has:\n%s", p.name, patience, what, lines(newest))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
