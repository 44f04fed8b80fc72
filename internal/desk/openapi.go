package desk

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/parley-chat/parley/internal/center"
)

// The OpenAPI document is made of the table of routes, of the Go types of what operations take and answer, and of their tags. So it
// can say nothing that the table does not. The shapes here are OpenAPI's own (specification 3.1.1), with what is used of it.

var documentRoutes = []route{
	row("GET", "openapi.json", signedIn, "Shows this document.", (*call).showDocument).toAnyone().
		instead(200, typeJSON, "This document: the operations below "+Prefix+" as OpenAPI 3.1 describes them.").
		also(304, "", "The document is the one that If-None-Match names."),
}

const typeJSON = "application/json"

type openAPI struct {
	Version    string                           `json:"openapi"`
	Info       openInfo                         `json:"info"`
	Paths      map[string]map[string]*operation `json:"paths"`
	Components openComponents                   `json:"components"`
}

type openInfo struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
}

type openComponents struct {
	Schemas   map[string]*schema        `json:"schemas"`
	Responses map[string]*response      `json:"responses"`
	Security  map[string]securityScheme `json:"securitySchemes"`
}

type securityScheme struct {
	Type        string `json:"type"`
	In          string `json:"in,omitempty"`
	Name        string `json:"name,omitempty"`
	Scheme      string `json:"scheme,omitempty"`
	Description string `json:"description"`
}

type operation struct {
	ID          string                `json:"operationId"`
	Summary     string                `json:"summary"`
	Description string                `json:"description,omitempty"`
	Tags        []string              `json:"tags"`
	Parameters  []parameter           `json:"parameters,omitempty"`
	Body        *requestBody          `json:"requestBody,omitempty"`
	Responses   map[string]*response  `json:"responses"`
	Security    []map[string][]string `json:"security"`
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Schema      *schema `json:"schema"`
}

type requestBody struct {
	Required bool                 `json:"required,omitempty"`
	Content  map[string]mediaType `json:"content"`
}

type mediaType struct {
	Schema *schema `json:"schema"`
}

type response struct {
	Ref         string               `json:"$ref,omitempty"`
	Description string               `json:"description,omitempty"`
	Headers     map[string]header    `json:"headers,omitempty"`
	Content     map[string]mediaType `json:"content,omitempty"`
}

type header struct {
	Description string  `json:"description"`
	Schema      *schema `json:"schema"`
}

// schema is a JSON Schema. The zero value allows everything.
type schema struct {
	Ref           string             `json:"$ref,omitempty"`
	Type          types              `json:"type,omitzero"`
	Format        string             `json:"format,omitempty"`
	Description   string             `json:"description,omitempty"`
	Pattern       string             `json:"pattern,omitempty"`
	Enum          []any              `json:"enum,omitempty"`
	AnyOf         []*schema          `json:"anyOf,omitempty"`
	MinLength     *int64             `json:"minLength,omitempty"`
	MaxLength     *int64             `json:"maxLength,omitempty"`
	MinItems      *int64             `json:"minItems,omitempty"`
	MaxItems      *int64             `json:"maxItems,omitempty"`
	MinProperties *int64             `json:"minProperties,omitempty"`
	MaxProperties *int64             `json:"maxProperties,omitempty"`
	Minimum       *int64             `json:"minimum,omitempty"`
	Maximum       *int64             `json:"maximum,omitempty"`
	Items         *schema            `json:"items,omitempty"`
	Properties    map[string]*schema `json:"properties,omitempty"`
	Required      []string           `json:"required,omitempty"`
	Others        any                `json:"additionalProperties,omitempty"` // false, or the schema of a map's values
}

// types are the types of a schema: one is written as a string.
type types []string

func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// orNull lets a schema be null too.
func (s *schema) orNull() *schema {
	if s.Ref != "" {
		return &schema{AnyOf: []*schema{s, {Type: types{"null"}}}}
	}
	if len(s.Type) == 0 || slices.Contains(s.Type, "null") {
		return s // it is allowed already
	}
	s.Type = append(s.Type, "null")
	if len(s.Enum) > 0 {
		s.Enum = append(s.Enum, nil)
	}
	return s
}

// documenter makes a document.
type documenter struct {
	openAPI
	named map[string]named // whose schemas the components have
}

// named is a Go type as operations take or answer it.
type named struct {
	of    reflect.Type
	taken bool
}

