package wire

import (
	"reflect"
	"strings"
)

// SetMembers prints a generated structure as its type's name and the names of the members that are set. Tokens,
// message texts, attributes and customers' ids pass through these structures, so no value is ever printed.
func SetMembers(structure any) string {
	v := reflect.ValueOf(structure)
	var set []string
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			set = append(set, v.Type().Field(i).Name)
		}
	}
	return v.Type().Name() + "{" + strings.Join(set, " ") + "}"
}
