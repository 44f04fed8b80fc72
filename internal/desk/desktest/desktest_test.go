package desktest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the document does not have is found: a status, a content type, a member, a value, and what was accepted and is not allowed.
func TestTheDocumentIsHeldAgainstAnswers(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	const jsonType, contact = "application/json", "33333333-1111-4111-8111-111111111111"
	for _, e := range []struct {
		method, target, sent string
		status               int
		kind, answered, says string // says is empty where nothing is wrong
	}{
		{"POST", "contacts/" + contact + "/accept", "", 200, jsonType, `{}`, ""},
		{"POST", "contacts/" + contact + "/accept", "", 409, jsonType, `{"type":"InvalidStateException","message":"x"}`, ""},
		{"GET", "nothing", "", 404, jsonType, `{}`, ""},
		{"GET", "nothing", "", 200, jsonType, `{}`, "the path is not in the document"},
		{"POST", "contacts/" + contact + "/accept", "", 201, jsonType, `{}`, "the status is not in the document"},
		{"POST", "contacts/" + contact + "/accept", "", 200, "text/html", `{}`, `the content type "text/html" is not`},
		{"POST", "contacts/" + contact + "/accept", "", 200, jsonType, `{"more":1}`, "additional properties 'more' not allowed"},
		{"POST", "contacts/" + contact + "/accept", "", 200, jsonType, `nothing`, "invalid character"},
		{"POST", "contacts/" + contact + "/accept", "", 409, jsonType, `{"type":"BadEndpointException","message":"x"}`, "value must be"},
		{"POST", "contacts/" + contact + "/accept", "", 409, jsonType, `{"type":"InvalidStateException"}`, "missing property 'message'"},
		{"POST", "contacts/" + contact + "/accept", `{"more":1}`, 200, jsonType, `{}`, "the request was accepted"},
		{"POST", "contacts/" + contact + "/accept?more=1", "", 200, jsonType, `{}`, `the parameter "more" is not`},
		{"PUT", "state", `{"name":"Available"}`, 200, jsonType, `{}`, ""},
		{"PUT", "state", `{"name":7}`, 200, jsonType, `{}`, "the request was accepted"},
		{"PUT", "state", `{"name":7}`, 400, jsonType, `{"type":"InvalidParameterException","message":"x"}`, ""},
		{"GET", "contacts/" + contact + "/attributes", "", 200, jsonType, `{"attributes":{"a":1}}`, "want string"},
	} {
		err := c.judge(&exchange{
			httptest.NewRequest(e.method, "/agent/v1/"+e.target, nil), []byte(e.sent), e.status, http.Header{"Content-Type": {e.kind}}, []byte(e.answered),
		})
		if e.says == "" && err != nil || e.says != "" && (err == nil || !strings.Contains(err.Error(), e.says)) {
			t.Errorf("%s %s %s %d %s: %v, want %q", e.method, e.target, e.sent, e.status, e.answered, err, e.says)
		}
	}
	if err := Frame([]byte(`{"type":"news"}`)); err == nil {
		t.Error("a frame of a type that the document does not have is taken")
	}
	if err := Frame([]byte(`{"type":"snapshot"}`)); err == nil {
		t.Error("a frame without its members is taken")
	}
}
