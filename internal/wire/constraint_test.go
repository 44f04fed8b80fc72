package wire

import (
	"reflect"
	"strings"
	"testing"
)

func TestReadConstraints(t *testing.T) {
	got := ReadConstraints("Ask\n" +
		"\tId\tstring\tpath=id\trequired\tmin=1\tmax=100\tpattern=^a=b c$\n" +
		"\tSize\tinteger\tquery=s\tmin=-5\n" +
		"\tToken\tstring\theader=X-Token\n" +
		"\tMap\tmap\n" +
		"\tMap[key]\tstring\tkey\tenum=A\tenum=B C\n" +
		"\tNote\tstring\tbody=note\tbeside=\tbeside=x\n" +
		"Tell\n" +
		"\tAll\tboolean\trequired\n")
	want := map[string][]Constraint{
		"Ask": {
			{Field: "Id", Type: "string", Location: Path, Wire: "id", Required: true, Min: new(int64(1)), Max: new(int64(100)), Pattern: "^a=b c$"},
			{Field: "Size", Type: "integer", Location: Query, Wire: "s", Min: new(int64(-5))},
			{Field: "Token", Type: "string", Location: Header, Wire: "X-Token"},
			{Field: "Map", Type: "map"},
			{Field: "Map[key]", Type: "string", Key: true, Enum: []string{"A", "B C"}},
			{Field: "Note", Type: "string", Wire: "note", Beside: []string{"", "x"}},
		},
		"Tell": {{Field: "All", Type: "boolean", Required: true}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestReadConstraintsRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Ask\n\tId\tstring\tlongest=3\n", `the constraints of Ask: the fact "longest" of the field Id is unknown`},
		{"Ask\n\tId\tstring\tmax=1.0\n", `the constraints of Ask: strconv.ParseInt: parsing "1.0": invalid syntax`},
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.HasSuffix(got, c.want) {
					t.Errorf("%q: got %q, want %q", c.text, got, c.want)
				}
			}()
			ReadConstraints(c.text)
		}()
	}
}
