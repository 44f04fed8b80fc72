package center

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Identifiers are lower-case UUIDs in text form, each of its own type so that they cannot be crossed.
type (
	InstanceID    string
	StreamID      string // of an aggregate, whose items are numbered: see [Change]
	ChatID        string // the InitialContactId of all contacts of one chat; as a [StreamID] it names the chat's stream
	ContactID     string
	ParticipantID string
	ItemID        string
	FlowID        string
)

// UUID returns the sixteen bytes of a UUID in text form, and whether s is one. Upper-case digits are accepted.
func UUID(s string) (id [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, false
	}
	n := 0
	for i := 0; i < 36; i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			i++
		}
		hi, lo := nibble(s[i]), nibble(s[i+1])
		if hi > 15 || lo > 15 {
			return id, false
		}
		id[n] = hi<<4 | lo
		n++
	}
	return id, true
}

func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// FormatUUID is the inverse of [UUID].
func FormatUUID(id [16]byte) string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// Printable keeps an identifier that a caller sent short and plain in a message.
func Printable(id string) string {
	if _, ok := UUID(id); ok {
		return id
	}
	return fmt.Sprintf("(an identifier of %d characters that is no UUID)", len([]rune(id)))
}

// Digest is one key, in hex, for the parts together: parts of any length and with any bytes make a key of 64 characters.
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