// document is the OpenAPI document of some routes.
func document(some []route) *openAPI {
	d := &documenter{
		openAPI: openAPI{
			Version: "3.1.0",
			Info:    openInfo{Title: "parley: the agent's side", Version: "1", Description: aboutAll},
			Paths:   map[string]map[string]*operation{},
			Components: openComponents{
				Schemas: map[string]*schema{}, Responses: map[string]*response{},
				Security: map[string]securityScheme{
					"bearer":       {Type: "http", Scheme: "bearer", Description: "The token of a session that a program began with bearer: true."},
					"cookie":       {Type: "apiKey", In: "cookie", Name: cookieName, Description: "The session of a page of this server, over plain HTTP."},
					"secureCookie": {Type: "apiKey", In: "cookie", Name: secureName, Description: "The session of a page of this server, over TLS."},
					"csrf":         {Type: "apiKey", In: "header", Name: csrfHeader, Description: "The csrf of the session that a cookie names, for everything but GET."},
				},
			},
		},
		named: map[string]named{},
	}
	for i := range some {
		rt := &some[i]
		path := inPath.ReplaceAllString(rt.path, "{$1}")
		if d.Paths[path] == nil {
			d.Paths[path] = map[string]*operation{}
		}
		d.Paths[path][strings.ToLower(rt.method)] = d.operation(rt)
	}
	// What the socket sends is no answer of an operation, and is described all the same.
	d.schema(reflect.TypeFor[agentFrame](), rule{}, false)
	d.schema(reflect.TypeFor[transitionView](), rule{}, false)
	d.schema(reflect.TypeFor[snapshotView](), rule{}, false)
	d.schema(reflect.TypeFor[inactivityView](), rule{}, false)
	return &d.openAPI
}

const aboutAll = "What clients of agents and supervisors call: signing in, the state of the agent, contacts, what a supervisor sees. " +
	"Times are seconds since 1970, with milliseconds behind the point, where nothing else is said. Request bodies have no member that is not listed. " +
	"docs/agent-api.md has it in words. Paths that are not listed are answered with 404, other methods with 405, both of type UnknownOperationException.\n\n" +
	"GET " + Prefix + "socket becomes a WebSocket. Its frames of topic " + topicAgent + " have the shape of AgentFrame, with a SnapshotView or a " +
	"TransitionView as content; those of topic aws/chat are items of chats as the Participant Service of Amazon Connect has them, with a cursor. A client sends " +
	`{"topic":"aws/heartbeat"} now and then; a socket that is silent for 150 seconds is closed. It is closed with 1008 when its session has ended, and with 1001 when ` +
	"the client should come back, with the last cursor of each stream as after."

// operation describes a route.
func (d *documenter) operation(rt *route) *operation {
	below := strings.TrimPrefix(rt.path, Prefix)
	op := &operation{ID: operationID(rt.method, below), Summary: rt.about, Responses: map[string]*response{}, Security: []map[string][]string{}}
	first, _, _ := strings.Cut(below, "/")
	op.Tags = []string{first}
	if !rt.open {
		op.Description = needsInWords(rt.needs)
		op.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}, {"secureCookie": {}}}
		if rt.method != http.MethodGet {
			op.Security[1]["csrf"], op.Security[2]["csrf"] = []string{}, []string{}
		}
	}
	for _, m := range rt.in.path {
		m.rule.required = true
		op.Parameters = append(op.Parameters, parameter{m.name, "path", m.about, true, d.schema(m.kind, m.rule, true)})
	}
	for _, m := range rt.in.query {
		op.Parameters = append(op.Parameters, parameter{m.name, "query", m.about, m.rule.required, d.schema(m.kind, m.rule, true)})
	}
	if rt.method != http.MethodGet {
		body := d.structure(rt.in.body, true)
		if len(body.Required) == 0 {
			body = body.orNull() // which is as no body
		}
		op.Body = &requestBody{len(body.Required) > 0, map[string]mediaType{typeJSON: {body}}}
	}
	if !rt.noJSON {
		op.Responses["200"] = &response{Description: "Done.", Content: map[string]mediaType{typeJSON: {d.schema(rt.out, rule{}, false)}}}
	}
	for _, a := range rt.others {
		r := &response{Description: a.about}
		if a.contentType != "" {
			r.Content = map[string]mediaType{a.contentType: {&schema{}}}
		}
		op.Responses[strconv.Itoa(a.status)] = r
	}
	for status, names := range rt.faults() {
		op.Responses[strconv.Itoa(status)] = d.refusal(status, names)
	}
	return op
}

