package api_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/policy"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

const (
	instanceID = "11111111-1111-4111-8111-111111111111"
	flowID     = "22222222-2222-4222-8222-222222222222"
	nobody     = "ffffffff-ffff-4fff-8fff-ffffffffffff"
)

// greeting greets and waits.
const greeting = `{"Version":"2019-10-30","StartAction":"greet","Metadata":{},"Actions":[` +
	`{"Identifier":"greet","Type":"MessageParticipant","Parameters":{"Text":"Hello!"},"Transitions":{"NextAction":"wait","Errors":[{"NextAction":"wait","ErrorType":"NoMatchingError"}]}},` +
	`{"Identifier":"wait","Type":"Wait","Parameters":{"TimeLimitSeconds":"604800"},"Transitions":{"NextAction":"end","Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}],"Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},` +
	`{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// farewell is the content of a module that says goodbye.
const farewell = `{"Version":"2019-10-30","StartAction":"say","Metadata":{},"Actions":[` +
	`{"Identifier":"say","Type":"MessageParticipant","Parameters":{"Text":"Goodbye!"},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},` +
	`{"Identifier":"end","Type":"EndFlowModuleExecution","Parameters":{},"Transitions":{}}],` +
	`"Settings":{"InputParameters":[],"OutputParameters":[],"Transitions":[]}}`

// world is an API on a real store, served over a network in memory. In a bubble with the test's randomness set, it
// does the same every time, byte for byte.
type world struct {
	t        testing.TB
	store    *store.Store
	chats    *chat.Chats
	agents   *chat.Agents
	catalog  *catalog.Catalog
	sealer   *token.Sealer
	api      *api.API
	listener *memnet.Listener
	server   *http.Server
	log      *logbook
	done     chan struct{} // the server's and the timers' end

	contact center.ContactID
	names   map[string]string // what requests may say as ${name}
}

// counted makes ids that count up.
func counted(prefix string) func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("%s-0000-4000-8000-%012d", prefix, n.Add(1)) }
}

// logbook is what the server logs; its loops go on while a test reads.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// openTo says who was let in instead of making a socket.
type openTo struct{}

func (openTo) Serve(w http.ResponseWriter, _ *http.Request, who chat.Caller) {
	_, _ = fmt.Fprintf(w, "a socket of %s %s\n", who.Role, who.Participant)
}

func (openTo) Joining(context.Context, center.ParticipantID) bool { return false }

// accessKeys are the keys of strict worlds.
type accessKeys map[string]string

func (k accessKeys) Secret(_ context.Context, id string) (string, bool, error) {
	secret, ok := k[id]
	return secret, ok, nil
}

// Policy lets the holders of all keys do everything.
func (k accessKeys) Policy(_ context.Context, id string) (*policy.Policy, bool, error) {
	_, ok := k[id]
	return nil, ok, nil
}

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

func newWorld(t testing.TB, change func(*api.Config, *chat.Config)) *world {
	t.Helper()
	return newWorldOn(t, "sqlite::memory:", change)
}

// newWorldOn is newWorld on a database.
func newWorldOn(t testing.TB, database string, change func(*api.Config, *chat.Config)) *world {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{t: t, log: &logbook{}, names: map[string]string{
		"instance": instanceID, "flow": flowID, "nobody": nobody,
		"basic":        center.SeededID(instanceID, "queue", center.BasicQueueName),
		"basicProfile": string(center.BasicRoutingProfileID(instanceID)),
		"admin":        center.SeededID(instanceID, "security-profile", center.SecurityAdmin),
		"agent":        center.SeededID(instanceID, "security-profile", center.SecurityAgent),
		"available":    center.SeededID(instanceID, "agent-status", center.StatusNameAvailable),
		"offline":      center.SeededID(instanceID, "agent-status", center.StatusNameOffline),
	}, done: make(chan struct{})}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	db, err := store.Open(ctx, database, store.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := token.NewSealer([]token.Key{{ID: "k1", Secret: [32]byte{1, 2, 3}}})
	if err != nil {
		t.Fatal(err)
	}
	partition := center.Partition{Account: "123456789012", Region: "us-east-1"}
	chats := chat.Config{
		Store: db, Sealer: sealer, Clock: engine.WallClock{}, Wall: time.Now, NewID: counted("aaaaaaaa"),
		Partition: partition, Settings: center.DefaultSettings(), Log: log, SignIns: pages{},
	}
	front := api.Config{
		Sockets: openTo{}, Keys: accessKeys{accessKey: secretKey}, AnyCredentials: true, Partition: partition,
		Now: time.Now, NewID: counted("99999999"), Log: log,
	}
	if change != nil {
		change(&front, &chats)
	}
	w.catalog = catalog.New(catalog.Config{
		Store: db, Now: chats.Clock.Now, NewID: chats.NewID, Partition: partition, Quotas: chats.Settings.ResourceQuotas,
	})
	chats.Catalog = w.catalog
	work := engine.New(engine.Config{Store: db, Bus: bus.NewLocal(), Clock: chats.Clock, NewID: chats.NewID, Log: log})
	chats.Engine = work
	chats.Staff = staff.New(work, db, w.catalog, chats.Clock, chats.NewID)
	front.Present = insight.NewPresent(db, w.catalog, chats.Clock.Now, front.Now, chats.NewID)
	chats.Figures = front.Present
	w.store, w.sealer, w.chats = db, sealer, chat.New(chats)
	w.agents = chat.NewAgents(w.chats)
	front.Agents = w.agents
	front.Chats, front.Transcripts, front.Erasures, front.Catalog = w.chats, chat.NewTranscripts(w.chats), chat.NewErasures(w.chats), w.catalog
	front.Insight = insight.NewContacts(db, front.Now)
	front.Figures = insight.NewFigures(db, chats.Clock.Now)
	w.api = api.New(front)
	w.seed(ctx)
	w.listener = memnet.Listen()
	w.server = &http.Server{Handler: w.api, ReadTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)}
	go func() {
		defer close(w.done)
		go work.Run(ctx)
		_ = w.server.Serve(w.listener)
	}()
	t.Cleanup(func() {
		cancel()
		_ = w.server.Close()
		<-w.done
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) seed(ctx context.Context) {
	w.t.Helper()
	_, err := w.catalog.CreateInstance(ctx, center.Instance{ID: instanceID, Alias: "parley", IdentityManagementType: center.IdentityManaged}, "")
	if err == nil {
		_, err = w.catalog.CreateFlow(ctx, instanceID, center.ContactFlow{ID: flowID, Name: "Welcome", Type: center.TypeContactFlow}, greeting, true)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// prepare brings the world into the state that a line of a golden's opening asks for.
func (w *world) prepare(line string) {
	w.t.Helper()
	ctx := context.Background()
	verb, rest, _ := strings.Cut(line, " ")
	var err error
	switch verb {
	case "strict", "throttle", "slots", "legacy-sizes", "any-origin": // said to newWorld
	case "start":
		err = w.start(ctx, rest)
	case "connect":
		err = w.connect(ctx, rest)
	case "early": // a connection token before the customer counts as connected
		var caller chat.Caller
		if caller, err = w.chats.Authenticate(w.names["customerToken"], token.Participant); err == nil {
			var c *chat.Connection
			if c, err = w.chats.Connection(ctx, caller, false); err == nil {
				w.names["customerConnection"] = c.Token
			}
		}
	case "continue":
		_, err = w.chats.Associate(ctx, instanceID, w.contact, center.Persistence{Type: center.EntirePastSession, Source: center.ContactID(w.names["contact"])}, "")
	case "invite-bot":
		var bot *chat.CustomParticipant
		if bot, err = w.chats.AddCustomParticipant(ctx, instanceID, w.contact, "Bot", ""); err == nil {
			w.names["botToken"] = bot.Token
		}
	case "bot":
		w.prepare("invite-bot")
		err = w.connect(ctx, "bot")
	case "say":
		who, text, _ := strings.Cut(rest, " ")
		var caller chat.Caller
		if caller, err = w.caller(who); err == nil {
			var sent center.Item
			sent, err = w.chats.Send(ctx, caller, center.Message{ContentType: center.TextPlain, Content: text}, "")
			w.names["message"] = string(sent.ID)
		}
	case "read":
		var caller chat.Caller
		if caller, err = w.caller(rest); err == nil {
			_, err = w.chats.Event(ctx, caller, center.EventRead, `{"messageId":"`+w.names["message"]+`"}`)
		}
	case "attribute":
		k, v, _ := strings.Cut(rest, " ")
		err = w.chats.SetAttributes(ctx, instanceID, w.contact, map[string]string{k: v})
	case "queued":
		err = w.queued(ctx, rest)
	case "agent", "offer", "reject", "accept", "agent-says", "agent-leaves", "customer-leaves", "clear":
		err = w.prepareAgent(ctx, verb, rest)
	case "tag":
		k, v, _ := strings.Cut(rest, " ")
		err = w.chats.Tag(ctx, instanceID, w.contact, map[string]string{k: v}, nil)
	case "end":
		err = w.chats.Stop(ctx, instanceID, w.contact)
	case "flow":
		name, status, _ := strings.Cut(rest, " ")
		kind, status, _ := strings.Cut(status, " ")
		var made *catalog.FlowWithContent
		made, err = w.catalog.CreateFlow(ctx, instanceID, center.ContactFlow{Name: name, Type: kind}, greeting, status != "SAVED")
		if err == nil {
			w.names["made"] = string(made.ID)
		}
	case "profile": // the instance's authentication profile
		w.names["profile"] = string(center.DefaultAuthenticationProfile(instanceID, time.Time{}).ID)
	case "signs-in", "sign-in-page":
		err = w.prepareSignIn(ctx, verb)
	case "view", "view-version", "shown":
		err = w.prepareView(ctx, verb, rest)
	case "module":
		var id center.ModuleID
		id, err = w.catalog.CreateModule(ctx, instanceID, center.FlowModule{Name: rest}, farewell, "")
		w.names["module"] = string(id)
	case "module-version":
		_, err = w.catalog.CreateModuleVersion(ctx, instanceID, center.ModuleRef{ID: center.ModuleID(w.names["module"])}, center.Version{Description: rest})
	case "module-alias": // for the first version
		alias := center.Alias{Of: w.names["module"], Name: rest, Version: 1}
		err = w.catalog.CreateModuleAlias(ctx, instanceID, center.ModuleRef{ID: center.ModuleID(alias.Of)}, &alias)
		w.names["alias"] = alias.ID
	case "flow-version":
		_, err = w.catalog.CreateFlowVersion(ctx, instanceID, center.FlowRef{ID: flowID}, center.Version{Description: rest})
	case "flow-alias": // for the first version
		alias := center.Alias{Of: flowID, Name: rest, Version: 1}
		err = w.catalog.CreateFlowAlias(ctx, instanceID, center.FlowRef{ID: flowID}, &alias)
		w.names["alias"] = alias.ID
	case "archive":
		err = w.catalog.UpdateFlow(ctx, instanceID, center.FlowRef{ID: center.FlowID(w.names["made"])}, func(f *center.ContactFlow) error {
			f.Archived = true
			return nil
		})
	case "instance":
		_, err = w.catalog.CreateInstance(ctx, center.Instance{Alias: rest, IdentityManagementType: center.IdentityManaged}, "")
	case "wait":
		var d time.Duration
		if d, err = time.ParseDuration(rest); err == nil {
			time.Sleep(d)
		}
	case "close-store":
		err = w.store.Close()
	default:
		w.t.Fatalf("setup: unknown line %q", line)
	}
	if err != nil {
		w.t.Fatalf("setup: %s: %v", line, err)
	}
}

// caller is somebody who has connected.
func (w *world) caller(who string) (chat.Caller, error) {
	return w.chats.Authenticate(w.names[who+"Connection"], token.Connection)
}

// queued starts a chat whose flow says which agents it wants, and puts it into the basic queue.
func (w *world) queued(ctx context.Context, again string) error {
	text := strings.ReplaceAll(asksForFrench, "QUEUE", center.SeededID(instanceID, "queue", center.BasicQueueName))
	f, err := w.catalog.CreateFlow(ctx, instanceID, center.ContactFlow{Name: "French" + again, Type: center.TypeContactFlow}, text, true)
	if err != nil {
		return err
	}
	s, err := w.chats.Start(ctx, center.StartChat{Instance: instanceID, Flow: f.ID, DisplayName: "Jane"})
	if err != nil {
		return err
	}
	w.contact = s.Contact
	w.names["contact"], w.names["customerToken"] = string(s.Contact), s.Token
	return w.connect(ctx, "")
}

const asksForFrench = `{"Version":"2019-10-30","StartAction":"criteria","Metadata":{},"Actions":[` +
	`{"Identifier":"criteria","Type":"UpdateContactRoutingCriteria","Parameters":{"RoutingCriteria":{"Steps":[` +
	`{"Expression":{"AttributeCondition":{"Name":"Language","Value":"French","ProficiencyLevel":"3","ComparisonOperator":"NumberGreaterOrEqualTo"}},"Expiry":{"DurationInSeconds":"30"}},` +
	`{"Expression":{"OrExpression":[{"AttributeCondition":{"ComparisonOperator":"Match","MatchCriteria":{"AgentsCriteria":{"AgentIds":["u1"]}}}},` +
	`{"AttributeCondition":{"Name":"Language","Value":"French","ProficiencyLevel":"1","ComparisonOperator":"NumberGreaterOrEqualTo"}}]}}]}},` +
	`"Transitions":{"NextAction":"priority","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},` +
	`{"Identifier":"priority","Type":"UpdateContactRoutingBehavior","Parameters":{"QueuePriority":"2"},"Transitions":{"NextAction":"age"}},` +
	`{"Identifier":"age","Type":"UpdateContactRoutingBehavior","Parameters":{"QueueTimeAdjustmentSeconds":"-60"},"Transitions":{"NextAction":"queue"}},` +
	`{"Identifier":"queue","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"QUEUE"},"Transitions":{"NextAction":"go","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},` +
	`{"Identifier":"go","Type":"TransferContactToQueue","Parameters":{},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"QueueAtCapacity"},{"NextAction":"end","ErrorType":"NoMatchingError"}]}},` +
	`{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// start starts a chat and names its ids. A word after it is put behind the names, for a second chat.
func (w *world) start(ctx context.Context, suffix string) error {
	s, err := w.chats.Start(ctx, center.StartChat{Instance: instanceID, Flow: flowID, DisplayName: "Jane"})
	if err != nil {
		return err
	}
	w.contact = s.Contact
	w.names["contact"+suffix], w.names["customer"+suffix], w.names["customer"+suffix+"Token"] = string(s.Contact), string(s.Participant), s.Token
	return nil
}

// connect connects somebody and names their tokens.
func (w *world) connect(ctx context.Context, who string) error {
	if who == "" {
		who = "customer"
	}
	caller, err := w.chats.Authenticate(w.names[who+"Token"], token.Participant)
	if err != nil {
		return err
	}
	c, err := w.chats.Connection(ctx, caller, true)
	if err != nil {
		return err
	}
	w.names[who+"Connection"], w.names[who+"Socket"] = c.Token, c.SocketToken
	return nil
}

// fill puts names into a text.
func (w *world) fill(text string) string {
	for name, value := range w.names {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	return text
}

// raw sends bytes over a connection of its own and returns the bytes of the answer.
func (w *world) raw(request string) string {
	w.t.Helper()
	conn, err := w.listener.Dial(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		w.t.Fatal(err)
	}
	return w.receive(conn, strings.HasPrefix(request, "HEAD "))
}

func (w *world) receive(conn net.Conn, head bool) string {
	w.t.Helper()
	method := http.MethodGet
	if head {
		method = http.MethodHead
	}
	var seen bytes.Buffer
	answer, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &seen)), &http.Request{Method: method})
	if err != nil {
		w.t.Fatalf("no answer: %v", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		w.t.Fatalf("answer ends early: %v", err)
	}
	return seen.String()
}

// answer is an answer in parts.
type answer struct {
	status int
	header http.Header
	body   string
}

// call sends a request with the usual headers of an SDK.
func (w *world) call(method, target, bearer, body string) answer {
	w.t.Helper()
	request := method + " " + target + " HTTP/1.1\r\nHost: localhost:4510\r\nContent-Type: application/json\r\n"
	if bearer != "" {
		request += "X-Amz-Bearer: " + bearer + "\r\n"
	}
	request += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	return w.parse(w.raw(request))
}

func (w *world) parse(raw string) answer {
	w.t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{r.StatusCode, r.Header, string(body)}
}
