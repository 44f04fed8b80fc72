package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// operate asks the operator's listener.
func operate(s *Server, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.operatorRoutes().ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1:4511"+target, nil))
	return w
}

// line is a line of Prometheus's text form.
var line = regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? -?[0-9.]+)$`)

func TestMetrics(t *testing.T) {
	s := development(t, nil)
	visit(t, s, "")
	ask(s, "GET", "/instance", "")
	ask(s, "GET", "/instance?maxResults=x", "")
	w := operate(s, "/metrics")
	if kind := w.Header().Get("Content-Type"); kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("Content-Type: %q", kind)
	}
	text := w.Body.String()
	seen := map[string]int{}
	for one := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if !line.MatchString(one) {
			t.Errorf("Prometheus would not read %q", one)
		}
		if strings.HasPrefix(one, "# TYPE ") {
			seen[strings.Fields(one)[2]]++
		}
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s has %d types", name, n)
		}
	}
	for _, want := range []string{
		`parley_requests_total{service="connect",operation="ListInstances"} 2`,
		`parley_requests_refused_total{service="connect",operation="ListInstances"} 1`,
		`parley_requests_failed_total{service="connect",operation="ListInstances"} 0`,
		`parley_sockets 0`, `parley_socket_queue_deepest_frames 0`, `parley_gap_items_repaired_total 0`, `parley_slow_sockets_closed_total 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

// Every metric is in the operator's handbook, and no other.
func TestMetricsAreDocumented(t *testing.T) {
	handbook, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllSubmatch(handbook, -1) {
		documented[string(row[1])] = true
	}
	for one := range strings.Lines(operate(development(t, nil), "/metrics").Body.String()) {
		if name, is := strings.CutPrefix(one, "# TYPE "); is {
			name = strings.Fields(name)[0]
			if !documented[name] {
				t.Errorf("docs/operating.md does not have %s", name)
			}
			delete(documented, name)
		}
	}
	for name := range documented {
		t.Errorf("docs/operating.md has %s, which is not there", name)
	}
}

func TestLabelsAreEscaped(t *testing.T) {
	e := exposition{name: "x"}
	e.sample(1.5, "a", "say \"hi\"\\\nbye", "b", "")
	if got, want := string(e.text), `x{a="say \"hi\"\\\nbye",b=""} 1.5`+"\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTheDebugPageOfAContact(t *testing.T) {
	s := development(t, func(c *Config) { c.Clock = NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)) })
	started := get[map[string]string](t, ask(s, "POST", "/_parley/start", `{"DisplayName":"Ana Secretname","Attributes":{"card":"4111-secret"}}`))
	v := &visitor{t, s, started["ContactId"], started["ParticipantToken"], ""}
	v.connect()
	ask(s, "POST", "/participant/message", `{"ContentType":"text/plain","Content":"my-secret-words"}`, "X-Amz-Bearer", v.bearer)
	w := operate(s, "/debug/contact/"+v.chat)
	detail := get[struct {
		ContactID, InstanceID, Flow, Action string
		Items                               int
		AttributeNames                      []string
		Participants                        []struct{ Role string }
		Timers                              []struct{ Timer, At string }
	}](t, w)
	if detail.ContactID != v.chat || detail.Flow != string(SeedFlow) || detail.Action != "Wait" || detail.Items < 3 || len(detail.Participants) == 0 {
		t.Errorf("%+v", detail)
	}
	at := map[string]string{}
	for _, one := range detail.Timers {
		at[one.Timer] = one.At
	}
	if at["flow"] != "2030-01-01T01:00:00.000Z" || at[center.DueDuration] != "2030-01-02T01:00:00.000Z" {
		t.Errorf("timers: %v", at)
	}
	for _, secret := range []string{"4111-secret", "Secretname", "my-secret-words", "Hello!", "v4.local"} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("it tells %q", secret)
		}
	}
	for _, id := range []string{"33333333-3333-4333-8333-333333333333", "x", "%2e%2e", "'%20OR%201=1", strings.Repeat("a", 5000)} {
		if w := operate(s, "/debug/contact/"+id); w.Code != http.StatusNotFound {
			t.Errorf("%.40s: %d %s", id, w.Code, w.Body)
		}
	}
}

