package desk

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// route is one operation.
type route struct {
	method, path string
	open         bool       // whoever calls need not be signed in
	needs        [][]string // permissions: the caller must have one of each; none: being signed in is enough
	do           func(*call) (any, error)
}

// routes are all operations.
var routes []route

func init() { // not a literal: the operations refer to the table by what they call
	for _, some := range [][]route{sessionRoutes, stateRoutes, contactRoutes, connectRoutes, monitorRoutes, socketRoutes, overviewRoutes} {
		routes = append(routes, some...)
	}
}

// Route is an operation of the table, for those who walk over it.
type Route struct {
	Method, Path string
	Open         bool
	Needs        [][]string
}

// Routes returns the table of operations.
func Routes() []Route {
	all := make([]Route, len(routes))
	for i, rt := range routes {
		all[i] = Route{rt.method, rt.path, rt.open, rt.needs}
	}
	return all
}

// call is one request under way.
type call struct {
	*Desk
	w     http.ResponseWriter
	r     *http.Request
	route *route
	taken bool // the answer is the socket's

	who     center.Principal
	user    *center.User
	session store.Session
	secret  string // what the caller's client holds of the session
}

// maxBody is enough for every request.
const maxBody = 64 << 10

// empty is the answer of an operation that has none.
type empty struct{}

// body decodes the request's JSON object into v. An absent body is an object without members. Messages never hold a value.
func (c *call) body(limit int64, v any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = errors.New("more than one value")
		}
	}
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typed):
		return center.Refuse(center.InvalidParameter, "%s must be %s, got a JSON %s", orBody(typed.Field), typeName(typed.Type.Kind().String()), typed.Value)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		name := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return center.Refuse(center.InvalidParameter, "The request body has an unknown member of %d characters; see docs/agent-api.md", len([]rune(name)))
	}
	return center.Refuse(center.InvalidRequest, "The request body must be one JSON object (%d bytes)", len(raw))
}

func orBody(field string) string {
	if field == "" {
		return "The request body"
	}
	return field
}

// typeName is a kind of Go's as JSON calls it.
func typeName(kind string) string {
	switch kind {
	case "string", "map":
		return map[string]string{"string": "a string", "map": "an object"}[kind]
	case "struct", "ptr":
		return "an object"
	case "bool":
		return "a boolean"
	case "slice":
		return "an array"
	}
	return "a number"
}

// short refuses a text that is too long or missing.
func short(name, value string, most int) error {
	switch n := len([]rune(value)); {
	case n == 0:
		return center.Refuse(center.InvalidParameter, "%s is required", name)
	case n > most:
		return center.Refuse(center.InvalidParameter, "%s must have at most %d characters, got %d", name, most, n)
	}
	return nil
}
