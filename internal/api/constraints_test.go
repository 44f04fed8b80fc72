package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
	"github.com/parley-chat/parley/internal/wire/wiretest"
)

// TestEveryConstraint sends, for every field of every served operation, a request that breaks each of its
// constraints, and one that only just does not: missing, null, of the wrong type, one under, one over, at the limit.
func TestEveryConstraint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.prepare("start")
		w.prepare("connect")
		before := w.everything()
		n := 0
		for _, op := range served() {
			for _, c := range wiretest.Cases(op, constraintsOf(op)) {
				n++
				w.tryConstraint(op, c)
			}
		}
		if n < 400 {
			t.Errorf("only %d cases were made", n)
		}
		if after := w.everything(); after != before {
			t.Errorf("the chat has changed, from\n%s\nto\n%s", before, after)
		}
	})
}

func served() []wire.Op {
	return api.Operations()
}

// allConstraints are read once: tests ask for those of each operation many times.
var allConstraints = sync.OnceValue(func() map[string]map[string][]wire.Constraint {
	return map[string]map[string][]wire.Constraint{"connect": connect.Constraints(), "participant": participant.Constraints()}
})

func constraintsOf(op wire.Op) []wire.Constraint { return allConstraints()[op.Service][op.Name] }

// everything is what can be seen of the world's chat.
func (w *world) everything() string {
	w.t.Helper()
	return w.call("GET", "/contacts/"+instanceID+"/"+string(w.contact), "", "").body +
		w.call("POST", "/participant/transcript", w.names["customerConnection"], `{"MaxResults":100}`).body
}

func (w *world) tryConstraint(op wire.Op, c wiretest.Case) {
	w.t.Helper()
	if len(c.Request.Body) > 1<<20 {
		return // the front door's limit comes before the model's
	}
	r := httptest.NewRequest(op.Method, wiretest.Target(op, c.Request), strings.NewReader(string(c.Request.Body)))
	for name, values := range c.Request.Header {
		r.Header[name] = values
	}
	aboutToken := strings.HasPrefix(c.Name, "ConnectionToken ") || strings.HasPrefix(c.Name, "ParticipantToken ")
	if op.Auth == wire.Bearer && !aboutToken {
		r.Header.Set("X-Amz-Bearer", w.bearerFor(op))
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	got := fmt.Sprintf("%d %s", rec.Code, errorType(rec))
	switch {
	case aboutToken:
		if got != "403 AccessDeniedException" {
			w.t.Errorf("%s: %s: got %s, want no access", op.Name, c.Name, got)
		}
	case c.Want != nil:
		want := refusalOf(op)
		if c.Want.Field == "InstanceId" && c.Want.Rule != wire.Missing {
			want = malformedInstance(op)
		}
		if got != want || !strings.Contains(rec.Body.String(), c.Want.Field) {
			w.t.Errorf("%s: %s: got %s, want %s naming %s: %s", op.Name, c.Name, got, want, c.Want.Field, rec.Body)
		}
	case c.WantSyntax:
		want := "400 SerializationException"
		if op.Service == "participant" {
			want = "400 ValidationException"
		}
		if got != want {
			w.t.Errorf("%s: %s: got %s, want %s: %s", op.Name, c.Name, got, want, rec.Body)
		}
	default: // within the model: the ids name nothing, so anything but a fault and a model's error will do
		if rec.Code >= 500 {
			w.t.Errorf("%s: %s: got %s: %s", op.Name, c.Name, got, rec.Body)
		}
	}
}

// bearerFor is a token that is good, of somebody in a chat of their own, who may do there what they like.
func (w *world) bearerFor(op wire.Op) string {
	if w.names["customerOther"] == "" || op.Name == "DisconnectParticipant" {
		contact := w.contact
		w.prepare("start Other")
		w.prepare("connect customerOther")
		w.contact = contact
	}
	if op.Name == "CreateParticipantConnection" {
		return w.names["customerOtherToken"]
	}
	return w.names["customerOtherConnection"]
}

// refusalOf is what an operation answers to a field that breaks the model.
func refusalOf(op wire.Op) string {
	for _, code := range []string{"InvalidParameterException", "InvalidRequestException", "ValidationException"} {
		for _, e := range op.Errors {
			if e.Code == code {
				return fmt.Sprintf("%d %s", e.Status, e.Code)
			}
		}
	}
	panic(errors.New(op.Name + " has no error for bad fields"))
}

// malformedInstance is what an operation answers to an InstanceId that is malformed; a few do not declare InvalidRequestException.
func malformedInstance(op wire.Op) string {
	if slices.Contains(op.Errors, connect.InvalidRequestException) {
		return "400 InvalidRequestException"
	}
	return refusalOf(op)
}

func errorType(r *httptest.ResponseRecorder) string { return header(r, "x-amzn-ErrorType") }

// header reads a header whose spelling is AWS's.
func header(r *httptest.ResponseRecorder, name string) string {
	for key, values := range r.Header() {
		if strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}

// An InstanceId that names nothing because it is malformed is a bad request, in every operation and wherever it travels.
// Terraform would take NotFound for a deletion.
func TestMalformedInstanceIds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		for _, op := range served() {
			i := slices.IndexFunc(constraintsOf(op), func(c wire.Constraint) bool { return c.Field == "InstanceId" })
			if i < 0 {
				continue
			}
			for _, id := range []string{
				"arn", "x", "11111111-1111-4111-8111-11111111111", "11111111-1111-4111-8111-1111111111111", "g1111111-1111-4111-8111-111111111111",
				"11111111111141118111111111111111", "arn:aws:connect:us-east-1:123456789012:instance", "arn:aws:connect:us-east-1:123456789012:instance/x",
				"arn:aws:connect:us-east-1:123456789012:queue/" + instanceID, "../" + instanceID, "a b", strings.Repeat("1", 101), strings.Repeat("é", 260),
			} {
				q := wiretest.Example(op, constraintsOf(op))
				switch constraintsOf(op)[i].Location {
				case wire.Path:
					q.Path[slices.Index(pathArguments(op.Path), "InstanceId")] = id
				case wire.Query:
					q.Query.Set(constraintsOf(op)[i].Wire, id)
				case wire.Body:
					body := map[string]any{}
					if err := json.Unmarshal(q.Body, &body); err != nil && len(q.Body) > 0 {
						t.Fatal(err)
					}
					body["InstanceId"] = id
					q.Body, _ = json.Marshal(body)
				}
				r := httptest.NewRequest(op.Method, wiretest.Target(op, q), bytes.NewReader(q.Body))
				rec := httptest.NewRecorder()
				w.api.ServeHTTP(rec, r)
				got := fmt.Sprintf("%d %s", rec.Code, errorType(rec))
				if got != malformedInstance(op) || !strings.Contains(rec.Body.String(), "InstanceId") {
					t.Errorf("%s of %q: got %d %s: %s", op.Name, id, rec.Code, errorType(rec), rec.Body)
				}
			}
		}
	})
}

