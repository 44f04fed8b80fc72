// Package sigv4 answers one question: is this request signed by whom it says?
//
// It verifies AWS Signature Version 4, in an Authorization header or in a
// presigned URL, as services other than Amazon S3 do: the path is normalised
// and encoded once more than it was sent.
//
//	claim, err := sigv4.Parse(request)              // who says so? no secret is needed
//	key := sigv4.DeriveKey(secret, claim.Day, …)    // the caller looks the secret up
//	err = claim.Verify(body, key, now)
//
// It depends on the standard library alone and is pure: it reads no clock,
// keeps no cache, takes no lock and does no I/O. Whoever calls it reads the
// body, looks up the secret and may cache derived keys. It will never sign,
// never say which signature it expected, and never accept chunk-signed bodies
// (STREAMING-…, aws-chunked), which no Amazon Connect client sends.
//
// The algorithm is described in "Create a signed AWS API request":
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	dayLayout  = "20060102"
	timeLayout = "20060102T150405Z"

	unsignedPayload = "UNSIGNED-PAYLOAD"

	// maxSkew is how far the signer's clock may be from ours, either way.
	maxSkew = 5 * time.Minute
)

// Request is what a signature covers, apart from the body. From a net/http
// server it is {r.Method, r.RequestURI, r.Host, r.Header}.
type Request struct {
	Method string

	// Target is the request target exactly as it was sent, query included.
	// A path that was decoded and encoded again is not the one that was signed.
	Target string

	Host string

	// Header has canonical keys, as net/http makes them.
	Header map[string][]string
}

// Claim is what a request says about its signature. Nothing in it is proven
// until Verify returns nil.
type Claim struct {
	AccessKeyID string
	Day         string // of the credential scope: YYYYMMDD, UTC
	Region      string
	Service     string

	Date          time.Time // when the request was signed, to the second
	SignedHeaders []string  // lower case, sorted, each once, "host" among them
	SecurityToken string    // of temporary credentials; empty for others

	Presigned bool
	Expires   time.Duration // of a presigned request, counted from Date

	request   Request
	target    target
	payload   string // as declared by X-Amz-Content-Sha256; empty when it was not
	signature [sha256.Size]byte
}

// SigningKey signs the requests of one access key for one day, region and
// service, and knows which those are.
type SigningKey struct {
	day, region, service string
	secret               [sha256.Size]byte
}

// DeriveKey makes the signing key of a secret access key. It costs four HMACs,
// so callers may cache it; a key that has not verified a request yet does not
// belong in a cache, because strangers choose the day.
func DeriveKey(secret, day, region, service string) SigningKey {
	k := mac([]byte("AWS4"+secret), day)
	for _, part := range [...]string{region, service, terminator} {
		k = mac(k[:], part)
	}
	return SigningKey{day: day, region: region, service: service, secret: k}
}

func mac(key []byte, data string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	h.Sum(sum[:0])
	return sum
}

// Verify returns nil if the request that the claim was parsed from was signed
// with key, for key's day, region and service, at a time that is good now, and
// carries body. Any other outcome is an *Error.
//
// Headers that are not signed are not covered: callers must not trust them
// more than they would trust a stranger.
func (c Claim) Verify(body []byte, key SigningKey, now time.Time) error {
	if err := c.Check(key, now); err != nil {
		return err
	}
	payload, err := c.checkPayload(body)
	if err != nil {
		return err
	}
	return c.checkSignature(len(body), payload, key)
}

// Check is the part of Verify for which neither the body nor the signature is
// looked at: the day, region and service of the key, and the time.
func (c Claim) Check(key SigningKey, now time.Time) error {
	if err := c.checkScope(key); err != nil {
		return err
	}
	return c.checkTime(now)
}

// VerifyHead is Verify before the body has arrived. It can be answered if the
// request declares the hash of its body, or that the body is not signed;
// otherwise ok is false and nothing was verified. Afterwards VerifyBody must
// be asked as well.
func (c Claim) VerifyHead(key SigningKey, now time.Time) (ok bool, err error) {
	if err := c.Check(key, now); err != nil {
		return false, err
	}
	_, sized := c.request.Header["Content-Length"]
	if c.payload == "" || !sized && slices.Contains(c.SignedHeaders, "content-length") {
		return false, nil
	}
	return true, c.checkSignature(0, c.payload, key)
}

// VerifyBody returns nil if the body is the one whose hash VerifyHead has
// found to be signed.
func (c Claim) VerifyBody(body []byte) error {
	_, err := c.checkPayload(body)
	return err
}

