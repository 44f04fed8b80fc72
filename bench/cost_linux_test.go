//go:build !race

package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/parley-chat/parley/bench/load"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// cost is what one request takes of a server that is warm.
type cost struct {
	writes int     // statements of the committer, BEGIN and COMMIT among them
	rows   string  // the tables whose rows these write, in their order
	reads  int     // statements of readers
	loop   int     // statements by which the loop that waits for due rows looks for them, since there is one more
	syncs  int     // fsyncs of SQLite's files
	allocs float64 // of memory, the committer's and all others' among them
}

// What the requests cost. Measured at commit 541b3d8 with go1.26.8 on linux/amd64: in a checkout of it, with
// bench/cost_linux_test.go and bench/count_linux_test.go copied into it, by
//
//	scripts/postgres run go test ./bench -run '^TestCost' -count=1 -v
//
// which prints the figures. SendMessage must not cost more than it did. CreateParticipantConnection marks the
// row of the contact, so that searches show it (docs/decisions/0048). StartChatContact
// writes one row more than at that commit, that of its contact, and does not sync more often. Since then SQLite's batches have
// no savepoints, unless one of their jobs is refused, StartChatContact reads its instance, its flow and its ClientToken's claim
// at once, and tokens that were sealed a moment ago, as all are here, are not decrypted: these figures are lower than they were.
// What PostgreSQL syncs is its own affair, and allocations are measured on SQLite.
var costs = map[string]map[string]cost{
	onSQLite: {
		starting:   {writes: 8, rows: "chat item contact due due claim", reads: 1, loop: 4, syncs: 1},
		named:      {writes: 8, rows: "chat item contact due due claim", reads: 1, loop: 4, syncs: 1},
		connecting: {writes: 8, rows: "chat item item contact due due", reads: 1, loop: 4, syncs: 1, allocs: 424.4},
		again:      {allocs: 127.0},
		sending:    {writes: 3, rows: "item", syncs: 1, allocs: 73.0},
		timed:      {writes: 3, rows: "item", syncs: 1, allocs: 73.0},
		answered:   {writes: 6, rows: "chat item item due", loop: 4, syncs: 1, allocs: 227.0},
	},
	onPostgres: {
		starting:   {writes: 8, rows: "chat item contact due due claim", reads: 1},
		named:      {writes: 8, rows: "chat item contact due due claim", reads: 1},
		connecting: {writes: 8, rows: "chat item item contact due due", reads: 2},
		again:      {reads: 1},
		sending:    {writes: 1, rows: "item"},
		timed:      {writes: 1, rows: "item"},
		answered:   {writes: 6, rows: "chat item item due"},
	},
}

// costAllocsOf is the Go that the allocations were measured with, in any of its patches: another compiler allocates otherwise.
const costAllocsOf = "go1.26"

// The requests, each done once to a chat of its own that has gone so far.
const (
	starting   = "StartChatContact"
	named      = "StartChatContact of a known customer, who may be blocked"
	connecting = "CreateParticipantConnection, the flow begins"
	again      = "CreateParticipantConnection, again"
	sending    = "SendMessage, the flow waits for a time"
	timed      = "SendMessage, the customer's idle timers run"
	answered   = "SendMessage, the flow answers it"
)

var requests = []string{starting, named, connecting, again, sending, timed, answered}

// A request takes as many statements, reads and fsyncs as it did.
func TestCostOfRequests(t *testing.T) {
	t.Run(onSQLite, func(t *testing.T) {
		c := sqliteCounter()
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, "sqlite:"+filepath.Join(t.TempDir(), countedFile), true)
			countRequests(t, s, c, synctest.Wait, 1)
		})
	})
	t.Run(onPostgres, func(t *testing.T) {
		base := os.Getenv("PARLEY_TEST_POSTGRES")
		if base == "" {
			t.Skip("needs PostgreSQL: set PARLEY_TEST_POSTGRES to the URL of a database that may be written to")
		}
		database, drop, err := load.NewDatabase(t.Context(), base)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := drop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		c, database := postgresCounter(t, database)
		// There is no bubble around a network, so the loop would look for due rows when it likes: it does not run. Whatever
		// else the server may do by itself meanwhile is not in each of several series.
		countRequests(t, newSite(t, database, false), c, func() {}, 3)
	})
}

// countRequests counts each request, which must cost what it did. settle returns when nothing goes on any more.
func countRequests(t *testing.T, s *site, c *counter, settle func(), series int) {
	engine := filepath.Base(t.Name())
	for _, what := range requests {
		want := costs[engine][what]
		want.allocs = 0
		count := func() (cost, []string) {
			do := s.request(what)
			settle()
			c.taken()
			do()
			settle()
			return c.taken()
		}
		for range 2 { // what is used for the first time is prepared
			count()
		}
		if err := costsAlways(want, series, count); err != nil {
			t.Errorf("%s %v", what, err)
		} else {
			t.Logf("%s: %+v", what, want)
		}
	}
}

