package center

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's; apps that show codes know no other
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// One-time codes by time, as authenticator apps show them: RFC 6238 with SHA-1, 30 seconds and six digits, which is what
// an otpauth URI means without saying so and what all apps take.
const (
	codeStep   = 30
	codeDigits = 6
	// CodeSecretBytes is how long a secret is: as long as the hash (RFC 4226, section 4).
	CodeSecretBytes = sha1.Size
	// codeSlack is how many steps a client's clock may be off in either direction (RFC 6238, section 5.2).
	codeSlack = 1
)

var codeSecrets = base32.StdEncoding.WithPadding(base32.NoPadding)

// CodeSecret is a secret as apps take it when it is typed.
func CodeSecret(secret []byte) string { return codeSecrets.EncodeToString(secret) }

// CodeURI is a secret as apps take it from a picture. issuer and account are what the app shows beside the code.
func CodeURI(secret []byte, issuer, account string) string {
	query := url.Values{"secret": {CodeSecret(secret)}, "issuer": {issuer}}.Encode()
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(query, "+", "%20") // apps show a + as it is
}

// OneTimeCode is the code that an app shows at a time.
func OneTimeCode(secret []byte, at time.Time) string { return oneTimeCode(secret, at.Unix()/codeStep) }

// oneTimeCode is the code of a step.
func oneTimeCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%0*d", codeDigits, binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// CheckCode finds the step whose code was given, among those that now allows and that are behind the last one of which a code
// was taken. ok is false when it is none of them. Spaces, as apps show them, do not count.
func CheckCode(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	code = strings.ReplaceAll(code, " ", "")
	at := now.Unix() / codeStep
	for s := at - codeSlack; s <= at+codeSlack; s++ {
		if subtle.ConstantTimeCompare([]byte(code), []byte(oneTimeCode(secret, s))) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}