// operationID is one name for a route: getContactsContactTranscript.
func operationID(method, below string) string {
	id, up := strings.ToLower(method), true
	for _, r := range below {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			up = true
		case up:
			id, up = id+string(unicode.ToUpper(r)), false
		default:
			id += string(r)
		}
	}
	return id
}

func needsInWords(needs [][]string) string {
	if len(needs) == 0 {
		return "Every user may call it who is signed in."
	}
	all := make([]string, len(needs))
	for i, anyOf := range needs {
		all[i] = oneOf(anyOf)
	}
	return "Permissions: " + strings.Join(all, ", and ") + "."
}

// faults are the types of the errors that a route answers with, by status.
func (rt *route) faults() map[int][]string {
	all := map[int]map[string]bool{}
	add := func(status int, name string) {
		if all[status] == nil {
			all[status] = map[string]bool{}
		}
		all[status][name] = true
	}
	add(http.StatusForbidden, "AccessDeniedException")
	add(http.StatusInternalServerError, "InternalServiceException")
	add(http.StatusServiceUnavailable, "ServiceUnavailableException")
	if !rt.open || rt.credentials {
		add(http.StatusUnauthorized, "UnauthorizedException")
		add(http.StatusTooManyRequests, "ThrottlingException")
	}
	if rt.method != http.MethodGet {
		add(http.StatusBadRequest, "InvalidParameterException")
		add(http.StatusBadRequest, "InvalidRequestException")
		add(http.StatusRequestTimeout, "RequestTimeoutException")
		add(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException")
	} else if len(rt.in.query) > 0 {
		add(http.StatusBadRequest, "InvalidParameterException")
	}
	for _, code := range rt.refusals {
		add(faults[code].status, faults[code].name)
	}
	sorted := map[int][]string{}
	for status, names := range all {
		sorted[status] = slices.Sorted(maps.Keys(names))
	}
	return sorted
}

// whenRefused says of each status of an error what it means.
var whenRefused = map[int]string{
	400: "A member, a parameter or the body is wrong, or what is asked for is not possible so.",
	401: "The caller is not signed in, or the session has ended; or the credentials are wrong.",
	402: "A quota is exceeded.",
	403: "A permission, the CSRF token or an approved origin is missing, or the contact is not accepted.",
	404: "The caller has no such thing.",
	408: "The body did not arrive in time.",
	409: "The state of the contact or of the agent forbids it.",
	413: "The body is too large.",
	429: "Too much was asked for.",
	500: "The server failed; its log says why.",
	503: "Nothing can be stored now. Try again.",
}

// refusal is the answer of an error, which operations share.
func (d *documenter) refusal(status int, names []string) *response {
	name := strconv.Itoa(status) + "." + strings.ReplaceAll(strings.Join(names, "."), "Exception", "")
	if d.Components.Responses[name] == nil {
		s := d.structure(reflect.TypeFor[faultOutput](), false)
		for _, n := range names {
			s.Properties["type"].Enum = append(s.Properties["type"].Enum, n)
		}
		r := &response{Description: whenRefused[status], Content: map[string]mediaType{typeJSON: {s}}}
		if status == http.StatusTooManyRequests {
			r.Headers = map[string]header{"Retry-After": {"The seconds after which to try again.", &schema{Type: types{"integer"}}}}
		}
		d.Components.Responses[name] = r
	}
	return &response{Ref: "#/components/responses/" + name}
}

// schema describes a Go type as it is taken or answered.
func (d *documenter) schema(t reflect.Type, r rule, taken bool) *schema {
	s := &schema{}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema{Type: types{"string"}, Format: "date-time"}
	case t == reflect.TypeFor[json.RawMessage](), t.Kind() == reflect.Interface:
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0 {
			return &schema{Type: types{"null"}} // there is none, ever
		}
		s = d.schema(t.Elem(), r, taken)
		if !r.required {
			s = s.orNull()
		}
		return s
	case reflect.String:
		s.Type, s.Format, s.Pattern, s.MinLength, s.MaxLength = types{"string"}, r.format, r.pattern, r.min, r.max
		if t.PkgPath() == centerPath && strings.HasSuffix(t.Name(), "ID") {
			s.Format = "uuid"
		}
		enum := r.enum
		if t == reflect.TypeFor[center.Role]() {
			enum = roles
		}
		for _, value := range enum {
			s.Enum = append(s.Enum, value)
		}
		if taken && r.required && s.MinLength == nil {
			one := int64(1)
			s.MinLength = &one
		} else if taken && !r.required {
			if len(s.Enum) > 0 {
				s.Enum = append(s.Enum, "") // it is absent then
			}
			if s.MinLength != nil {
				s.MinLength = nil
			}
		}
	case reflect.Bool:
		s.Type = types{"boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		s.Type, s.Minimum, s.Maximum = types{"integer"}, r.min, r.max
	case reflect.Float64:
		s.Type, s.Minimum, s.Maximum = types{"number"}, r.min, r.max
	case reflect.Slice:
		s.Type, s.MinItems, s.MaxItems, s.Items = types{"array"}, r.min, r.max, d.schema(t.Elem(), rule{required: r.pattern != "", pattern: r.pattern}, taken)
		if taken && r.required && s.MinItems == nil {
			one := int64(1)
			s.MinItems = &one
		}
	case reflect.Map:
		s.Type, s.MinProperties, s.MaxProperties, s.Others = types{"object"}, r.min, r.max, d.schema(t.Elem(), rule{}, taken)
	case reflect.Struct:
		return d.component(t, taken)
	default:
		panic(fmt.Sprintf("%v has no schema", t))
	}
	if r.null {
		s = s.orNull()
	}
	return s
}

var (
	centerPath = reflect.TypeFor[center.Role]().PkgPath()
	roles      = []string{string(center.RoleCustomer), string(center.RoleAgent), string(center.RoleSystem), string(center.RoleCustomParticipant), string(center.RoleSupervisor)}
)

// component is a reference to the schema of a struct.
func (d *documenter) component(t reflect.Type, taken bool) *schema {
	if t.Name() == "" {
		return d.structure(t, taken)
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '.' // of a generic type
	}, strings.ToUpper(t.Name()[:1])+t.Name()[1:])
	if taken && !strings.HasSuffix(name, "Input") {
		name += "Input"
	}
	this := named{t, taken}
	if known, ok := d.named[name]; !ok {
		d.named[name] = this
		d.Components.Schemas[name] = d.structure(t, taken) // which may refer to itself
	} else if known != this {
		panic(fmt.Sprintf("%v and %v have the same name in the document", known.of, t))
	}
	return &schema{Ref: "#/components/schemas/" + name}
}

