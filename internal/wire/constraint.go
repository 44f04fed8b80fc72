package wire

// Location says where in a request a member travels.
type Location uint8

const (
	Body Location = iota
	Path
	Query
	Header
)

// Constraint is everything that the API model says of one field of an operation's request. The generated tables list
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
