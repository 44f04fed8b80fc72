package desk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// route is one operation. Rows are made by [row]; the package's comment says how.
type route struct {
	method, path string
	about        string
	open         bool       // whoever calls need not be signed in
	visited      bool       // a browser goes there, from wherever it was: pages of other origins read nothing of it
	credentials  bool       // it is open and checks who calls all the same
	needs        [][]string // permissions: the caller must have one of each; none: being signed in is enough
	in           *input
	out          reflect.Type
	others       []otherAnswer
	noJSON       bool // no success is answered with an out
	refusals     []center.Code
	do           func(*call) (any, error)
}

// otherAnswer is an answer that the handler writes itself: a socket, a page, a redirect.
type otherAnswer struct {
	status      int
	contentType string // "" without a body
	about       string
}

// row makes the row of an operation below [Prefix]. What it takes is an In, what it answers in JSON with 200 an Out.
func row[In, Out any](method, path string, needs [][]string, about string, do func(*call, In) (Out, error)) route {
	if !strings.HasSuffix(about, ".") {
		panic(fmt.Sprintf("%s %s: %q is no sentence", method, path, about))
	}
	in := inputOf(method, path, reflect.TypeFor[In]())
	return route{
		method: method, path: Prefix + path, about: about, needs: needs, in: in, out: reflect.TypeFor[Out](),
		do: func(c *call) (any, error) {
			var v In
			if err := in.read(c, reflect.ValueOf(&v).Elem()); err != nil {
				return nil, err
			}
			return do(c, v)
		},
	}
}

// toAnyone lets callers in who are not signed in.
func (rt route) toAnyone() route {
	rt.open = true
	return rt
}

// checking is for operations that are open and look at credentials: they may answer 401 and 429.
func (rt route) checking() route {
	rt.credentials = true
	return rt
}

// upTo bounds the body to other than maxBody bytes.
func (rt route) upTo(bytes int64) route {
	rt.in.limit = bytes
	return rt
}

// visits is for operations that a browser goes to, from whatever page it was at: that page reads nothing of the answer.
func (rt route) visits() route {
	rt.visited = true
	return rt
}

// refuses says with what an operation refuses beside what every one does: the codes of its own refusals, and of those of what it
// calls.
func (rt route) refuses(codes ...center.Code) route {
	rt.refusals = append(rt.refusals, codes...)
	return rt
}

// also describes another answer, which the handler writes itself, with c.taken. contentType is "" where it has no body.
func (rt route) also(status int, contentType, about string) route {
	rt.others = append(rt.others, otherAnswer{status, contentType, about})
	return rt
}

// instead is also for an operation that never answers with an Out.
func (rt route) instead(status int, contentType, about string) route {
	rt.noJSON = true
	return rt.also(status, contentType, about)
}

// signedIn is what operations need that every user may call who is signed in.
var signedIn [][]string

// routes are all operations.
var routes []route

func init() { // not a literal: the operations refer to the table by what they call
	for _, some := range [][]route{
		sessionRoutes, handOverRoutes, stateRoutes, contactRoutes, connectRoutes, monitorRoutes, socketRoutes, overviewRoutes, documentRoutes,
		historyRoutes, noteRoutes, permissionRoutes, blockedRoutes, quickRoutes, widgetRoutes, passwordRoutes, providerRoutes,
	} {
		routes = append(routes, some...)
	}
}

// Route is an operation of the table, for those who walk over it.
type Route struct {
	Method, Path string
	About        string
	Open         bool
	Needs        [][]string
}

// Routes returns the table of operations.
func Routes() []Route {
	all := make([]Route, len(routes))
	for i, rt := range routes {
		all[i] = Route{rt.method, rt.path, rt.about, rt.open, rt.needs}
	}
	return all
}

// call is one request under way.
type call struct {
	*Desk
	w     http.ResponseWriter
	r     *http.Request
	route *route
	taken bool // the answer is written: the socket's, or one of the route's others

	who     center.Principal
	user    *center.User
	session store.Session
	secret  string // what the caller's client holds of the session
}

// maxBody is enough for every request.
const maxBody = 64 << 10

// empty is the input of an operation that takes nothing, and the answer of one that says nothing more.
type empty struct{}

// body decodes the request's JSON object into v. An absent body, or null, is an object without members. Messages never hold a value.
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
		var given any
		if err := json.Unmarshal(raw, &given); err != nil {
			return center.Refuse(center.InvalidRequest, "The request body must be one JSON object (%d bytes)", len(raw))
		}
		return exact("", reflect.TypeOf(v), given)
	case errors.As(err, &typed):
		return center.Refuse(center.InvalidParameter, "%s must be %s, got a JSON %s", orBody(typed.Field), typeName(typed.Type.Kind().String()), typed.Value)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		name := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return unknownMember(name)
	}
	return center.Refuse(center.InvalidRequest, "The request body must be one JSON object (%d bytes)", len(raw))
}

func unknownMember(name string) error {
	return center.Refuse(center.InvalidParameter, "The request body has an unknown member of %d characters; see docs/agent-api.md", len([]rune(name)))
}

// exact refuses what the decoder lets pass: names of members in other letters, and null within an array or a map.
func exact(place string, t reflect.Type, given any) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil // it reads itself
	}
	switch v := given.(type) {
	case map[string]any:
		members := map[string]reflect.Type{}
		if t.Kind() == reflect.Struct {
			for _, f := range reflect.VisibleFields(t) {
				members[jsonName(&f)] = f.Type
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			within, at := members[name], place
			switch {
			case t.Kind() == reflect.Map:
				within = t.Elem() // a key is the text of the caller, and stays out of messages
				if v[name] == nil {
					return center.Refuse(center.InvalidParameter, "%s must not have a member that is null", place)
				}
			case t.Kind() != reflect.Struct:
				return nil // anything
			case within == nil:
				return unknownMember(name)
			default:
				at = strings.TrimPrefix(place+"."+name, ".")
			}
			if err := exact(at, within, v[name]); err != nil {
				return err
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return nil
		}
		for i, element := range v {
			at := fmt.Sprintf("%s[%d]", place, i)
			if element == nil {
				return center.Refuse(center.InvalidParameter, "%s must not be null", at)
			}
			if err := exact(at, t.Elem(), element); err != nil {
				return err
			}
		}
	}
	return nil
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
	case "int", "int64":
		return "a whole number"
	}
	return "a number"
}
