// Package desktest holds what the agent's side really answers against its OpenAPI document, in the tests of whoever calls it: each
// answer must be described, with its status, its content type and every member of its body, and what was accepted must be what the
// document allows. So the document cannot say less or more than is so.
package desktest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parley-chat/parley/internal/desk"
)

// address is what the document is called while it is compiled.
const address = "https://parley.test/openapi.json"

// contract is the document, ready to judge.
type contract struct {
	document map[string]any
	compiler *jsonschema.Compiler
	mux      *http.ServeMux // finds the path of the document that a request has

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema // by their place in the document
}

var theContract = sync.OnceValues(func() (*contract, error) {
	rec := httptest.NewRecorder()
	desk.New(desk.Config{}).ServeHTTP(rec, httptest.NewRequest("GET", desk.Prefix+"openapi.json", nil))
	return read(rec.Body.Bytes())
})

func read(raw []byte) (*contract, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	document, ok := parsed.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the document is no object: %.100s", raw)
	}
	closed(document)
	c := &contract{document: document, compiler: jsonschema.NewCompiler(), mux: http.NewServeMux(), schemas: map[string]*jsonschema.Schema{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource(address, document); err != nil {
		return nil, err
	}
	paths, _ := document["paths"].(map[string]any)
	for path, item := range paths {
		for method := range item.(map[string]any) {
			c.mux.HandleFunc(strings.ToUpper(method)+" "+path, http.NotFound)
		}
	}
	return c, nil
}

// closed makes every schema of an object one without members that it does not list, which clients need not mind and a test must.
func closed(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, within := range v {
			closed(within)
		}
		if v["type"] == "object" && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
	case []any:
		for _, within := range v {
			closed(within)
		}
	}
}

// at is what stands at a place in the document, with references followed.
func (c *contract) at(place ...string) (found any, where []string) {
	found = c.document
	for _, part := range place {
		m, _ := found.(map[string]any)
		found = m[part]
		where = append(where, part)
		if m, ok := found.(map[string]any); ok {
			if ref, ok := m["$ref"].(string); ok {
				return c.at(append(strings.Split(strings.TrimPrefix(ref, "#/"), "/"), place[len(where):]...)...)
			}
		}
	}
	return found, where
}

// holds checks a JSON value against the schema at a place.
func (c *contract) holds(raw []byte, place ...string) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("%w in %.200q", err, raw)
	}
	var pointer strings.Builder
	for _, part := range place {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	key := pointer.String()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.schemas[key]
	if s == nil {
		if s, err = c.compiler.Compile(address + "#" + (&url.URL{Path: key}).EscapedPath()); err != nil {
			return err
		}
		c.schemas[key] = s
	}
	return s.Validate(value)
}

// exchange is a request and its answer.
type exchange struct {
	request  *http.Request
	sent     []byte
	status   int
	header   http.Header
	answered []byte
}

// judge says what is wrong with an exchange.
func (c *contract) judge(e *exchange) error {
	_, pattern := c.mux.Handler(&http.Request{Method: e.request.Method, Host: "parley.test", URL: &url.URL{Path: e.request.URL.Path, RawPath: e.request.URL.RawPath}})
	method, path, _ := strings.Cut(pattern, " ")
	if pattern == "" {
		if e.request.Method == http.MethodOptions || e.status == http.StatusNotFound || e.status == http.StatusMethodNotAllowed {
			return nil
		}
		return fmt.Errorf("the path is not in the document")
	}
	place := []string{"paths", path, strings.ToLower(method)}
	found, where := c.at(append(place, "responses", fmt.Sprint(e.status))...)
	if found == nil {
		return fmt.Errorf("the status is not in the document")
	}
	content, _ := found.(map[string]any)["content"].(map[string]any)
	switch kind, _, _ := mime.ParseMediaType(e.header.Get("Content-Type")); {
	case len(content) == 0:
		if len(e.answered) > 0 {
			return fmt.Errorf("the document knows no body")
		}
	case e.request.Method == http.MethodHead:
	case content[kind] == nil && content[e.header.Get("Content-Type")] == nil:
		return fmt.Errorf("the content type %q is not in the document", e.header.Get("Content-Type"))
	case kind == "application/json":
		if err := c.holds(e.answered, append(where, "content", kind, "schema")...); err != nil {
			return err
		}
	}
	if e.status >= 300 {
		return nil
	}
	// What was accepted must be allowed.
	if body, _ := c.at(append(place, "requestBody")...); body != nil && len(e.sent) > 0 {
		if err := c.holds(e.sent, append(place, "requestBody", "content", "application/json", "schema")...); err != nil {
			return fmt.Errorf("the request was accepted: %w", err)
		}
	}
	known := map[string]bool{}
	parameters, _ := c.at(append(place, "parameters")...)
	for _, p := range asSlice(parameters) {
		if p := p.(map[string]any); p["in"] == "query" {
			known[p["name"].(string)] = true
		}
	}
	for name := range e.request.URL.Query() {
		if !known[name] {
			return fmt.Errorf("the request was accepted: the parameter %q is not in the document", name)
		}
	}
	return nil
}