// pathArguments are the names of the arguments of a path's template.
func pathArguments(template string) (names []string) {
	for _, part := range strings.Split(template, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	return names
}

// Good ids of the wrong chat, of no chat, and ids that are no ids get the documented answer and change nothing.
func TestForeignAndForgedIdentifiers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.prepare("start")
		w.prepare("connect")
		before := w.everything()
		for _, id := range []string{
			nobody, "0", "null", "..%2F..%2Fetc%2Fpasswd", "%27%20OR%20%271%27%3D%271", "%27%3BDROP%20TABLE%20item%3B--", "%00", "%FF%FE",
			strings.Repeat("9", 100), "%7B%22a%22%3A1%7D", "aaaaaaaa-0000-4000-8000-00000000000%C0%B1",
		} {
			for _, path := range []string{
				"/contacts/" + instanceID + "/" + id, "/contacts/" + id + "/" + string(w.contact), "/instance/" + id,
				"/contact/attributes/" + instanceID + "/" + id, "/contact-flows/" + instanceID + "/" + id, "/contact-flows/" + id + "/" + flowID,
			} {
				if got := w.call("GET", path, "", ""); got.status != http.StatusNotFound && got.status != http.StatusBadRequest {
					t.Errorf("GET %s: got %d %s", path, got.status, got.body)
				}
			}
		}
		if after := w.everything(); after != before {
			t.Errorf("the chat has changed, from\n%s\nto\n%s", before, after)
		}
	})
}

// A body of any kind of rubbish gets an error of the form that SDKs read, and the server goes on.
func TestRubbishBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.prepare("start")
		w.prepare("connect")
		before := w.everything()
		for name, body := range map[string]string{
			"cut off":       `{"ContentType":"text/plain","Content":"x`,
			"not UTF-8":     "{\"ContentType\":\"text/plain\",\"Content\":\"\xff\"}",
			"a zero byte":   "{\"ContentType\":\"text/plain\",\"Content\":\"x\"}\x00",
			"deep":          strings.Repeat(`{"a":`, 1300) + "1" + strings.Repeat("}", 1300), // within each operation's bound
			"deep lists":    `{"x":` + strings.Repeat("[", 8000),
			"huge number":   `{"x":1e400` + strings.Repeat("0", 1000) + `,}`,
			"two documents": `{}{}`,
			"text":          `hello`,
			"xml":           `<a/>`,
			"form":          `ContentType=text%2Fplain&Content=x`,
			"lone quote":    `"`,
			"comment":       `{/* */}`,
		} {
			for _, op := range participant.Ops {
				if op.Method == http.MethodGet {
					continue // nobody looks at its body
				}
				token := w.names["customerConnection"]
				if op.Name == "CreateParticipantConnection" {
					token = w.names["customerToken"]
				}
				got := w.call(op.Method, op.Path, token, body)
				if got.status != http.StatusBadRequest || got.header.Get("X-Amzn-Errortype") != "ValidationException" {
					t.Errorf("%s: %s: got %d %s", op.Name, name, got.status, got.body)
				}
			}
			if got := w.call("PUT", "/contact/chat", "", body); got.status != http.StatusBadRequest || got.header.Get("X-Amzn-Errortype") != "SerializationException" {
				t.Errorf("StartChatContact: %s: got %d %s", name, got.status, got.body)
			}
		}
		if after := w.everything(); after != before {
			t.Errorf("the chat has changed, from\n%s\nto\n%s", before, after)
		}
	})
}
