package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestLengthsCountCharacters(t *testing.T) {
	for _, c := range []struct {
		text              string
		shortest, longest int
		want              string
	}{
		{"", 0, 5, ""},
		{"", 1, 5, "Name must have length greater than or equal to 1, got 0"},
		{"é", 2, 5, "Name must have length greater than or equal to 2, got 1"},
		{"😀😀😀😀😀", 1, 5, ""},
		{"😀😀😀😀😀😀", 1, 5, "Name must have length less than or equal to 5, got 6"},
		{strings.Repeat("a", 300), 1, 256, "Name must have length less than or equal to 256, got 300"},
		{strings.Repeat("a", 300), 1, NoLimit, ""},
	} {
		got := ""
		if e := CheckLength(c.text, c.shortest, c.longest); e != nil {
			got = e.In("Name").Error()
		}
		if got != c.want {
			t.Errorf("%q in %d..%d: got %q, want %q", c.text, c.shortest, c.longest, got, c.want)
		}
	}
}

// These are the texts that callers read.
func TestFieldErrorTexts(t *testing.T) {
	for want, e := range map[string]*FieldError{
		"ParticipantDetails is a required parameter":                    MissingField("ParticipantDetails"),
		"Attributes[a] must not be null":                                {Field: "Attributes[a]", Rule: Null},
		"MaxResults must be an integer":                                 {Field: "MaxResults", Rule: Type, Want: "an integer"},
		"Type must include at least 1 items, got 0":                     CheckCount(0, 1, 5).In("Type"),
		"QuickConnectIds must include at most 50 items, got 51":         CheckCount(51, 0, 50).In("QuickConnectIds"),
		"MaxResults must have value greater than or equal to 1":         CheckRange(0, 1, 10).In("MaxResults"),
		"MaxResults must have value less than or equal to 10":           CheckRange(11, 1, 10).In("MaxResults"),
		"Type must be one of [A, B]":                                    CheckEnum("C", []string{"A", "B"}).In("Type"),
		"Id must match the pattern ^d$":                                 NewMatcher("^d$", "", "^d$").Check("e").In("Id"),
		"InstanceId must be valid UTF-8":                                {Field: "InstanceId", Rule: Encoding},
		"Tags[] key must have length greater than or equal to 1, got 0": {Field: "Tags[]", Key: true, Rule: TooShort, Limit: 1},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFieldErrorPaths(t *testing.T) {
	e := MissingField("Name").At(2).Under("k").In("List").In("Outer")
	if want := "Outer.List[k][2].Name"; e.Field != want {
		t.Errorf("got %s, want %s", e.Field, want)
	}
}

func TestMatcher(t *testing.T) {
	anywhere := NewMatcher("[a-z]{2}", "", "[a-z]{2}")
	without := NewMatcher("^(?!aws:)[a-z:]*$", "aws:", "^[a-z:]*$")
	for _, c := range []struct {
		matcher *Matcher
		text    string
		want    bool
	}{
		{anywhere, "1ab2", true},
		{anywhere, "1a2b", false},
		{without, "aws:x", false},
		{without, "awsx", true},
		{without, "x aws:", false},
	} {
		if e := c.matcher.Check(c.text); (e == nil) != c.want {
			t.Errorf("%q: got %v", c.text, e)
		}
	}
}

// Go's maps have no order; the answer to a request must.
func TestCheckMapReportsTheSmallestKey(t *testing.T) {
	m := map[string]string{}
	for i := range 100 {
		m[fmt.Sprintf("k%02d", i)] = strings.Repeat("x", 10*(i%2))
	}
	short := func(s string) *FieldError { return CheckLength(s, 0, 5) }
	for range 20 {
		if e := CheckMap(m, nil, short); e.Field != "[k01]" || e.Key {
			t.Fatalf("got %s, key %v", e.Field, e.Key)
		}
	}
	if e := CheckMap(map[string]string{"toolong": ""}, short, short); !e.Key || e.Field != "[toolong]" {
		t.Errorf("got %s, key %v", e.Field, e.Key)
	}
	if e := CheckMap(map[string]string{"ok": ""}, short, short); e != nil {
		t.Errorf("got %v", e)
	}
}

func TestLocations(t *testing.T) {
	q := &Request{
		Path:   []string{"a/b", "\xff", "7", "2147483648"},
		Query:  url.Values{"n": {"5"}, "bad": {"5.5"}, "big": {"2147483648"}, "none": {""}, "s": {"x", "y"}, "utf": {"x", "\xff"}},
		Header: http.Header{"X-Amz-Bearer": {"token"}, "X-Bad": {"\xff"}},
	}
	text := func(s *string, e *FieldError) string {
		switch {
		case e != nil:
			return e.In("F").Error()
		case s == nil:
			return "nil"
		default:
			return *s
		}
	}
	number := func(n *int64, e *FieldError) string {
		switch {
		case e != nil:
			return e.In("F").Error()
		case n == nil:
			return "nil"
		default:
			return fmt.Sprint(*n)
		}
	}
	list := func(s []string, e *FieldError) string {
		if e != nil {
			return e.In("F").Error()
		}
		return fmt.Sprint(s, s == nil)
	}
	for _, c := range []struct{ name, got, want string }{
		{"argument of the path", text(q.PathString(0)), "a/b"},
		{"argument that is not UTF-8", text(q.PathString(1)), "F must be valid UTF-8"},
		{"argument of the path as a number", number(q.PathInt(2, 32)), "7"},
		{"argument of the path over 32 bits", number(q.PathInt(3, 32)), "F must be an integer"},
		{"argument of the path within 64 bits", number(q.PathInt(3, 64)), "2147483648"},
		{"argument of the path that is no number", number(q.PathInt(0, 64)), "F must be an integer"},
		{"header in any case", text(q.HeaderString("x-amz-bearer")), "token"},
		{"absent header", text(q.HeaderString("X-None")), "nil"},
		{"header that is not UTF-8", text(q.HeaderString("X-Bad")), "F must be valid UTF-8"},
		{"first of a parameter", text(q.QueryString("s")), "x"},
		{"empty parameter", text(q.QueryString("none")), ""},
		{"absent parameter", text(q.QueryString("absent")), "nil"},
		{"all of a parameter", list(q.QueryStrings("s")), "[x y] false"},
		{"all of an absent one", list(q.QueryStrings("absent")), "[] true"},
		{"all of one that is not UTF-8", list(q.QueryStrings("utf")), "F[1] must be valid UTF-8"},
		{"number", number(q.QueryInt32("n")), "5"},
		{"absent number", number(q.QueryInt32("absent")), "nil"},
		{"fraction", number(q.QueryInt32("bad")), "F must be an integer"},
		{"number over 32 bits", number(q.QueryInt32("big")), "F must be an integer"},
		{"empty number", number(q.QueryInt32("none")), "F must be an integer"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}
