// Package token makes and opens the bearer tokens of a chat: the participant
// token that StartChatContact returns, the connection token that
// CreateParticipantConnection returns, the token in the URL of a socket, the token
// of a view that a flow shows, and the state that a sign-in page brings back.
//
// A token is a PASETO v4.local: encrypted, authenticated and self-contained.
// Whoever holds a key opens it, and nothing is looked up to do so. The package
// also seals secrets for the store (MasterKey). It depends on go-paseto and, for
// the form of identifiers, on center. It never reads a clock,
// and it never decides whether a participant is still part of a chat: that is
// for its callers to judge.
package token

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aidanwoods.dev/go-paseto"
)

// MaxLen is the length that the Amazon Connect Participant Service's model
// allows a ParticipantToken, a ConnectionToken and a ViewToken, and that of Amazon
// Connect the State of a sign-in.
const MaxLen = 1000

// How long tokens live, by the Amazon Connect API Reference: a connection
// token is good for a day, and the URL of CreateParticipantConnection has "a
// connect expiry timeout of 100s".
const (
	ConnectionLifetime = 24 * time.Hour
	SocketLifetime     = 100 * time.Second
)

// Kind is what a token is for. A token opens nothing else.
type Kind byte

const (
	Participant Kind = 1 // calls CreateParticipantConnection; lives as long as the participant
	Connection  Kind = 2 // calls the other operations of the Participant Service
	Socket      Kind = 3 // opens sockets, any number of times until it expires
	View        Kind = 4 // says which view a chat was shown; of no use without a connection token of that chat
	SignIn      Kind = 5 // says for which session of a chat a customer signs in; of no use when that session is over
)

func (k Kind) String() string {
	switch k {
	case Participant:
		return "participant token"
	case Connection:
		return "connection token"
	case Socket:
		return "socket token"
	case View:
		return "view token"
	case SignIn:
		return "sign-in state"
	}
	return fmt.Sprintf("token of kind %d", byte(k))
}

// known says that there are tokens of the kind.
func (k Kind) known() bool { return k >= Participant && k <= SignIn }

// Claims is what a token says. Times are kept to the millisecond, in UTC.
type Claims struct {
	Kind Kind

	Instance    string
	Chat        string // the InitialContactId
	Contact     string
	Participant string
	Role        string // CUSTOMER, AGENT, …
	View        string // of a View token alone: what was shown, as the caller names it
	Session     string // of a SignIn token alone

	Issued  time.Time
	Expires time.Time // the first moment at which it is not good any more; zero is never
}

// Key encrypts tokens. Its ID stands readable in each of them.
type Key struct {
	ID      string
	Secret  [32]byte
	Created time.Time
}

// NewKey makes a key with a random secret.
func NewKey(id string, created time.Time) Key {
	k := Key{ID: id, Created: created}
	rand.Read(k.Secret[:]) // never fails
	return k
}

// maxKeyID leaves room for the longest claims within MaxLen.
const maxKeyID = 64

var (
	// ErrInvalid is any text that is not a token under one of the keys.
	ErrInvalid = errors.New("token is not valid")
	// ErrKey is the ErrInvalid of what looks like a token under a key that the Sealer does not have.
	ErrKey = fmt.Errorf("%w: its key is unknown", ErrInvalid)
	// ErrKind is a token for something else.
	ErrKind = errors.New("token is of another kind")
	// ErrExpired is a token that was good once.
	ErrExpired = errors.New("token has expired")
)

// Sealer makes and opens tokens. It is safe for concurrent use. When the keys
// change, make another.
type Sealer struct {
	newest string
	keys   map[string]paseto.V4SymmetricKey
	opened cache // connection tokens
	sealed cache // tokens of all kinds, those that were sealed last
}

// NewSealer seals with the newest of keys, and opens what any of them sealed.
// Of two keys made at the same time the one with the greater ID is newer, so
// that all nodes agree.
func NewSealer(keys []Key) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("no token keys")
	}
	s := &Sealer{keys: make(map[string]paseto.V4SymmetricKey, len(keys)), opened: cache{max: maxOpened}, sealed: cache{max: maxSealed}}
	for _, k := range keys {
		if k.ID == "" || len(k.ID) > maxKeyID {
			return nil, fmt.Errorf("token key id %q must have 1 to %d bytes", k.ID, maxKeyID)
		}
		if _, twice := s.keys[k.ID]; twice {
			return nil, fmt.Errorf("two token keys have the id %q", k.ID)
		}
		symmetric, err := paseto.V4SymmetricKeyFromBytes(k.Secret[:])
		if err != nil {
			return nil, fmt.Errorf("token key %q: %w", k.ID, err)
		}
		s.keys[k.ID] = symmetric
	}
	s.newest = slices.MaxFunc(keys, func(a, b Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	}).ID
	return s, nil
}

// claimName is the one claim of our tokens. PASETO payloads are JSON; the
// binary form inside it is a third shorter than JSON members would be.
const claimName = "c"

// Seal makes a token. Two tokens of the same claims differ. With UUIDs for ids
// it is well below MaxLen.
func (s *Sealer) Seal(c Claims) string {
	t := paseto.NewToken()
	t.SetString(claimName, base64.RawURLEncoding.EncodeToString(c.encode()))
	t.SetFooter([]byte(s.newest))
	token := t.V4Encrypt(s.keys[s.newest], nil)
	if len(token) <= MaxLen && c.Kind.known() {
		s.sealed.put(token, c.told())
	}
	return token
}

// Open returns the claims of a token of the kind wanted that is good now. Its
// error is ErrInvalid (perhaps ErrKey), ErrKind or ErrExpired, and then the claims are zero.
func (s *Sealer) Open(token string, want Kind, now time.Time) (Claims, error) {
	c, cached := s.opened.get(token)
	if !cached {
		known := false
		if c, known = s.sealed.get(token); !known {
			var err error
			if c, err = s.decrypt(token); err != nil {
				return Claims{}, err
			}
		}
	}
	if c.Kind != want {
		return Claims{}, ErrKind
	}
	if !c.Expires.IsZero() && !now.Before(c.Expires) {
		return Claims{}, ErrExpired
	}
	if !cached && want == Connection {
		s.opened.put(strings.Clone(token), c) // the other kinds come once a connection: remembering them costs more than it saves
	}
	return c, nil
}

func (s *Sealer) decrypt(token string) (Claims, error) {
	if len(token) > MaxLen {
		return Claims{}, ErrInvalid
	}
	parser := paseto.NewParserWithoutExpiryCheck() // Open judges, by the now it is given
	key, ok := s.keyOf(token)
	if !ok {
		if _, err := parser.UnsafeParseFooter(paseto.V4Local, token); err != nil {
			return Claims{}, ErrInvalid
		}
		return Claims{}, ErrKey
	}
	t, err := parser.ParseV4Local(key, token, nil)
	if err != nil {
		return Claims{}, ErrInvalid
	}
	text, err := t.GetString(claimName)
	if err != nil {
		return Claims{}, ErrInvalid
	}
	encoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Claims{}, ErrInvalid
	}
	return decodeClaims(encoded)
}

// keyOf is the key that a token's last part names, of whatever form the rest may be: opening it tells.
func (s *Sealer) keyOf(token string) (key paseto.V4SymmetricKey, ok bool) {
	id, err := base64.RawURLEncoding.DecodeString(token[strings.LastIndexByte(token, '.')+1:])
	if err == nil {
		key, ok = s.keys[string(id)]
	}
	return key, ok
}
