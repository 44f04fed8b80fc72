package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"aidanwoods.dev/go-paseto"
)

var (
	now  = time.Date(2026, 11, 22, 9, 15, 0, 123e6, time.UTC)
	key1 = NewKey("k1", now.Add(-48*time.Hour))
	key2 = NewKey("k2", now.Add(-24*time.Hour))

	connection = Claims{
		Kind:        Connection,
		Instance:    "11111111-1111-4111-8111-111111111111",
		Chat:        "0199c3a0-5a52-7c3e-9d43-7f6b8a2f1c01",
		Contact:     "0199c3a0-5a52-7c3e-9d43-7f6b8a2f1c02",
		Participant: "0199c3a0-5a52-7c3e-9d43-7f6b8a2f1c03",
		Role:        "CUSTOMER",
		Issued:      now,
		Expires:     now.Add(ConnectionLifetime),
	}
)

func newSealer(t testing.TB, keys ...Key) *Sealer {
	t.Helper()
	s, err := NewSealer(keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenReturnsWhatWasSealed(t *testing.T) {
	s := newSealer(t, key1)
	participant := connection
	participant.Kind, participant.Expires = Participant, time.Time{}
	shown := Claims{Kind: View, Instance: connection.Instance, Chat: connection.Chat, Contact: connection.Contact, View: "form:1"}
	for _, c := range []Claims{connection, participant, {Kind: Socket}, {Kind: Socket, Chat: "not a UUID", Role: "Ω"}, shown, {Kind: View}, {Kind: SignIn, Chat: connection.Chat, Session: connection.Contact}, {Kind: SignIn}} {
		token := s.Seal(c)
		another := newSealer(t, key1)
		for _, from := range []struct {
			what string
			*Sealer
		}{{"where it was sealed", s}, {"from the token", another}, {"from the cache", another}} {
			got, err := from.Open(token, c.Kind, now)
			if err != nil || got != c {
				t.Errorf("%s: %+v, %v\nwant %+v", from.what, got, err, c)
			}
		}
	}
}

func TestTokensOfTheSameClaimsDiffer(t *testing.T) {
	s := newSealer(t, key1)
	if first, second := s.Seal(connection), s.Seal(connection); first == second {
		t.Errorf("%q twice", first)
	}
}

func TestTokenIsShortAndOpaque(t *testing.T) {
	longestKeyID := Key{ID: strings.Repeat("k", maxKeyID)}
	c := connection
	c.Role = "CUSTOMER_WITH_A_LONG_NAME"
	if token := newSealer(t, longestKeyID).Seal(c); len(token) > MaxLen {
		t.Errorf("%d characters with the longest key id", len(token))
	}
	token := newSealer(t, key1).Seal(connection)
	if len(token) > 400 {
		t.Errorf("%d characters, want at most 400", len(token))
	}
	decoded, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[2])
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{token, string(decoded)} {
		for _, id := range []string{connection.Instance, connection.Chat, connection.Contact, connection.Participant, connection.Role} {
			if strings.Contains(text, id) {
				t.Errorf("the token shows %q", id)
			}
		}
	}
}

func TestKindsDoNotOpenEachOther(t *testing.T) {
	s := newSealer(t, key1)
	kinds := []Kind{Participant, Connection, Socket, View, SignIn}
	for _, sealed := range kinds {
		c := connection
		c.Kind = sealed
		token := s.Seal(c)
		for _, want := range kinds {
			for _, at := range []*Sealer{s, newSealer(t, key1)} {
				got, err := at.Open(token, want, now)
				if sealed == want {
					if err != nil {
						t.Errorf("%v: %v", sealed, err)
					}
				} else if !errors.Is(err, ErrKind) || got != (Claims{}) {
					t.Errorf("%v as %v: %+v, %v, want ErrKind", sealed, want, got, err)
				}
			}
		}
	}
}

func TestTokenExpiresAtItsMoment(t *testing.T) {
	s := newSealer(t, key1)
	another := newSealer(t, key1)
	token := s.Seal(connection)
	for _, from := range []struct {
		what string
		*Sealer
	}{{"where it was sealed", s}, {"from the token", another}, {"from the cache", another}} {
		if _, err := from.Open(token, Connection, connection.Expires.Add(-1)); err != nil {
			t.Errorf("%s, just before: %v", from.what, err)
		}
		if got, err := from.Open(token, Connection, connection.Expires); !errors.Is(err, ErrExpired) || got != (Claims{}) {
			t.Errorf("%s, at the moment: %+v, %v, want ErrExpired", from.what, got, err)
		}
	}
}

func TestTokenThatNeverExpires(t *testing.T) {
	s := newSealer(t, key1)
	c := connection
	c.Expires = time.Time{}
	if _, err := s.Open(s.Seal(c), Connection, now.AddDate(100, 0, 0)); err != nil {
		t.Error(err)
	}
	c.Expires = time.Unix(0, 0)
	if _, err := s.Open(s.Seal(c), Connection, now); !errors.Is(err, ErrExpired) {
		t.Errorf("1970: %v, want ErrExpired", err)
	}
}

func TestNewestKeySealsAndAllOpen(t *testing.T) {
	old, both, fresh := newSealer(t, key1), newSealer(t, key2, key1), newSealer(t, key2)
	before, after := old.Seal(connection), both.Seal(connection)
	for _, test := range []struct {
		name  string
		s     *Sealer
		token string
		want  error
	}{
		{"old key, rotated", both, before, nil},
		{"new key, rotated", both, after, nil},
		{"old key, retired", fresh, before, ErrInvalid},
		{"new key", fresh, after, nil},
		{"new key, not known yet", old, after, ErrInvalid},
	} {
		if _, err := test.s.Open(test.token, Connection, now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestNewestKeyIsTheSameOnAllNodes(t *testing.T) {
	twin := NewKey("k3", key2.Created)
	for _, keys := range [][]Key{{key1, key2, twin}, {twin, key2, key1}, {key2, twin, key1}} {
		if s := newSealer(t, keys...); s.newest != "k3" {
			t.Errorf("newest = %s, want k3", s.newest)
		}
	}
}

func TestNewSealerRefusesBadKeys(t *testing.T) {
	for name, keys := range map[string][]Key{
		"none":    nil,
		"no id":   {{}},
		"long id": {{ID: strings.Repeat("k", maxKeyID+1)}},
		"one id":  {key1, {ID: "k1"}},
	} {
		if s, err := NewSealer(keys); err == nil || s != nil {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func TestOpenRefusesWhatWasNotSealed(t *testing.T) {
	s := newSealer(t, key1)
	token := s.Seal(connection)
	forged := newSealer(t, NewKey("k1", now)).Seal(connection)
	foreign := func(set func(*paseto.Token)) string {
		p := paseto.NewToken()
		set(&p)
		p.SetFooter([]byte("k1"))
		return p.V4Encrypt(s.keys["k1"], nil)
	}
	claim := func(b []byte) string {
		return foreign(func(p *paseto.Token) { p.SetString(claimName, base64.RawURLEncoding.EncodeToString(b)) })
	}
	tokens := map[string]string{
		"empty":             "",
		"garbage":           "not a token",
		"dots":              "v4.local..",
		"forged":            forged,
		"public":            strings.Replace(token, "local", "public", 1),
		"another version":   strings.Replace(token, "v4", "v3", 1),
		"no footer":         token[:strings.LastIndexByte(token, '.')],
		"empty footer":      token[:strings.LastIndexByte(token, '.')+1],
		"more":              token + "A",
		"another part":      token + ".A",
		"new line":          token + "\n",
		"1 MB":              strings.Repeat("v4.local.", 1<<20/9),
		"no claims":         foreign(func(*paseto.Token) {}),
		"claim not base64":  foreign(func(p *paseto.Token) { p.SetString(claimName, "*") }),
		"no kind":           claim(nil),
		"unknown kind":      claim(Claims{Kind: 6}.encode()),
		"a view's, cut":     claim(Claims{Kind: View}.encode()[:8]),
		"truncated claims":  claim(connection.encode()[:40]),
		"trailing claims":   claim(append(connection.encode(), 0)),
		"string too long":   claim([]byte{2, 200, 1, 'a'}),
		"length overflows":  claim([]byte{2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}),
		"instant truncated": claim([]byte{2, 1, 1, 1, 1, 1, 128}),
	}
	for name, bad := range tokens {
		if got, err := s.Open(bad, Connection, now); !errors.Is(err, ErrInvalid) || got != (Claims{}) {
			t.Errorf("%s: %+v, %v, want ErrInvalid", name, got, err)
		}
	}
	if _, ok := s.opened.get(forged); ok || len(s.opened.young) > 0 {
		t.Error("an invalid token is remembered")
	}
}

func TestTokensSealedLastAreRemembered(t *testing.T) {
	s := newSealer(t, key1)
	decrypts := func(token string) bool {
		_, known := s.sealed.get(token)
		return !known
	}
	first := s.Seal(connection)
	if decrypts(first) {
		t.Error("a token that was just sealed is decrypted")
	}
	for range maxSealed {
		if last := s.Seal(connection); decrypts(last) {
			t.Fatal("a token that was just sealed is decrypted")
		}
		if n := len(s.sealed.young) + len(s.sealed.old); n > maxSealed {
			t.Fatalf("%d tokens are remembered, want at most %d", n, maxSealed)
		}
	}
	if !decrypts(first) {
		t.Errorf("a token is remembered after %d others", maxSealed)
	}
	if c, err := s.Open(first, Connection, now); err != nil || c != connection {
		t.Errorf("%+v, %v", c, err)
	}

	// A token that no node would open is not remembered by the one that sealed it.
	for _, c := range []Claims{{Kind: 6}, {Kind: Connection, Role: strings.Repeat("r", MaxLen)}} {
		if got, err := s.Open(s.Seal(c), c.Kind, now); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v, %v, want ErrInvalid", got, err)
		}
	}
}

func TestOnlyConnectionTokensAreRemembered(t *testing.T) {
	s := newSealer(t, key1)
	for kind, want := range map[Kind]bool{Participant: false, Connection: true, Socket: false, View: false, SignIn: false} {
		token := s.Seal(Claims{Kind: kind})
		if _, err := s.Open(token, kind, now); err != nil {
			t.Fatal(err)
		}
		if _, got := s.opened.get(token); got != want {
			t.Errorf("%v: remembered: %v, want %v", kind, got, want)
		}
	}
}

func TestOpenRefusesEveryChangedOrMissingByte(t *testing.T) {
	s := newSealer(t, key1)
	token := s.Seal(connection)
	if _, err := s.Open(token, Connection, now); err != nil { // and remember it
		t.Fatal(err)
	}
	for i := range token {
		b := []byte(token)
		b[i] ^= 1
		for _, bad := range []string{string(b), token[:i], token[:i] + token[i+1:]} {
			if _, err := s.Open(bad, Connection, now); !errors.Is(err, ErrInvalid) {
				t.Fatalf("byte %d: %q: %v", i, bad, err)
			}
		}
	}
}

func TestOversizedTokenCostsNothing(t *testing.T) {
	s := newSealer(t, key1)
	huge := "v4.local." + strings.Repeat("A", 1<<20)
	if allocs := testing.AllocsPerRun(10, func() {
		if _, err := s.Open(huge, Connection, now); err == nil {
			t.Fatal("opened")
		}
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := cache{max: maxOpened}
	c.put("kept", Claims{Role: "kept"})
	for i := range 2 * maxOpened {
		c.put(fmt.Sprint(i), Claims{})
		if n := len(c.young) + len(c.old); n > maxOpened {
			t.Fatalf("%d tokens after %d", n, i)
		}
		if i%1000 == 0 {
			if got, ok := c.get("kept"); !ok || got.Role != "kept" {
				t.Fatalf("a token in use is forgotten after %d others", i)
			}
		}
	}
	if _, ok := c.get("0"); ok {
		t.Error("the oldest token is not forgotten")
	}
}

func TestOpenConcurrently(t *testing.T) {
	s := newSealer(t, key1)
	token := s.Seal(connection)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if c, err := s.Open(token, Connection, now); err != nil || c != connection {
					t.Errorf("%+v, %v", c, err)
				}
				if _, err := s.Open(s.Seal(connection), Connection, now); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// sealedBefore is connection under the key "k1" of zeros. Tokens outlive the
// process that sealed them, so it must go on opening.
const sealedBefore = "v4.local.BcJf79KVrOdtSyRqEvJWRl8fxi_JQHGF5-kz6iIpLDafFAVtcriAQ-uKqMV_Q1hTHE9wHZruWGcbkCDn-" +
	"qcNr9SCo422-C5oqJz4i1qikww6BtTXmKm--nY7a_9TDnv7FOhgDMa5keY8eblJdboXOdgOXtBSsHScTnt2gwZ9_8O" +
	"_xIxK53vbJ0sDeYCIXGqla2nHF2pqyb3nRAEhFEmKsfqic45GES0Ur2sBaFgS5v3aNjQ-DT7ifVIDa0Ds5VIb.azE"

func TestTokenOfAnEarlierReleaseOpens(t *testing.T) {
	if c, err := newSealer(t, Key{ID: "k1"}).Open(sealedBefore, Connection, now); err != nil || c != connection {
		t.Errorf("%+v, %v", c, err)
	}
}

// Of all texts, only the one that was sealed opens.
func FuzzOpen(f *testing.F) {
	s := newSealer(f, Key{ID: "k1"})
	f.Add(sealedBefore)
	f.Add(sealedBefore[:100])
	f.Add("v4.local.AAAA.azE")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := s.Open(text, Connection, now)
		if (err == nil) != (text == sealedBefore) || err != nil && c != (Claims{}) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	})
}

// Any claims survive, and any bytes decode to ErrInvalid or to claims that
// decode to themselves again.
func FuzzClaims(f *testing.F) {
	f.Add(byte(2), connection.Chat, "", "AGENT", int64(1), connection.encode())
	f.Fuzz(func(t *testing.T, kind byte, chat, contact, role string, expires int64, encoded []byte) {
		c := Claims{Kind: Kind(kind), Chat: chat, Contact: contact, Role: role, Expires: time.UnixMilli(expires).UTC()}
		got, err := decodeClaims(c.encode())
		more := c
		more.View, more.Session, more.Issued = "view:1", "session", time.Unix(0, expires)
		if said, bad := decodeClaims(more.encode()); bad == nil && more.told() != said {
			t.Errorf("%+v\nwant %+v", more.told(), said)
		}
		if known := c.Kind >= Participant && c.Kind <= SignIn; known != (err == nil) || known && got != c {
			t.Errorf("%+v, %v\nwant %+v", got, err, c)
		}
		if c, err := decodeClaims(encoded); err == nil {
			if again, err := decodeClaims(c.encode()); err != nil || again != c {
				t.Errorf("%+v, %v\nwant %+v", again, err, c)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s := newSealer(b, key1)
	b.ReportAllocs()
	for b.Loop() {
		s.Seal(connection)
	}
}

func BenchmarkOpenUncached(b *testing.B) {
	s := newSealer(b, key1)
	token := s.Seal(connection)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.decrypt(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenCached(b *testing.B) {
	s := newSealer(b, key1)
	token := s.Seal(connection)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Open(token, Connection, now); err != nil {
				b.Fatal(err)
			}
		}
	})
}