// structure describes the members of a struct. What is taken has no others; clients of what is answered pass over those that
// they do not know.
func (d *documenter) structure(t reflect.Type, taken bool) *schema {
	s := &schema{Type: types{"object"}, Properties: map[string]*schema{}}
	if taken {
		s.Others = false
	}
	for _, f := range reflect.VisibleFields(t) {
		name := jsonName(&f)
		if name == "" {
			if f.IsExported() && !f.Anonymous && f.Tag.Get("json") != "-" {
				panic(fmt.Sprintf("%v.%s has no name in JSON", t, f.Name))
			}
			continue
		}
		m := memberOf(name, &f)
		_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		kind := f.Type
		if !taken && optional && kind.Kind() == reflect.Pointer {
			kind = kind.Elem() // it is absent, never null
		}
		member := d.schema(kind, m.rule, taken)
		if taken && !m.rule.required {
			member = member.orNull() // which is as if it were absent
		}
		member.Description = m.about
		s.Properties[name] = member
		if taken && m.rule.required || !taken && !optional {
			s.Required = append(s.Required, name)
		}
	}
	slices.Sort(s.Required)
	return s
}

// served is the document of all routes, as it is sent, and its tag.
var served = sync.OnceValues(func() ([]byte, string) {
	raw, err := json.Marshal(document(routes))
	if err != nil {
		panic(err) // strings and numbers
	}
	sum := sha256.Sum256(raw)
	return raw, `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
})

// showDocument serves the document. It is the same for everyone, until the program is another one.
func (c *call) showDocument(empty) (none empty, err error) {
	raw, tag := served()
	h := c.w.Header()
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("ETag", tag)
	c.taken = true
	if c.r.Header.Get("If-None-Match") == tag {
		c.w.WriteHeader(http.StatusNotModified)
		return none, nil
	}
	h.Set("Content-Type", typeJSON)
	_, _ = c.w.Write(raw) // or the client is gone
	return none, nil
}