func (c Claim) checkScope(key SigningKey) error {
	switch {
	case c.Region != key.region:
		return invalid("Credential should be scoped to a valid region, not '%s'; this endpoint is in '%s'.", c.Region, key.region)
	case c.Service != key.service:
		return invalid("Credential should be scoped to correct service: '%s', not '%s'.", key.service, c.Service)
	case c.Day != key.day:
		return invalid("Credential should be scoped to the day of its signing key: '%s', not '%s'.", key.day, c.Day)
	}
	return nil
}

// checkTime allows exactly maxSkew either way; a presigned request may be as
// old as its own Expires instead.
func (c Claim) checkTime(now time.Time) error {
	signed, current := c.Date.Format(timeLayout), now.UTC().Format(timeLayout)
	if c.Date.After(now.Add(maxSkew)) {
		return invalid("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			signed, now.UTC().Add(maxSkew).Format(timeLayout), current)
	}
	if c.Presigned {
		if end := c.Date.Add(c.Expires); now.After(end) {
			return invalid("Signature expired: the presigned request was good until %s and it is now %s.",
				end.Format(timeLayout), current)
		}
		return nil
	}
	if c.Date.Before(now.Add(-maxSkew)) {
		return invalid("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			signed, now.UTC().Add(-maxSkew).Format(timeLayout), current)
	}
	return nil
}

// checkPayload returns the last line of the canonical request.
func (c Claim) checkPayload(body []byte) (string, error) {
	if c.payload == unsignedPayload {
		return unsignedPayload, nil
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if c.payload != "" && c.payload != hash {
		return "", invalid("The body does not have the SHA-256 that X-Amz-Content-Sha256 declares.")
	}
	return hash, nil
}

// checkSignature accepts the documented canonical request and, where a client
// is known to build it otherwise, that client's. The variants differ in bytes
// that mean the same to a server whose ids are never empty, "." or "..":
//   - the path: normalised, as the AWS documentation says and botocore does,
//     or as it was sent, as aws-sdk-go-v2 does;
//   - the host: as received, or without a default port that something between
//     the signer and us has added.
func (c Claim) checkSignature(bodyLen int, payload string, key SigningKey) error {
	var first [sha256.Size]byte
	for i, path := range variants(normalizePath(c.target.path), c.target.path) {
		for j, host := range variants(c.request.Host, withoutDefaultPort(c.request.Host)) {
			canonical, err := c.canonicalRequest(path, host, bodyLen, payload)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(canonical)
			if i == 0 && j == 0 {
				first = sum
			}
			want := mac(key.secret[:], c.stringToSign(sum))
			if subtle.ConstantTimeCompare(want[:], c.signature[:]) == 1 {
				return nil
			}
		}
	}
	return invalid("The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details. "+
		"(The SHA-256 of the canonical request, the last line of the string to sign, is %x here.)", first)
}

// variants returns a, and b if it is another.
func variants(a, b string) []string {
	if a == b {
		return []string{a}
	}
	return []string{a, b}
}

func (c Claim) stringToSign(canonical [sha256.Size]byte) string {
	return strings.Join([]string{
		algorithm,
		c.Date.Format(timeLayout),
		c.Day + "/" + c.Region + "/" + c.Service + "/" + terminator,
		hex.EncodeToString(canonical[:]),
	}, "\n")
}

// Error is a refusal: the exception that AWS answers with, and words for the
// person who reads it. It holds neither a secret nor the signature that would
// have been right.
type Error struct {
	Code    string
	Status  int
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The codes are in "Common Error Types" of the Amazon Connect API Reference,
// and the messages in what AWS answers, for example in aws/aws-sdk-php#2469,
// aws/chalice#828 and aws/aws-sdk-ruby#431. Their status is 403 by that page;
// inferred for InvalidSignatureException and
// MissingAuthenticationTokenException, which it does not list.
const forbidden = 403

func invalid(format string, args ...any) *Error {
	return &Error{"InvalidSignatureException", forbidden, fmt.Sprintf(format, args...)}
}

func incomplete(format string, args ...any) *Error {
	return &Error{"IncompleteSignatureException", forbidden, fmt.Sprintf(format, args...)}
}

// MissingAuthenticationToken is what Parse returns for a request that claims
// no signature at all.
func MissingAuthenticationToken() *Error {
	return &Error{"MissingAuthenticationTokenException", forbidden, "Missing Authentication Token"}
}

// UnrecognizedClient is the answer to a claim whose access key nobody knows.
func UnrecognizedClient() *Error {
	return &Error{"UnrecognizedClientException", forbidden, "The security token included in the request is invalid."}
}
