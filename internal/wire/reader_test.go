package wire

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// sample has a member of each kind that requests have.
type sample struct {
	Text   *string
	Number *int64
	Long   *int64
	Flag   *bool
	When   *time.Time
	List   []string
	Map    map[string]string
	Inner  *sample
}

func readSample(r *Reader) *sample {
	if !r.Object() {
		return nil
	}
	v := new(sample)
	for r.Member() {
		switch r.Name() {
		case "Text":
			v.Text = r.String()
		case "Number":
			v.Number = r.Int32()
		case "Long":
			v.Long = r.Int64()
		case "Flag":
			v.Flag = r.Bool()
		case "When":
			v.When = r.Time()
		case "List":
			v.List = readTexts(r)
		case "Map":
			v.Map = readMap(r)
		case "Inner":
			v.Inner = readSample(r)
		default:
			r.Skip()
		}
	}
	return v
}

func readTexts(r *Reader) []string {
	if !r.List() {
		return nil
	}
	list := []string{}
	for r.Element() {
		if s, ok := r.Text(); ok {
			list = append(list, s)
		} else {
			r.NullElement()
		}
	}
	return list
}

func readMap(r *Reader) map[string]string {
	if !r.Map() {
		return nil
	}
	m := map[string]string{}
	for r.Member() {
		if s, ok := r.Text(); ok {
			m[r.Name()] = s
		} else {
			r.NullElement()
		}
	}
	return m
}

func read(body string) (*sample, error) {
	var r Reader
	r.Reset([]byte(body))
	v := readSample(&r)
	return v, r.End()
}

