package participant

import (
	_ "embed"

	"github.com/parley-chat/parley/internal/wire"
)

//go:embed constraints_gen.txt
var constraints string

// Constraints are the facts that the API model states about each field of a request, by operation. They are read anew
// each time: the server needs them once, when it starts, and would keep 300 KB for nothing.
func Constraints() map[string][]wire.Constraint { return wire.ReadConstraints(constraints) }
