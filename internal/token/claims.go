package token

import (
	"encoding/binary"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// The binary form of Claims: the kind, five strings, two instants, and for a
// View or SignIn token one string more. It says nothing about its version; another form
// would get another Kind.

// encode writes any claims; UUIDs, which ids are, become 16 bytes.
func (c Claims) encode() []byte {
	b := make([]byte, 0, 128)
	b = append(b, byte(c.Kind))
	for _, s := range []string{c.Instance, c.Chat, c.Contact, c.Participant, c.Role} {
		b = appendString(b, s)
	}
	b = appendInstant(b, c.Issued)
	b = appendInstant(b, c.Expires)
	switch c.Kind {
	case View:
		b = appendString(b, c.View)
	case SignIn:
		b = appendString(b, c.Session)
	}
	return b
}

// told is what decodeClaims makes of what encode writes.
func (c Claims) told() Claims {
	c.Issued, c.Expires = time.UnixMilli(c.Issued.UnixMilli()).UTC(), time.UnixMilli(c.Expires.UnixMilli()).UTC()
	if c.Kind != View {
		c.View = ""
	}
	if c.Kind != SignIn {
		c.Session = ""
	}
	return c
}

// appendString writes 0 and 16 bytes for a UUID in its usual spelling, and
// otherwise the length plus one and the text.
func appendString(b []byte, s string) []byte {
	if id, ok := center.UUID(s); ok && center.FormatUUID(id) == s {
		b = append(b, 0)
		return append(b, id[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(s))+1)
	return append(b, s...)
}

// appendInstant writes milliseconds since 1970; the zero time is as many before.
func appendInstant(b []byte, t time.Time) []byte {
	return binary.AppendVarint(b, t.UnixMilli())
}

// decodeClaims is the reverse of encode. Whatever encode did not write, or an
// unknown kind, is ErrInvalid.
func decodeClaims(b []byte) (Claims, error) {
	r := reader{rest: b}
	c := Claims{
		Kind:        Kind(r.take(1)[0]),
		Instance:    r.string(),
		Chat:        r.string(),
		Contact:     r.string(),
		Participant: r.string(),
		Role:        r.string(),
		Issued:      r.instant(),
		Expires:     r.instant(),
	}
	switch c.Kind {
	case View:
		c.View = r.string()
	case SignIn:
		c.Session = r.string()
	}
	if r.short || len(r.rest) > 0 || !c.Kind.known() {
		return Claims{}, ErrInvalid
	}
	return c, nil
}

// reader takes values off the front of rest. Once it has run short it returns
// zeros.
type reader struct {
	rest  []byte
	short bool
}

var zeros [16]byte

// take returns the next n bytes; when there are fewer, at most 16 zeros.
func (r *reader) take(n uint64) []byte {
	if r.short || n > uint64(len(r.rest)) {
		r.short = true
		return zeros[:min(n, uint64(len(zeros)))]
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) string() string {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.short = true
		return ""
	}
	r.take(uint64(size))
	if n == 0 {
		return center.FormatUUID([16]byte(r.take(16)))
	}
	return string(r.take(n - 1))
}

func (r *reader) instant() time.Time {
	ms, size := binary.Varint(r.rest)
	if size <= 0 {
		r.short = true
		return time.Time{}
	}
	r.take(uint64(size))
	return time.UnixMilli(ms).UTC()
}
