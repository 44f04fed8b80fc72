package desk

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// input is how what an operation takes is read out of a request. See the package's comment for the tags of its fields.
type input struct {
	path, query []member
	body        reflect.Type // a struct of the members of the body alone
	inBody      []member     // where they are in the input, field by field
	checks      *checks
	limit       int64 // of the body in bytes
	method      string
}

// member is one field of an operation's input, or of a struct within it.
type member struct {
	name  string
	about string
	index []int
	rule  rule
	kind  reflect.Type
}

// rule is what a member must be beside its type. An empty string is one that is absent, as for all of Amazon Connect's clients.
type rule struct {
	required bool
	null     bool   // an array or a map of an answer that may be null
	min, max *int64 // of a number its value, of a text its characters, of an array its members
	enum     []string
	format   string // of a text, for the document alone; a pattern too, which the operation itself must hold to
	pattern  string
}

// ruleOf reads a tag: required,min=1,max=100,enum=A|B,format=uuid,null.
func ruleOf(tag string) (r rule) {
	for part := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "":
		case "required":
			r.required = true
		case "null":
			r.null = true
		case "enum":
			r.enum = strings.Split(value, "|")
		case "format":
			r.format = value
		case "min", "max":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				panic(fmt.Sprintf("rule %q: %v", tag, err))
			}
			if name == "min" {
				r.min = &n
			} else {
				r.max = &n
			}
		default:
			panic(fmt.Sprintf("rule %q: there is no %q", tag, name))
		}
	}
	return r
}

func memberOf(name string, f *reflect.StructField) member {
	m := member{name: name, about: f.Tag.Get("about"), index: f.Index, rule: ruleOf(f.Tag.Get("rule")), kind: f.Type}
	m.rule.pattern = f.Tag.Get("pattern")
	return m
}

// jsonName is the name of a field's member in JSON, "" if it has none.
func jsonName(f *reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

var inPath = regexp.MustCompile(`\{([^}.]+)(?:\.\.\.)?\}`)

// inputOf reads the tags of an operation's input. What is wrong with them is a fault of the table, found when it is built.
func inputOf(method, path string, t reflect.Type) *input {
	in := &input{limit: maxBody, method: method}
	wrong := func(format string, args ...any) {
		panic(fmt.Sprintf("%s %s: %v: ", method, path, t) + fmt.Sprintf(format, args...))
	}
	var fields []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous && f.Tag == "" {
			continue // its fields are there too
		}
		switch {
		case f.Tag.Get("path") != "":
			m := memberOf(f.Tag.Get("path"), &f)
			if f.Type.Kind() != reflect.String {
				wrong("%s is no string", f.Name)
			}
			in.path = append(in.path, m)
		case f.Tag.Get("query") != "":
			m := memberOf(f.Tag.Get("query"), &f)
			switch k := f.Type.Kind(); {
			case k == reflect.String, k == reflect.Int, k == reflect.Float64, k == reflect.Bool, f.Type == reflect.TypeFor[[]string]():
			default:
				wrong("%s is no string, int, float64, bool or []string", f.Name)
			}
			in.query = append(in.query, m)
		case jsonName(&f) != "":
			in.inBody = append(in.inBody, memberOf(jsonName(&f), &f))
			fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
		default:
			wrong("%s has no tag path, query or json", f.Name)
		}
	}
	if len(fields) > 0 && method == http.MethodGet {
		wrong("GET has no body")
	}
	in.body = reflect.StructOf(fields)
	in.checks = checksOf(in.body, map[reflect.Type]*checks{})
	var named []string
	for _, m := range in.path {
		named = append(named, m.name)
	}
	var parts []string
	for _, part := range inPath.FindAllStringSubmatch(path, -1) {
		parts = append(parts, part[1])
	}
	slices.Sort(named)
	slices.Sort(parts)
	if !slices.Equal(named, parts) {
		wrong("the path names %q, the input %q", parts, named)
	}
	return in
}

// read fills in what an operation takes.
func (in *input) read(c *call, into reflect.Value) error {
	for _, m := range in.path {
		into.FieldByIndex(m.index).SetString(c.r.PathValue(m.name))
	}
	if len(in.query) > 0 {
		query := c.r.URL.Query()
		for i := range in.query {
			m := &in.query[i]
			if err := m.fromQuery(query, into.FieldByIndex(m.index)); err != nil {
				return err
			}
		}
	}
	if in.method == http.MethodGet {
		return nil
	}
	body := reflect.New(in.body)
	if err := c.body(in.limit, body.Interface()); err != nil {
		return err
	}
	for i, m := range in.inBody {
		into.FieldByIndex(m.index).Set(body.Elem().Field(i))
	}
	return in.checks.check("", body.Elem())
}

