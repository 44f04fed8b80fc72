package wiretest_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
	"github.com/parley-chat/parley/internal/wire/wiretest"
)

// FuzzDecode sends any body to any operation. What is refused is refused with one of the two errors; what is accepted
// encodes to a body that decodes to the same.
func FuzzDecode(f *testing.F) {
	constraints := connect.Constraints()
	for name, c := range participant.Constraints() {
		constraints[name] = c
	}
	ops := append(append([]wire.Op{}, connect.Ops...), participant.Ops...)
	for i, op := range ops {
		for _, c := range wiretest.Cases(op, constraints[op.Name]) {
			if len(c.Request.Body) < 1000 {
				f.Add(uint8(i), c.Request.Body)
			}
		}
	}
	f.Add(uint8(0), []byte(`{"Name":"\ud800","Tags":{"a":"b","a":null}}`))
	f.Fuzz(func(t *testing.T, i uint8, body []byte) {
		op := ops[int(i)%len(ops)]
		q := wiretest.Example(op, constraints[op.Name])
		q.Body = body
		first := op.NewInput()
		if err := first.Decode(q); err != nil {
			if !errors.As(err, new(*wire.FieldError)) && !errors.As(err, new(*wire.SyntaxError)) {
				t.Fatalf("%s %q: error of type %T", op.Name, body, err)
			}
			return
		}
		q.Body = first.AppendJSON(nil)
		second := op.NewInput()
		if err := second.Decode(q); err != nil {
			t.Fatalf("%s %q: encoded as %s: %v", op.Name, body, q.Body, err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%s %q: encoded as %s, which reads differently", op.Name, body, q.Body)
		}
		if again := second.AppendJSON(nil); !bytes.Equal(again, q.Body) {
			t.Fatalf("%s %q: encoded as %s, then as %s", op.Name, body, q.Body, again)
		}
	})
}