// inSeries is how many counts in a row must agree.
const inSeries = 4

// costsAlways counts in series, until each count of one is as wanted. A statement that is not the request's spoils the series
// it falls into; a request that costs something else at least once in a series spoils all of them.
func costsAlways(want cost, series int, count func() (cost, []string)) error {
	var spoilt error
	for range series {
		right := 0
		for ; right < inSeries; right++ {
			if is, texts := count(); is != want {
				spoilt = errors.Join(spoilt, fmt.Errorf("costs %+v, and did cost %+v:\n%s", is, want, strings.Join(texts, "\n")))
				break
			}
		}
		if right == inSeries {
			return nil
		}
	}
	return spoilt
}

func TestCostIsThatOfAWholeSeries(t *testing.T) {
	want := cost{reads: 1}
	for name, c := range map[string]struct {
		series int
		more   func(i int) bool // count i is of one read more
		ok     bool
	}{
		"always right":                      {1, func(int) bool { return false }, true},
		"one that is not the request's":     {3, func(i int) bool { return i == 2 }, true},
		"one in each of two series":         {3, func(i int) bool { return i == 0 || i == 4 }, true},
		"one where there is one series":     {1, func(i int) bool { return i == 2 }, false},
		"the last of a series is not right": {1, func(i int) bool { return i == inSeries-1 }, false},
		"always more":                       {3, func(int) bool { return true }, false},
		"every second request costs more":   {3, func(i int) bool { return i%2 == 1 }, false},
		"every fourth request costs more":   {3, func(i int) bool { return i%inSeries == inSeries-1 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			i := -1
			err := costsAlways(want, c.series, func() (cost, []string) {
				if i++; c.more(i) {
					return cost{reads: 2}, nil
				}
				return want, nil
			})
			if (err == nil) != c.ok {
				t.Errorf("after %d counts: %v", i+1, err)
			}
		})
	}
}

// allocsMore is by how many hundredths the allocations of a request may be more.
const allocsMore = 2

// A request allocates as much memory as it did.
func TestCostInAllocations(t *testing.T) {
	if v := runtime.Version(); version.Lang(v) != costAllocsOf {
		t.Skipf("the allocations were measured with %s, and this is %s: measure them anew with it, at the commit and by the command that the comment of costs names, and write them into costs and %q into costAllocsOf",
			costAllocsOf, v, version.Lang(v))
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), true)
		for _, what := range requests[2:] { // a chat may begin with more
			is, want := s.allocations(what), costs[onSQLite][what].allocs
			t.Logf("%s: %.1f allocations", what, is)
			if is*100 > want*(100+allocsMore) {
				t.Errorf("%s allocates %.1f times, and did %.1f times", what, is, want)
			}
		}
	})
}

// allocations are those of a request and of all that follows from it: the median of several rounds, without the collector,
// which empties pools. Each round begins with a whole second of the bubble's clock: a time with a fraction is longer, and a
// state that is longer by that may not have room for its checksum, and be allocated once more.
func (s *site) allocations(what string) float64 {
	const rounds, each = 3, 11
	var all []float64
	for range rounds {
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
		synctest.Wait()
		dos := make([]func(), each)
		for i := range dos {
			dos[i] = s.request(what)
		}
		synctest.Wait()
		runtime.GC()
		collector := debug.SetGCPercent(-1)
		dos[0]() // fills the pools
		synctest.Wait()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, do := range dos[1:] {
			do()
			synctest.Wait()
		}
		runtime.ReadMemStats(&after)
		debug.SetGCPercent(collector)
		all = append(all, float64(after.Mallocs-before.Mallocs)/(each-1))
	}
	slices.Sort(all)
	return all[rounds/2]
}

// site is a server in this process, called without a network.
type site struct {
	t              testing.TB
	server         *server.Server
	keyID, secret  string
	instance       string
	waits, answers string // flows: one waits for a time, the other for messages
	token          int
}

const siteAddress = "127.0.0.1:4510"

