package legacy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// export is a document in the older form.
type export struct {
	Modules  []module        `json:"modules"`
	Start    string          `json:"start"`
	Type     string          `json:"type"`
	Metadata json.RawMessage `json:"metadata"`
}

// module is one block.
type module struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Target     scalar         `json:"target"`
	Branches   []branch       `json:"branches"`
	Parameters []parameter    `json:"parameters"`
	Metadata   moduleMetadata `json:"metadata"`
}

// name is the type, with the target that some types have.
func (m *module) name() string {
	if m.Target.text != "" {
		return m.Type + " " + m.Target.text
	}
	return m.Type
}

type moduleMetadata struct {
	Position json.RawMessage `json:"position"`
}

type branch struct {
	Condition      string `json:"condition"`
	ConditionType  string `json:"conditionType"`
	ConditionValue scalar `json:"conditionValue"`
	Transition     string `json:"transition"`
}

type parameter struct {
	Name         string `json:"name"`
	Value        scalar `json:"value"`
	Namespace    string `json:"namespace"`
	Key          string `json:"key"`
	ResourceName string `json:"resourceName"`
	LanguageCode string `json:"languageCode"`
}

// scalar is a string, or a number or boolean as a string: exports write either for the same thing. A null, an object and
// a list are empty.
type scalar struct{ text string }

func (s *scalar) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '"':
		return json.Unmarshal(raw, &s.text)
	case 'n', '{', '[':
		s.text = ""
	default:
		s.text = string(raw)
	}
	return nil
}

var errNoModules = errors.New("not an older export: it has no modules")

// read tells an older export from everything else.
func read(src []byte) (*export, error) {
	var shape map[string]json.RawMessage
	if err := json.Unmarshal(src, &shape); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	_, modules := shape["modules"]
	if _, actions := shape["Actions"]; actions && !modules {
		return nil, errors.New("this is a document of the flow language 2019-10-30 already")
	}
	if !modules {
		return nil, errNoModules
	}
	var e export
	var other *json.UnmarshalTypeError
	switch err := json.Unmarshal(src, &e); {
	case errors.As(err, &other):
		line := 1 + bytes.Count(src[:min(other.Offset, int64(len(src)))], []byte("\n"))
		return nil, fmt.Errorf("not an older export: in line %d, %s is of the type %s", line, other.Field, other.Value)
	case err != nil:
		return nil, fmt.Errorf("not an older export: %w", err)
	case len(e.Modules) == 0:
		return nil, errNoModules
	}
	return &e, nil
}

// encode writes JSON for people: indented, and without the escapes that HTML would need.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// plainName says whether a path may have s as a segment behind a dot.
func plainName(s string) bool {
	for _, r := range s {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') {
			return false
		}
	}
	return s != "" && !strings.HasPrefix(s, "-")
}
