package api

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/parley-chat/parley/internal/door"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
)

// The largest bodies of any operation. An operation's own bound follows from the API model, see [bodyBounds].
const (
	// maxBody is enough for a flow of 256,000 characters, escaped.
	maxBody = 1 << 20
	// maxParticipantBody is enough for 16,384 bytes of content of which each is escaped: about 100 KB.
	maxParticipantBody = 128 << 10
)

// bodySlack is for what the model does not tell of: spaces, line breaks, members of newer models, which are ignored.
const bodySlack = 8 << 10

// unbounded is the size of what the model does not bound.
const unbounded = 1 << 40

// bodyBounds are the sizes in bytes of the largest bodies that the API model permits, by service and operation. A
// string counts as if each character were escaped (\u0041): of content, the rules count bytes, and a byte takes six at
// most. Where the model does not bound a member, the bound is that of the service.
var bodyBounds = sync.OnceValue(func() map[string]map[string]int {
	bounds := func(all map[string][]wire.Constraint, most int64) map[string]int {
		m := make(map[string]int, len(all))
		for name, fields := range all {
			m[name] = int(min(bodySlack+largestBody(fields), most))
		}
		return m
	}
	return map[string]map[string]int{
		connectService:     bounds(connect.Constraints(), maxBody),
		participantService: bounds(participant.Constraints(), maxParticipantBody),
	}
})

// largestBody is the size of the largest body with these fields, which are an operation's in the order of the model.
func largestBody(fields []wire.Constraint) int64 {
	size := int64(len("{}"))
	for len(fields) > 0 {
		below := 1
		for below < len(fields) && beneath(fields[below], fields[0].Field) {
			below++
		}
		if fields[0].Location == wire.Body {
			size += largestMember(fields[0], fields[1:below])
		}
		fields = fields[below:]
	}
	return min(size, unbounded)
}

// beneath says whether a field belongs to the structure, list or map called name.
func beneath(c wire.Constraint, name string) bool {
	rest, ok := strings.CutPrefix(c.Field, name)
	return ok && rest != "" && (rest[0] == '.' || rest[0] == '[')
}

// largestMember is the size of the largest value of a field, with its name and a comma. The fields below it are its own.
func largestMember(c wire.Constraint, below []wire.Constraint) int64 {
	size := int64(len(c.Field) - strings.LastIndexByte(c.Field, '.') + len(`"":,`))
	switch c.Type {
	case "string":
		return size + largestString(c)
	case "structure":
		return size + largestBody(below)
	case "list", "map":
		if element := largestElement(below); c.Max != nil && element < unbounded {
			return size + *c.Max*element
		}
		return unbounded
	}
	return size + 32 // numbers and booleans
}

// largestElement is the size of a list's or map's largest element with its key: the fields are those of one element,
// the key's among them.
func largestElement(fields []wire.Constraint) int64 {
	var size int64
	for len(fields) > 0 && fields[0].Key {
		size += largestString(fields[0])
		fields = fields[1:]
	}
	return min(size+largestBody(fields), unbounded)
}

func largestString(c wire.Constraint) int64 {
	const escaped, quotes = 6, 2
	switch {
	case c.Enum != nil:
		var longest int
		for _, s := range c.Enum {
			longest = max(longest, len(s))
		}
		return escaped*int64(longest) + quotes
	case c.Max != nil:
		return min(escaped**c.Max+quotes, unbounded)
	}
	return unbounded
}

// piece is how much of a body is read at a time that the exchange's buffer has no room for. Pieces are joined when the
// body is complete: nothing is ever as large as a client merely announces, and what unfinished bodies leave behind is
// used again.
const piece = 4 << 10

var pieces = sync.Pool{New: func() any { return new([piece]byte) }}

// readBody reads the body into the buffer, at most as much as the operation's bound.
func (x *exchange) readBody() *failure {
	x.buffer, x.begun = x.buffer[:0], true
	most := x.target.maxBody
	if x.r.ContentLength > int64(most) {
		return x.tooLarge()
	}
	if x.r.ContentLength == 0 {
		return nil
	}
	if cap(x.buffer) == 0 {
		x.buffer = make([]byte, 0, minBuffer)
	}
	n, err := fill(x.r.Body, x.buffer[:min(cap(x.buffer), most+1)])
	x.buffer = x.buffer[:n]
	if err == nil {
		err = x.readPieces(most)
	}
	switch {
	case len(x.buffer) > most:
		return x.tooLarge()
	case err == io.EOF && (x.r.ContentLength < 0 || x.r.ContentLength == int64(len(x.buffer))):
		return nil
	}
	return unreadable(err)
}

// readPieces reads the part of the body that does not fit into the buffer, and no more than shows that it is too large.
func (x *exchange) readPieces(most int) error {
	var all []*[piece]byte
	defer func() {
		for _, p := range all {
			pieces.Put(p)
		}
	}()
	size := len(x.buffer)
	for {
		p := pieces.Get().(*[piece]byte)
		all = append(all, p)
		n, err := fill(x.r.Body, p[:min(piece, most+1-size)])
		size += n
		if err == nil && size <= most {
			continue
		}
		if err == nil || err == io.EOF {
			x.join(all, size)
		}
		return err
	}
}

// join puts pieces behind what is in the buffer; the last one need not be full.
func (x *exchange) join(all []*[piece]byte, size int) {
	if cap(x.buffer) < size {
		x.buffer = append(make([]byte, 0, size), x.buffer...)
	}
	for _, p := range all {
		x.buffer = append(x.buffer, p[:min(piece, size-len(x.buffer))]...)
	}
}

// fill reads until p is full. Unlike io.ReadFull, it returns io.EOF with the last bytes.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}

func (x *exchange) tooLarge() *failure {
	return &failure{
		ErrorShape: wire.RequestEntityTooLargeException, closing: true,
		message: "The request body must be at most " + strconv.Itoa(x.target.maxBody) + " bytes.",
	}
}

// unreadable is the answer to a request whose body cannot be read.
func unreadable(err error) *failure {
	switch {
	case errors.Is(err, door.ErrFull):
		return &failure{ErrorShape: serviceUnavailable, message: "Too much is arriving at once. Try again.", closing: true}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &failure{ErrorShape: requestTimeout, message: "The request body did not arrive in time.", closing: true}
	}
	return &failure{ErrorShape: wire.SerializationException, message: "The request body ended early.", closing: true}
}

// drained is how long the rest of a body may be that net/http reads and drops before it sends an answer that came
// without the body, so that the connection can be used again. Behind a longer one the connection is closed: the answer
// would wait for the client.
const drained = 16 << 10

// lingers says that a body was not read and is too long to be waited for.
func (x *exchange) lingers() bool {
	return !x.begun && (x.r.ContentLength < 0 || x.r.ContentLength > drained)
}
