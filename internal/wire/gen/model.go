package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// model is an API model in botocore's form. Parsing knows every trait by name and refuses others: a trait that
// nobody looked at may change what goes over the wire.
type model struct {
	Version       string              `json:"version"`
	Metadata      metadata            `json:"metadata"`
	Operations    ordered[*operation] `json:"operations"`
	Shapes        ordered[*shape]     `json:"shapes"`
	Paginated     []string            `json:"paginated,omitempty"` // of the pruned models; from paginators-1.json
	Documentation string              `json:"documentation,omitempty"`
}

type metadata struct {
	APIVersion          string   `json:"apiVersion"`
	EndpointPrefix      string   `json:"endpointPrefix"`
	JSONVersion         string   `json:"jsonVersion"`
	Protocol            string   `json:"protocol"`
	Protocols           []string `json:"protocols"`
	ServiceAbbreviation string   `json:"serviceAbbreviation"`
	ServiceFullName     string   `json:"serviceFullName"`
	ServiceID           string   `json:"serviceId"`
	SignatureVersion    string   `json:"signatureVersion"`
	SigningName         string   `json:"signingName"`
	UID                 string   `json:"uid"`
	Auth                []string `json:"auth"`
}

type operation struct {
	Name string `json:"name"`
	HTTP struct {
		Method string `json:"method"`
		URI    string `json:"requestUri"`
		Status int    `json:"responseCode,omitempty"` // of a success; 200 when the model says nothing
	} `json:"http"`
	Input         *ref   `json:"input,omitempty"`
	Output        *ref   `json:"output,omitempty"`
	Errors        []ref  `json:"errors,omitempty"`
	Idempotent    bool   `json:"idempotent,omitempty"`
	ReadOnly      bool   `json:"readonly,omitempty"` // a hint for retries; it changes nothing on the wire
	Documentation string `json:"documentation,omitempty"`
}

// ref is a member's, element's, key's or operation's use of a shape.
type ref struct {
	Shape             string `json:"shape"`
	Location          string `json:"location,omitempty"` // uri, querystring or header; else the body
	LocationName      string `json:"locationName,omitempty"`
	IdempotencyToken  bool   `json:"idempotencyToken,omitempty"`
	Box               bool   `json:"box,omitempty"`
	Deprecated        bool   `json:"deprecated,omitempty"`
	DeprecatedMessage string `json:"deprecatedMessage,omitempty"`
	DeprecatedSince   string `json:"deprecatedSince,omitempty"`
	Documentation     string `json:"documentation,omitempty"`
}

type shape struct {
	Type     string         `json:"type"`
	Required []string       `json:"required,omitempty"`
	Members  *ordered[*ref] `json:"members,omitempty"` // of a structure, in the order that answers and checks follow
	Member   *ref           `json:"member,omitempty"`  // of a list
	Key      *ref           `json:"key,omitempty"`     // of a map
	Value    *ref           `json:"value,omitempty"`
	Min      *json.Number   `json:"min,omitempty"`
	Max      *json.Number   `json:"max,omitempty"`
	Pattern  string         `json:"pattern,omitempty"`
	Enum     []string       `json:"enum,omitempty"`
	Error    *struct {
		Status int `json:"httpStatusCode"`
	} `json:"error,omitempty"`
	Exception       bool   `json:"exception,omitempty"`
	Fault           bool   `json:"fault,omitempty"`
	Sensitive       bool   `json:"sensitive,omitempty"`
	Union           bool   `json:"union,omitempty"`
	Box             bool   `json:"box,omitempty"`
	TimestampFormat string `json:"timestampFormat,omitempty"`
	Documentation   string `json:"documentation,omitempty"`

	name string
}

// members are a structure's members with their names, in the model's order.
func (s *shape) members() *ordered[*ref] {
	if s.Members == nil {
		return &ordered[*ref]{}
	}
	return s.Members
}

func (s *shape) requires(member string) bool { return slices.Contains(s.Required, member) }

// refs are all uses of other shapes by this one.
func (s *shape) refs() []*ref {
	uses := []*ref{s.Member, s.Key, s.Value}
	for _, name := range s.members().names {
		uses = append(uses, s.Members.byName[name])
	}
	return slices.DeleteFunc(uses, func(r *ref) bool { return r == nil })
}

func parseModel(text []byte) (*model, error) {
	m := new(model)
	if err := decodeStrictly(text, m); err != nil {
		return nil, err
	}
	if m.Metadata.Protocol != "rest-json" {
		return nil, fmt.Errorf("protocol %q is not rest-json", m.Metadata.Protocol)
	}
	for name, s := range m.Shapes.byName {
		s.name = name
	}
	return m, nil
}

func (m *model) shape(name string) (*shape, error) {
	if s := m.Shapes.byName[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("the model has no shape %s", name)
}

// closure is every shape that the roots reach, the roots included.
func (m *model) closure(roots []string) (map[string]*shape, error) {
	reached := map[string]*shape{}
	for waiting := slices.Clone(roots); len(waiting) > 0; {
		name := waiting[0]
		waiting = waiting[1:]
		if reached[name] != nil {
			continue
		}
		s, err := m.shape(name)
		if err != nil {
			return nil, err
		}
		reached[name] = s
		for _, r := range s.refs() {
			waiting = append(waiting, r.Shape)
		}
	}
	return reached, nil
}

// ordered is a JSON object that remembers the order of its members: the order in the model is the order in which
// fields are checked and answers are written.
type ordered[T any] struct {
	names  []string
	byName map[string]T
}

func (o *ordered[T]) UnmarshalJSON(text []byte) error {
	*o = ordered[T]{byName: map[string]T{}}
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name := token.(string)
		if _, twice := o.byName[name]; twice {
			return fmt.Errorf("%s is there twice", name)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		var value T
		if err := decodeStrictly(raw, &value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		o.names = append(o.names, name)
		o.byName[name] = value
	}
	return nil
}

func (o ordered[T]) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, name := range o.names {
		if i > 0 {
			text = append(text, ',')
		}
		for j, part := range []any{name, o.byName[name]} {
			encoded, err := json.Marshal(part)
			if err != nil {
				return nil, err
			}
			if j > 0 {
				text = append(text, ':')
			}
			text = append(text, encoded...)
		}
	}
	return append(text, '}'), nil
}

func decodeStrictly(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}