// newSite opens a database; with work, its due rows are worked off.
func newSite(t testing.TB, database string, work bool) *site {
	t.Helper()
	cfg := server.Config{
		Database: database, Secret: strings.Repeat("load ", 10), PublicURL: "http://" + siteAddress,
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion}, Settings: center.DefaultSettings(),
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	s := &site{t: t}
	admin, err := server.OpenAdmin(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	key, err := admin.Keys.Create(t.Context(), "costs", nil)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := admin.CreateInstance(t.Context(), "costs")
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Close(); err != nil {
		t.Fatal(err)
	}
	s.keyID, s.secret, s.instance = key.ID, key.Secret, string(instance.ID)
	if s.server, err = server.New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	working, stop := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	if work {
		loops.Go(func() { s.server.Work(working) })
	}
	t.Cleanup(func() {
		stop()
		loops.Wait()
		if err := s.server.Close(); err != nil {
			t.Error(err)
		}
	})
	s.waits = s.flow("waits", load.GreetAndWait(load.Greeting))
	s.answers = s.flow("answers", greetAndAnswer)
	return s
}

const greetAndAnswer = `{"Version":"2019-10-30","StartAction":"Greet","Metadata":{},"Actions":[
{"Identifier":"Greet","Type":"MessageParticipant","Parameters":{"Text":"Say something."},"Transitions":{"NextAction":"Wait"}},
{"Identifier":"Wait","Type":"Wait","Parameters":{"TimeLimitSeconds":"604800","Events":["CustomerReturned"]},
 "Transitions":{"NextAction":"End","Errors":[{"NextAction":"End","ErrorType":"NoMatchingError"}],
  "Conditions":[{"NextAction":"End","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}},{"NextAction":"Greet","Condition":{"Operator":"Equals","Operands":["CustomerReturned"]}}]}},
{"Identifier":"End","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

func (s *site) flow(name, content string) string {
	var made struct{ ContactFlowId string }
	s.call("PUT", "/contact-flows/"+s.instance, "", map[string]string{"Name": name, "Type": "CONTACT_FLOW", "Content": content})(&made)
	return made.ContactFlowId
}

// request makes a chat that has gone so far, and returns what does the request.
func (s *site) request(what string) (do func()) {
	flow := s.waits
	if what == answered {
		flow = s.answers
	}
	s.token++
	body := map[string]any{
		"InstanceId": s.instance, "ContactFlowId": flow, "ClientToken": fmt.Sprintf("%036d", s.token),
		"ParticipantDetails": map[string]string{"DisplayName": "Ana"},
	}
	if what == named {
		body["CustomerId"] = fmt.Sprint("customer ", s.token)
	}
	start := s.call("PUT", "/contact/chat", "", body)
	if what == starting || what == named {
		return func() { start(nil) }
	}
	var started struct{ ContactId, ParticipantToken string }
	start(&started)
	connection := func() func(any) {
		return s.call("POST", "/participant/connection", started.ParticipantToken,
			map[string]any{"Type": []string{"CONNECTION_CREDENTIALS"}, "ConnectParticipant": true})
	}
	connect := connection()
	if what == connecting {
		return func() { connect(nil) }
	}
	var connected struct {
		ConnectionCredentials struct{ ConnectionToken string }
	}
	connect(&connected)
	if what == again {
		connect = connection()
		return func() { connect(nil) }
	}
	if what == timed {
		s.runTimers(started.ContactId)
	}
	bearer := connected.ConnectionCredentials.ConnectionToken
	send := func() func(any) {
		s.token++
		return s.call("POST", "/participant/message", bearer,
			map[string]string{"Content": "Where is my order?", "ContentType": "text/plain", "ClientToken": fmt.Sprintf("%036d", s.token)})
	}
	send()(nil) // the first opens the token
	do1 := send()
	return func() { do1(nil) }
}

// runTimers lets the customer's idle timers run: a custom participant is there, who has both.
func (s *site) runTimers(contact string) {
	timer := func(kind string) map[string]any {
		return map[string]any{"ParticipantRole": "CUSTOMER", "TimerType": kind, "TimerValue": map[string]int{"ParticipantTimerDurationInMinutes": 480}}
	}
	s.call("PUT", "/contact/participant-role-config/"+s.instance+"/"+contact, "", map[string]any{"ChannelConfiguration": map[string]any{
		"Chat": map[string]any{"ParticipantTimerConfigList": []any{timer("IDLE"), timer("DISCONNECT_NONCUSTOMER")}},
	}})(nil)
	var added struct {
		ParticipantCredentials struct{ ParticipantToken string }
	}
	s.call("POST", "/contact/create-participant", "", map[string]any{
		"InstanceId": s.instance, "ContactId": contact, "ParticipantDetails": map[string]string{"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Max"},
	})(&added)
	s.call("POST", "/participant/connection", added.ParticipantCredentials.ParticipantToken,
		map[string]any{"Type": []string{"CONNECTION_CREDENTIALS"}, "ConnectParticipant": true})(nil)
}

// call makes a request, signed unless it has a bearer, and returns what does it once and reads its answer.
func (s *site) call(method, path, bearer string, in any) (do func(out any)) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "http://"+siteAddress+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("X-Amz-Bearer", bearer)
	} else {
		hash := sha256.Sum256(body)
		key := aws.Credentials{AccessKeyID: s.keyID, SecretAccessKey: s.secret}
		if err := v4.NewSigner().SignHTTP(context.Background(), key, r, hex.EncodeToString(hash[:]), "connect", server.SeedRegion, time.Now()); err != nil {
			s.t.Fatal(err)
		}
	}
	return func(out any) {
		w := httptest.NewRecorder()
		s.server.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			text, _ := io.ReadAll(w.Body) // of memory
			s.t.Fatalf("%s %s: %d %s", method, path, w.Code, text)
		}
		if out != nil {
			if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}
