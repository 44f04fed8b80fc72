package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// Location says where in a request a member travels.
type Location uint8

const (
	Body Location = iota
	Path
	Query
	Header
)

// Constraint is everything that the API model says of one field of an operation's request. The tables list
// every field, also those that have only a type, in the model's order; elements of lists appear as the element [0] and
// those of maps as the element [key]. Tests walk them; serving never looks at them.
type Constraint struct {
	Field    string   // as in FieldError
	Key      bool     // of the map's keys, not of the value beneath
	Location Location // of the member at the top
	Wire     string   // the parameter's or header's name, when not in the body
	Type     string   // the model's: string, integer, long, boolean, structure, list, map
	Required bool     // in the structure around it
	Min, Max *int64   // characters, elements or the number itself
	Pattern  string
	Enum     []string
	Beside   []string // values that are taken although the model forbids them; not in the model
}

// ReadConstraints reads what wire/gen writes: a line with the name of an operation, and below it a line for each field
// of its request. Such a line begins with a tab and consists of facts with tabs between them: the field, its type, and
// then, where they apply, those of
//
//	body=NAME path=NAME query=NAME header=NAME key required min=N max=N pattern=EXPRESSION
//
// and beside=VALUE and enum=VALUE, once for each value. It panics at a line that is none of these, since the text is our own.
func ReadConstraints(text string) map[string][]Constraint {
	fields := strings.Count(text, "\n\t")
	all := make(map[string][]Constraint, strings.Count(text, "\n")-fields)
	every := make([]Constraint, 0, fields) // one piece of memory for all operations
	var operation string
	var first int
	for line := range strings.Lines(text) {
		facts, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			operation, first = facts, len(every)
			continue
		}
		c, err := readConstraint(facts)
		if err != nil {
			panic(fmt.Sprintf("wire: the constraints of %s: %v", operation, err))
		}
		every = append(every, c)
		all[operation] = every[first:len(every):len(every)]
	}
	return all
}

func readConstraint(facts string) (c Constraint, err error) {
	c.Field, facts, _ = strings.Cut(facts, "\t")
	c.Type, facts, _ = strings.Cut(facts, "\t")
	for facts != "" && err == nil {
		var name, value string
		name, facts, _ = strings.Cut(facts, "\t")
		name, value, _ = strings.Cut(name, "=")
		switch name {
		case "body":
			c.Location, c.Wire = Body, value
		case "path":
			c.Location, c.Wire = Path, value
		case "query":
			c.Location, c.Wire = Query, value
		case "header":
			c.Location, c.Wire = Header, value
		case "key":
			c.Key = true
		case "required":
			c.Required = true
		case "min":
			c.Min, err = readBound(value)
		case "max":
			c.Max, err = readBound(value)
		case "pattern":
			c.Pattern = value
		case "beside":
			c.Beside = append(c.Beside, value)
		case "enum":
			if c.Enum == nil {
				c.Enum = make([]string, 0, 1+strings.Count(facts, "enum="))
			}
			c.Enum = append(c.Enum, value)
		default:
			err = fmt.Errorf("the fact %q of the field %s is unknown", name, c.Field)
		}
	}
	return c, err
}

func readBound(s string) (*int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	return &n, err
}