func asSlice(v any) []any { s, _ := v.([]any); return s }

// Frame holds the content of a frame of the agent's topic against the document.
func Frame(content []byte) error {
	c, err := theContract()
	if err != nil {
		return err
	}
	var kind struct{ Type string }
	if err := json.Unmarshal(content, &kind); err != nil {
		return err
	}
	name := map[string]string{"snapshot": "SnapshotView", "transition": "TransitionView", "inactivity": "InactivityView"}[kind.Type]
	if name == "" {
		return fmt.Errorf("the document knows no frame of the type %q", kind.Type)
	}
	return c.holds(content, "components", "schemas", name)
}

func report(t testing.TB, e *exchange) {
	t.Helper()
	c, err := theContract()
	if err == nil {
		err = c.judge(e)
	}
	if err != nil {
		t.Errorf("the OpenAPI document does not hold: %s %s answered %d: %v\n%.2000s", e.request.Method, e.request.URL.RequestURI(), e.status, err, e.answered)
	}
}

func watched(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, desk.Prefix) }

// Handler is a handler whose answers below /agent/v1 are held against the document.
func Handler(t testing.TB, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !watched(r) {
			h.ServeHTTP(w, r)
			return
		}
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		var sent bytes.Buffer
		asked := r.Clone(r.Context())
		if r.Body != nil {
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(r.Body, &sent), r.Body}
		}
		h.ServeHTTP(rec, r)
		header := w.Header()
		if rec.header != nil {
			header = rec.header
		}
		report(t, &exchange{asked, sent.Bytes(), rec.status, header, rec.body.Bytes()})
	})
}

// recorder keeps what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.header == nil {
		r.status, r.header = status, r.Header().Clone()
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.header == nil {
		r.header = r.Header().Clone()
	}
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Hijack gives the connection to a socket.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h, ok := r.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.ErrUnsupported
	}
	conn, buf, err := h.Hijack()
	if err == nil && r.header == nil {
		r.status, r.header = http.StatusSwitchingProtocols, http.Header{}
	}
	return conn, buf, err
}

// Transport is the transport of a client whose requests below /agent/v1 are held against the document, with their answers.
func Transport(t testing.TB, base *http.Transport) http.RoundTripper { return &transport{base, t} }

type transport struct {
	*http.Transport
	t testing.TB
}

// RoundTrip makes a request, and reads all of its answer.
func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !watched(r) {
		return tr.Transport.RoundTrip(r)
	}
	var sent bytes.Buffer
	asked := r
	if r.Body != nil {
		r = r.Clone(r.Context())
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &sent), r.Body}
	}
	got, err := tr.Transport.RoundTrip(r)
	if err != nil || got.StatusCode == http.StatusSwitchingProtocols {
		return got, err
	}
	raw, err := io.ReadAll(got.Body)
	_ = got.Body.Close()
	if err != nil {
		return nil, err
	}
	got.Body = io.NopCloser(bytes.NewReader(raw))
	report(tr.t, &exchange{asked, sent.Bytes(), got.StatusCode, got.Header, raw})
	return got, nil
}