// Why a contact waits is told to who develops a flow and to operators, by the same text.
func TestWhyAContactWaits(t *testing.T) {
	s := development(t, func(c *Config) { c.Clock = NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)) })
	queue := center.SeededID(SeedInstance, "queue", center.BasicQueueName)
	content, _ := json.Marshal(`{"Version": "2019-10-30", "StartAction": "Set", "Actions": [
		{"Identifier": "Set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "` + queue + `"}, "Transitions": {"NextAction": "Enter", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
		{"Identifier": "Enter", "Type": "TransferContactToQueue", "Parameters": {}, "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
		{"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]}`)
	flow := get[map[string]string](t, ask(s, "PUT", "/contact-flows/"+string(SeedInstance), `{"Name":"queues","Type":"CONTACT_FLOW","Content":`+string(content)+`}`))["ContactFlowId"]
	comes := func(flow string) *visitor {
		started := get[map[string]string](t, ask(s, "PUT", "/contact/chat", `{"InstanceId":"`+string(SeedInstance)+`","ContactFlowId":"`+flow+`","ParticipantDetails":{"DisplayName":"Ana Secretname"},"Attributes":{"card":"4111-secret"}}`))
		v := &visitor{t, s, started["ContactId"], started["ParticipantToken"], ""}
		v.connect()
		return v
	}
	first, second, elsewhere := comes(flow), comes(flow), comes(string(SeedFlow))
	type told struct {
		Why, Queue, Enqueued string
		Ahead, Priority      int
		Agents               []struct{ Name, Code, Why string }
	}
	for ahead, v := range []*visitor{first, second} {
		for _, w := range []*httptest.ResponseRecorder{ask(s, "GET", "/_parley/routing?contact="+v.chat, ""), operate(s, "/debug/routing/"+v.chat)} {
			why := get[told](t, w)
			if why.Why != "No agent may be offered the contact. Of 3: 3 are not available." || why.Queue != queue || why.Ahead != ahead || why.Priority != 5 || why.Enqueued == "" {
				t.Errorf("%+v", why)
			}
			if len(why.Agents) != 3 || why.Agents[0].Name != "agent-1" || why.Agents[0].Why != "the agent is offline" {
				t.Errorf("agents: %+v", why.Agents)
			}
			if text := w.Body.String(); strings.Contains(text, "secret") || strings.Contains(text, "Secretname") {
				t.Errorf("it tells %s", text)
			}
		}
	}
	if why := get[told](t, operate(s, "/debug/routing/"+elsewhere.chat)); why.Why != "The contact does not wait in a queue." {
		t.Errorf("%+v", why)
	}
	if w := ask(s, "GET", "/_parley/routing", ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "give the id of a contact") {
		t.Errorf("without a contact: %d %s", w.Code, w.Body)
	}
	for _, id := range []string{"33333333-3333-4333-8333-333333333333", "x", "%2e%2e", "'%20OR%201=1", strings.Repeat("a", 5000)} {
		if w := ask(s, "GET", "/_parley/routing?contact="+id, ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Resource not found") {
			t.Errorf("%.40s: %d %s", id, w.Code, w.Body)
		}
		if w := operate(s, "/debug/routing/"+id); w.Code != http.StatusNotFound {
			t.Errorf("%.40s: %d %s", id, w.Code, w.Body)
		}
	}
}

func TestTheOperatorsPages(t *testing.T) {
	s := development(t, nil)
	for _, target := range []string{"/debug/", "/debug/hub", "/debug/routing", "/debug/operations", "/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/health/live", "/health/ready", "/metrics"} {
		if w := operate(s, target); w.Code != 200 {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
	if w := operate(s, "/instance"); w.Code != 404 {
		t.Errorf("an operation is served to the operator: %d", w.Code)
	}
	w := httptest.NewRecorder()
	s.operatorRoutes().ServeHTTP(w, httptest.NewRequest("GET", "http://evil.example:4511/debug/hub", nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("a name that was pointed here: %d", w.Code)
	}
}

func TestReadiness(t *testing.T) {
	s := development(t, nil)
	if w := ask(s, "GET", "/health/ready", ""); w.Code != 200 || w.Body.String() != "ready\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	s.draining.Store(true)
	for _, w := range []*httptest.ResponseRecorder{ask(s, "GET", "/health/ready", ""), operate(s, "/health/ready")} {
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "stopping") {
			t.Errorf("while stopping: %d %q", w.Code, w.Body)
		}
	}
	if w := ask(s, "GET", "/health/live", ""); w.Code != 200 {
		t.Errorf("/health/live while stopping: %d", w.Code)
	}
}

func TestSkew(t *testing.T) {
	now := time.Now()
	for off, want := range map[time.Duration]bool{
		0: true, maxSkew: true, -maxSkew: true, maxSkew + time.Millisecond: false, -maxSkew - time.Millisecond: false, 24 * time.Hour: false,
	} {
		err := skewed(now.Add(off), now)
		if (err == nil) != want {
			t.Errorf("%v off: %v", off, err)
		}
		if err != nil && !strings.Contains(err.Error(), off.String()) {
			t.Errorf("%v off: it says %v", off, err)
		}
	}
}

func TestOperatorsPortRefusesForeignPages(t *testing.T) {
	s := development(t, nil)
	for _, c := range []struct {
		name, method, target string
		origin               []string
		status               int
	}{
		{"curl", "POST", "/debug/free", nil, http.StatusOK},
		{"the debug page", "POST", "/debug/free", []string{"http://127.0.0.1:4511"}, http.StatusOK},
		{"a page of this machine", "GET", "/metrics", []string{"http://localhost:3000"}, http.StatusOK},
		{"a page from elsewhere", "POST", "/debug/free", []string{"https://evil.example"}, http.StatusForbidden},
		{"a script from elsewhere", "GET", "/debug/hub", []string{"https://evil.example"}, http.StatusForbidden},
		{"a profile for elsewhere", "GET", "/debug/pprof/cmdline", []string{"https://evil.example"}, http.StatusForbidden},
		{"a page without an origin", "POST", "/debug/free", []string{"null"}, http.StatusForbidden},
		{"two origins", "POST", "/debug/free", []string{"http://127.0.0.1:4511", "https://evil.example"}, http.StatusForbidden},
	} {
		r := httptest.NewRequest(c.method, "http://127.0.0.1:4511"+c.target, nil)
		r.Header["Origin"] = c.origin
		w := httptest.NewRecorder()
		s.operatorRoutes().ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.status)
		}
	}
}

func TestPanicsOfPagesAreErrors(t *testing.T) {
	var out bytes.Buffer
	l := httpLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})))
	l.Print("http: TLS handshake error from 192.0.2.1:1: EOF")
	if out.Len() != 0 {
		t.Errorf("a handshake that failed woke somebody: %s", out.String())
	}
	l.Print("http: panic serving 192.0.2.1:1: oh")
	if !strings.Contains(out.String(), "level=ERROR") {
		t.Errorf("a panic is logged as %q", out.String())
	}
}
