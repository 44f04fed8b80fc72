package desk

import (
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

var permissionRoutes = []route{
	row("GET", "permissions", signedIn, "Shows what the caller may do, by the names of operations.", (*call).showPermissions),
}

// What operations allow some of their callers beside what all of them may do. Their handlers ask here, too.
const (
	rightBarge      = "bargeIn"
	rightAttributes = "searchByContactAttributes"
)

// rights are what each of them needs.
var rights = map[string][][]string{
	rightBarge:      append(monitors[:len(monitors):len(monitors)], []string{center.PermitBarge}),
	rightAttributes: append(finds[:len(finds):len(finds)], []string{center.PermitAttributes}),
}

type permissionsOutput struct {
	Operations map[string]bool `json:"operations" about:"By operationId: whether the security profiles of the caller permit the operation. Whether it succeeds is another question."`
	Rights     map[string]bool `json:"rights" about:"What operations allow some of their callers: bargeIn, searchByContactAttributes."`
}

// showPermissions is what the table of routes says of the caller: the answer is computed from what decides.
func (c *call) showPermissions(empty) (*permissionsOutput, error) {
	out := &permissionsOutput{Operations: map[string]bool{}, Rights: map[string]bool{}}
	for i := range routes {
		if rt := &routes[i]; !rt.open {
			out.Operations[operationID(rt.method, strings.TrimPrefix(rt.path, Prefix))] = mayAll(&c.who, rt.needs)
		}
	}
	for name, needs := range rights {
		out.Rights[name] = mayAll(&c.who, needs)
	}
	return out, nil
}

// mayAll says whether a user has what something needs.
func mayAll(who *center.Principal, needs [][]string) bool { return mayEach(who, needs) == nil }

// mayEach refuses a user who has not all that something needs.
func mayEach(who *center.Principal, needs [][]string) error {
	for _, anyOf := range needs {
		if err := who.May(anyOf...); err != nil {
			return err
		}
	}
	return nil
}