// fromQuery reads a parameter. One that is empty is absent.
func (m *member) fromQuery(query url.Values, into reflect.Value) error {
	if into.Kind() == reflect.Slice {
		all := query[m.name]
		if m.rule.max != nil && int64(len(all)) > *m.rule.max {
			return center.Refuse(center.InvalidParameter, "%s may be given at most %d times, got %d", m.name, *m.rule.max, len(all))
		}
		into.Set(reflect.ValueOf(all))
		return nil
	}
	value := query.Get(m.name)
	if value == "" {
		if m.rule.required {
			return center.Refuse(center.InvalidParameter, "%s is required", m.name)
		}
		return nil
	}
	switch into.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return m.rule.outOfRange(m.name)
		}
		into.SetInt(int64(n))
	case reflect.Float64:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return m.rule.outOfRange(m.name)
		}
		into.SetFloat(n)
	case reflect.Bool:
		if value != "true" && value != "false" {
			return center.Refuse(center.InvalidParameter, "%s must be true or false", m.name)
		}
		into.SetBool(value == "true")
	default:
		into.SetString(value)
	}
	return m.rule.check(m.name, into)
}

// checks are the rules of a struct's members, and of what is within them.
type checks struct {
	members []member
	within  []*checks // of each member: of a struct, of an array's or a map's structs; nil without
}

func checksOf(t reflect.Type, known map[reflect.Type]*checks) *checks {
	if known[t] != nil {
		return known[t]
	}
	c := &checks{}
	known[t] = c
	for _, f := range reflect.VisibleFields(t) {
		name := jsonName(&f)
		if name == "" || !f.IsExported() {
			continue
		}
		m := memberOf(name, &f)
		bounded := m.rule.min != nil || m.rule.max != nil || m.rule.required
		if k := f.Type.Kind(); bounded && (k >= reflect.Int && k <= reflect.Float64 || k == reflect.Bool) {
			panic(fmt.Sprintf("%v.%s has a rule and is no pointer: zero would be the same as absent", t, f.Name))
		}
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		var within *checks
		if inner.Kind() == reflect.Struct {
			within = checksOf(inner, known)
		}
		c.members, c.within = append(c.members, m), append(c.within, within)
	}
	return c
}

// check holds a struct to the rules of its members. In messages they are called by their place in the body.
func (c *checks) check(place string, v reflect.Value) error {
	for i := range c.members {
		m := &c.members[i]
		f, err := v.FieldByIndexErr(m.index)
		if err != nil {
			continue // an embedded pointer that is nil
		}
		name := place + m.name
		if err := m.rule.check(name, f); err != nil {
			return err
		}
		if c.within[i] != nil {
			if err := c.within[i].each(name, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// each checks the structs that a member holds.
func (c *checks) each(name string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Struct:
		return c.check(name+".", v)
	case reflect.Pointer:
		if !v.IsNil() {
			return c.each(name, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := c.each(name+"["+strconv.Itoa(i)+"]", v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, value := range v.Seq2() { // a key is the caller's own text, and stays out of messages
			if err := c.each(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// check holds a value to the rule.
func (r *rule) check(name string, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if !v.IsNil() {
			return r.within(name, v.Elem())
		}
		if r.required {
			return center.Refuse(center.InvalidParameter, "%s is required", name)
		}
		return nil
	}
	if (v.Kind() == reflect.String || v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		if r.required {
			return center.Refuse(center.InvalidParameter, "%s is required", name)
		}
		return nil
	}
	return r.within(name, v)
}

// within holds a value that is there to the rule.
func (r *rule) within(name string, v reflect.Value) error {
	unit, n := "", int64(0)
	switch v.Kind() {
	case reflect.String:
		unit, n = "characters", int64(len([]rune(v.String())))
		if len(r.enum) > 0 && !slices.Contains(r.enum, v.String()) {
			return center.Refuse(center.InvalidParameter, "%s must be %s", name, oneOf(r.enum))
		}
	case reflect.Slice, reflect.Map:
		unit, n = "members", int64(v.Len())
	case reflect.Int, reflect.Int64, reflect.Int32:
		if n := v.Int(); r.min != nil && n < *r.min || r.max != nil && n > *r.max {
			return r.outOfRange(name)
		}
		return nil
	case reflect.Float64:
		if n := v.Float(); r.min != nil && n < float64(*r.min) || r.max != nil && n > float64(*r.max) {
			return r.outOfRange(name)
		}
		return nil
	default:
		return nil
	}
	switch {
	case r.max != nil && n > *r.max:
		return center.Refuse(center.InvalidParameter, "%s must have at most %d %s, got %d", name, *r.max, unit, n)
	case r.min != nil && n < *r.min:
		return center.Refuse(center.InvalidParameter, "%s must have at least %d %s, got %d", name, *r.min, unit, n)
	}
	return nil
}

// outOfRange refuses what is no number, or not within the bounds of one.
func (r *rule) outOfRange(name string) error {
	switch {
	case r.min != nil && r.max != nil:
		return center.Refuse(center.InvalidParameter, "%s must be %d to %d", name, *r.min, *r.max)
	case r.min != nil:
		return center.Refuse(center.InvalidParameter, "%s must be a number, %d or more", name, *r.min)
	case r.max != nil:
		return center.Refuse(center.InvalidParameter, "%s must be a number, %d or less", name, *r.max)
	}
	return center.Refuse(center.InvalidParameter, "%s must be a number", name)
}

// oneOf is a list of values in words.
func oneOf(values []string) string {
	last := len(values) - 1
	if last == 0 {
		return values[0]
	}
	return strings.Join(values[:last], ", ") + " or " + values[last]
}