func TestReaderAccepts(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       sample
	}{
		{"an empty body as an empty object", ``, sample{}},
		{"white space anywhere", " \t\r\n{ \"Text\" : \"a\" , \"List\" : [ \"b\" , \"c\" ] } \n", sample{Text: new("a"), List: []string{"b", "c"}}},
		{"null as absence", `{"Text":null,"Number":null,"Flag":null,"List":null,"Map":null,"Inner":null}`, sample{}},
		{"the last of a member given twice", `{"Text":"a","Text":"b","List":["a"],"List":[],"Number":1,"Number":null}`, sample{Text: new("b"), List: []string{}}},
		{"the last of a key given twice", `{"Map":{"a":"1","a":"2"}}`, sample{Map: map[string]string{"a": "2"}}},
		{"members of another case as unknown", `{"text":"a","TEXT":"b"}`, sample{}},
		{"unknown members of any kind", `{"x":[1,-2.5e+3,{"y":[true,false,null,"\u00e9"]},[],{}],"Text":"a"}`, sample{Text: new("a")}},
		{"escapes", `{"Text":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"}`, sample{Text: new("\"\\/\b\f\n\r\tAé😀")}},
		{"escapes in names", `{"\u0054ext":"a","Map":{"\n":"b"}}`, sample{Text: new("a"), Map: map[string]string{"\n": "b"}}},
		{"half a surrogate pair as U+FFFD", `{"List":["\ud800","\udc00x","\ud800\ud800","\ud800\u0041"]}`, sample{List: []string{"\uFFFD", "\uFFFDx", "\uFFFD\uFFFD", "\uFFFDA"}}},
		{"an escaped NUL", `{"Text":"\u0000"}`, sample{Text: new("\x00")}},
		{"whole numbers however written", `{"Number":5.0,"Long":5e0}`, sample{Number: new(int64(5)), Long: new(int64(5))}},
		{"exponents that leave a whole number", `{"Number":12.5e1,"Long":-300E-2}`, sample{Number: new(int64(125)), Long: new(int64(-3))}},
		{"the widest numbers", `{"Number":-2147483648,"Long":9223372036854775807}`, sample{Number: new(int64(math.MinInt32)), Long: new(int64(math.MaxInt64))}},
		{"negative zero", `{"Number":-0,"Long":-0.0}`, sample{Number: new(int64(0)), Long: new(int64(0))}},
		{"a timestamp in whole seconds", `{"When":946684800}`, sample{When: new(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))}},
		{"a timestamp to the millisecond", `{"When":946684800.1234,"Inner":{"When":-0.0005e3}}`, sample{
			When: new(time.Date(2000, 1, 1, 0, 0, 0, 123e6, time.UTC)), Inner: &sample{When: new(time.Date(1969, 12, 31, 23, 59, 59, 500e6, time.UTC))}}},
		{"a timestamp with an exponent", `{"When":9.46684800e8}`, sample{When: new(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))}},
		{"an absent timestamp", `{"When":null}`, sample{}},
		{"an empty list and map as present", `{"List":[],"Map":{},"Inner":{}}`, sample{List: []string{}, Map: map[string]string{}, Inner: &sample{}}},
		{"booleans", `{"Flag":false,"Inner":{"Flag":true}}`, sample{Flag: new(false), Inner: &sample{Flag: new(true)}}},
	} {
		got, err := read(c.body)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: read %s differently", c.name, c.body)
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"Inner":`, n) + "{}" + strings.Repeat("}", n) }
	if _, err := read(deep(MaxDepth - 1)); err != nil {
		t.Errorf("nested as deep as allowed: %v", err)
	}
	for _, c := range []struct{ name, body, field, reason string }{
		{"a body of nothing but space", " ", "", "must be an object"},
		{"a list as body", `[]`, "", "must be an object"},
		{"null as body", `null`, "", "must be an object"},
		{"text after the object", `{} x`, "", "text after its end"},
		{"a second object", `{}{}`, "", "text after its end"},
		{"an object without its end", `{"Text":"a"`, "Text", "malformed JSON"},
		{"a trailing comma", `{"Text":"a",}`, "Text", "malformed JSON"},
		{"a leading comma", `{,"Text":"a"}`, "", "malformed JSON"},
		{"a missing colon", `{"Text" "a"}`, "Text", "malformed JSON"},
		{"a missing value", `{"Text":}`, "Text", "must be a string"},
		{"a name without quotes", `{Text:"a"}`, "", "malformed JSON"},
		{"single quotes", `{'Text':"a"}`, "", "malformed JSON"},
		{"a comment", `{/**/}`, "", "malformed JSON"},
		{"a byte order mark", "\uFEFF{}", "", "must be an object"},
		{"a trailing comma in a list", `{"List":["a",]}`, "List[1]", "must be a string"},
		{"a list closed by a brace", `{"List":["a"}`, "List[0]", "malformed JSON"},
		{"a string without its end", `{"Text":"a`, "Text", "malformed JSON"},
		{"a string that ends in a backslash", `{"Text":"a\`, "Text", "malformed JSON"},
		{"a string ending within an escape", `{"Text":"\u00`, "Text", "malformed JSON"},
		{"an unknown escape", `{"Text":"\x41"}`, "Text", "malformed JSON"},
		{"a bad unicode escape", `{"Text":"\u00g0"}`, "Text", "malformed JSON"},
		{"a raw control character", "{\"Text\":\"a\nb\"}", "Text", "malformed JSON"},
		{"a raw control character after an escape", "{\"Text\":\"\\n\x01\"}", "Text", "malformed JSON"},
		{"invalid UTF-8", "{\"Text\":\"a\xff\"}", "", "not valid UTF-8"},
		{"a surrogate in UTF-8", "{\"Text\":\"\xed\xa0\x80\"}", "", "not valid UTF-8"},
		{"a number for a string", `{"Text":5}`, "Text", "must be a string"},
		{"an object for a string", `{"Inner":{"Text":{}}}`, "Inner.Text", "must be a string"},
		{"a string for a number", `{"Number":"5"}`, "Number", "must be an integer"},
		{"a boolean for a number", `{"Number":true}`, "Number", "must be an integer"},
		{"a string for a boolean", `{"Flag":"true"}`, "Flag", "must be a boolean"},
		{"a number for a boolean", `{"Flag":1}`, "Flag", "must be a boolean"},
		{"a string for a list", `{"List":"a"}`, "List", "must be a list"},
		{"an object for a list", `{"List":{}}`, "List", "must be a list"},
		{"a list for a map", `{"Map":[]}`, "Map", "must be an object"},
		{"a list for an object", `{"Inner":[]}`, "Inner", "must be an object"},
		{"a number in a list", `{"List":["a","b",5]}`, "List[2]", "must be a string"},
		{"a number in a map", `{"Map":{"a b":5}}`, "Map[a b]", "must be a string"},
		{"a fraction", `{"Number":5.5}`, "Number", "must be an integer"},
		{"a small fraction", `{"Number":5e-1}`, "Number", "must be an integer"},
		{"one over 32 bits", `{"Number":2147483648}`, "Number", "out of range"},
		{"one over 64 bits", `{"Long":9223372036854775808}`, "Long", "out of range"},
		{"a huge number", `{"Number":` + strings.Repeat("9", 5000) + `}`, "Number", "out of range"},
		{"a huge exponent", `{"Number":1e999999}`, "Number", "out of range"},
		{"a leading zero", `{"Number":05}`, "Number", "not a number"},
		{"a bare minus", `{"Number":-}`, "Number", "not a number"},
		{"a plus", `{"Number":+5}`, "Number", "must be an integer"},
		{"a fraction without digits", `{"Number":5.}`, "Number", "not a number"},
		{"an exponent without digits", `{"Number":5e}`, "Number", "not a number"},
		{"not a number", `{"Number":NaN}`, "Number", "must be an integer"},
		{"a timestamp in words", `{"When":"2000-01-01T00:00:00Z"}`, "When", "must be a timestamp"},
		{"a timestamp after the year 9999", `{"When":253402300800}`, "When", "out of range"},
		{"a timestamp in milliseconds", `{"When":1e12}`, "When", "out of range"},
		{"an endless timestamp", `{"When":1e999}`, "When", "out of range"},
		{"half a timestamp", `{"When":1.}`, "When", "not a number"},
		{"half a literal", `{"Flag":tru}`, "Flag", "malformed JSON"},
		{"half a null", `{"Text":nul}`, "Text", "malformed JSON"},
		{"a malformed unknown member", `{"x":[1,{"y":01}]}`, "x[1][y]", "not a number"},
		{"nesting one too deep", deep(MaxDepth), strings.TrimSuffix(strings.Repeat("Inner.", MaxDepth), "."), "nested too deep"},
		{"nesting far too deep", `{"x":` + strings.Repeat("[", 1<<20), "x" + strings.Repeat("[0]", MaxDepth-1), "nested too deep"},
	} {
		_, err := read(c.body)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: got %v, want a SyntaxError", c.name, err)
		} else if syntax.Field != c.field || !strings.Contains(syntax.Reason, c.reason) {
			t.Errorf("%s: got field %q, %q; want %q, %q", c.name, syntax.Field, syntax.Reason, c.field, c.reason)
		}
	}
}

func TestReaderRefusesNullElements(t *testing.T) {
	for body, field := range map[string]string{
		`{"List":["a",null],"Text":"b"}`: "List[1]",
		`{"Inner":{"Map":{"k":null}}}`:   "Inner.Map[k]",
	} {
		_, err := read(body)
		var e *FieldError
		if !errors.As(err, &e) || e.Field != field || e.Rule != Null {
			t.Errorf("%s: got %v", body, err)
		}
	}
	if _, err := read(`{"List":[null],"Text":5}`); !errors.As(err, new(*SyntaxError)) {
		t.Errorf("a wrong type after a null element: got %v, want a SyntaxError", err)
	}
}

// An error may be logged and answered, so nothing that a caller sends as a value may be in it, and names only up to
// a length.
func TestSyntaxErrorHoldsNoValues(t *testing.T) {
	for _, body := range []string{
		`{"Text":"SECRET`, `{"Number":"SECRET"}`, `{"Flag":"SECRET"}`, `{"Inner":{"List":"SECRET"}}`, `{"Text":"SECRET"} SECRET`,
	} {
		if _, err := read(body); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: error %v", body, err)
		}
	}
	long := strings.Repeat("é", 5000)
	for _, body := range []string{`{"Map":{"` + long + `":5}}`, `{"` + long + `":x}`} {
		if _, err := read(body); err == nil || len(err.Error()) > 300 || !utf8.ValidString(err.Error()) {
			t.Errorf("a long name: error of %d bytes", len(err.Error()))
		}
	}
}

// The reader keeps no part of the body, which a server may take from a pool.
func TestReaderCopiesTheBody(t *testing.T) {
	body := []byte(`{"Text":"abc"}`)
	var r Reader
	r.Reset(body)
	v := readSample(&r)
	clear(body)
	if *v.Text != "abc" {
		t.Errorf("text changed to %q with the body", *v.Text)
	}
}

// readAny reads any value as encoding/json does into an any, with numbers as text.
func readAny(r *Reader) any {
	r.space()
	switch c := r.peek(); {
	case c == '{':
		m := map[string]any{}
		for r.Map(); r.err == nil && r.Member(); {
			name := r.Name()
			m[name] = readAny(r)
		}
		return m
	case c == '[':
		list := []any{}
		for r.List(); r.err == nil && r.Element(); {
			list = append(list, readAny(r))
		}
		return list
	case c == '"':
		s, _ := r.Text()
		return s
	case c == 't', c == 'f':
		if b := r.Bool(); b != nil {
			return *b
		}
		return nil
	case c == '-' || isDigit(c):
		text, _ := r.number()
		return json.Number(text)
	default:
		r.nullOr("no value")
		return nil
	}
}

// FuzzReaderAgainstEncodingJSON holds the reader against encoding/json: both accept the same objects, as far as they
// are UTF-8 and not nested too deep, and read the same in them, also when skipping.
func FuzzReaderAgainstEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"a":1}`, `{"a":[1,2.5,-3e7,"x",null,true,{"b":{}}]}`, `{"a":"\ud83d\ude00\ud800\u2028"}`, `{"a":1,"a":2}`,
		`{"a":01}`, `{"a":tru}`, `{"a":"` + "\x01" + `"}`, `[1]`, `{"a":1}}`, ` {"a" : [ ] } `, `{"a":1.}`, `{"\u0061":"\/"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) == 0 || !utf8.Valid(body) || depth(body) > MaxDepth {
			return
		}
		var want map[string]any
		dec := json.NewDecoder(strings.NewReader(string(body)))
		dec.UseNumber()
		valid := json.Valid(body) && dec.Decode(&want) == nil && want != nil

		var r Reader
		r.Reset(body)
		got := readAny(&r)
		if _, object := got.(map[string]any); (r.End() == nil && object) != valid {
			t.Fatalf("%q: valid %v for encoding/json, got error %v", body, valid, r.End())
		}
		if valid && !reflect.DeepEqual(got, any(want)) {
			t.Fatalf("%q: read %v, encoding/json %v", body, got, want)
		}

		r.Reset(body)
		if r.Skip(); (r.End() == nil) != json.Valid(body) && body[0] != 'n' && strings.TrimSpace(string(body)) != "null" {
			t.Fatalf("%q: skipping met %v", body, r.End())
		}
	})
}

// depth is how deep brackets nest, counting those in strings too, so never too small.
func depth(body []byte) int {
	deepest, n := 0, 0
	for _, c := range body {
		switch c {
		case '{', '[':
			n++
			deepest = max(deepest, n)
		case '}', ']':
			n--
		}
	}
	return deepest
}

// FuzzInteger holds integers against strconv: whatever text is a JSON number reads as strconv reads it.
func FuzzInteger(f *testing.F) {
	for _, seed := range []string{"0", "-1", "5.0", "5e0", "1e2", "2147483648", "9007199254740993.0", "0.1e1", "-0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || text == "" || text[0] != '-' && !isDigit(text[0]) {
			return
		}
		v, err := read(`{"Long":` + text + `}`)
		n, exact := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		switch {
		case exact == nil && (err != nil || *v.Long != n):
			t.Errorf("%s: got %v", text, err)
		case exact != nil && err == nil:
			if want, _ := strconv.ParseFloat(strings.TrimSpace(text), 64); float64(*v.Long) != want {
				t.Errorf("%s: got %d, want %v", text, *v.Long, want)
			}
		}
	})
}
