package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The parameters of a presigned request; see "Query parameters" under
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
const (
	keyAlgorithm     = "X-Amz-Algorithm"
	keyCredential    = "X-Amz-Credential"
	keyDate          = "X-Amz-Date"
	keyExpires       = "X-Amz-Expires"
	keySignedHeaders = "X-Amz-SignedHeaders"
	keySignature     = "X-Amz-Signature"
	keySecurityToken = "X-Amz-Security-Token"
	keyContentSHA256 = "X-Amz-Content-Sha256"
)

const maxExpires = 604800 * time.Second

// Parse reads who claims to have signed r, and what they claim. It needs no
// secret and proves nothing. Its errors are of type *Error.
func Parse(r Request) (Claim, error) {
	t, err := parseTarget(r.Target)
	if err != nil {
		return Claim{}, err
	}
	c := Claim{request: r, target: t}
	if err := c.parseForm(); err != nil {
		return Claim{}, err
	}
	if err := c.parsePayload(); err != nil {
		return Claim{}, err
	}
	return c, nil
}

// parseForm finds out which of the two forms the request is signed in.
func (c *Claim) parseForm() error {
	authorization, inHeader := c.request.Header["Authorization"]
	inQuery := slices.ContainsFunc(c.target.params, func(p param) bool {
		return p.key == keyAlgorithm || p.key == keyCredential || p.key == keySignature
	})
	switch {
	case inHeader && inQuery:
		return incomplete("The request is signed twice: in the Authorization header and in X-Amz-* query parameters.")
	case len(authorization) > 1:
		return incomplete("The request has more than one Authorization header.")
	case inHeader:
		return c.parseHeaderForm(authorization[0])
	case inQuery:
		return c.parseQueryForm()
	}
	return MissingAuthenticationToken()
}

func (c *Claim) parseHeaderForm(authorization string) error {
	name, rest, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	if name != algorithm {
		return incomplete("The Authorization header must begin with '%s'; other algorithms are not supported.", algorithm)
	}
	parts, err := parseParts(rest)
	if err != nil {
		return err
	}
	var missing []string
	for _, key := range []string{"Credential", "Signature", "SignedHeaders"} {
		if _, ok := parts[key]; !ok {
			missing = append(missing, "Authorization header requires '"+key+"' parameter.")
		}
	}
	date, err := c.headerDate()
	if err != nil {
		return err
	}
	if date == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if missing != nil {
		return incomplete("%s", strings.Join(missing, " "))
	}
	if c.SecurityToken, err = c.onlyHeader(keySecurityToken); err != nil {
		return err
	}
	return c.parseClaims(parts["Credential"], date, parts["SignedHeaders"], parts["Signature"])
}

// parseParts reads "key=value, key=value". Keys it does not know are ignored.
func parseParts(s string) (map[string]string, error) {
	parts := make(map[string]string, 3)
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, incomplete("'%.100s' not a valid key=value pair (missing equal-sign) in Authorization header.", part)
		}
		if _, twice := parts[key]; twice {
			return nil, incomplete("Authorization header has more than one '%s' parameter.", key)
		}
		parts[key] = value
	}
	return parts, nil
}

// headerDate prefers X-Amz-Date, because HTTP clients and proxies set Date.
func (c *Claim) headerDate() (string, error) {
	date, err := c.onlyHeader(keyDate)
	if err != nil || date != "" {
		return date, err
	}
	return c.onlyHeader("Date")
}

// onlyHeader returns the value of a header that may be given once, or "".
func (c *Claim) onlyHeader(key string) (string, error) {
	values := c.request.Header[key]
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return strings.TrimSpace(values[0]), nil
	}
	return "", incomplete("The request has more than one %s header.", key)
}

func (c *Claim) parseQueryForm() error {
	values := make(map[string]string, 6)
	for _, key := range []string{keyAlgorithm, keyCredential, keyDate, keyExpires, keySignedHeaders, keySignature} {
		value, ok, err := c.target.only(key)
		if err != nil {
			return err
		}
		if !ok {
			return incomplete("AWS query-string parameters must include: '%s'. Re-examine the query-string parameters.", key)
		}
		values[key] = value
	}
	if values[keyAlgorithm] != algorithm {
		return incomplete("X-Amz-Algorithm must be '%s'; other algorithms are not supported.", algorithm)
	}
	seconds, err := strconv.ParseUint(values[keyExpires], 10, 32)
	expires := time.Duration(seconds) * time.Second
	if err != nil || expires < time.Second || expires > maxExpires {
		return incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.")
	}
	token, _, err := c.target.only(keySecurityToken)
	if err != nil {
		return err
	}
	c.Presigned, c.Expires, c.SecurityToken = true, expires, token
	return c.parseClaims(values[keyCredential], values[keyDate], values[keySignedHeaders], values[keySignature])
}

// parseClaims reads what both forms have.
func (c *Claim) parseClaims(credential, date, signedHeaders, signature string) error {
	if err := c.parseCredential(credential); err != nil {
		return err
	}
	if err := c.parseDate(date); err != nil {
		return err
	}
	if err := c.parseSignedHeaders(signedHeaders); err != nil {
		return err
	}
	// Upper-case digits are refused, so that one signature has one spelling.
	n, err := hex.Decode(c.signature[:], []byte(signature[:min(len(signature), 2*sha256.Size)]))
	if err != nil || n != sha256.Size || len(signature) != 2*sha256.Size || strings.ToLower(signature) != signature {
		return invalid("The signature must be 64 lower-case hexadecimal digits.")
	}
	return nil
}

// parseCredential reads "keyid/day/region/service/aws4_request" from its end,
// as the key id may hold slashes.
func (c *Claim) parseCredential(credential string) error {
	parts := strings.Split(credential, "/")
	if len(parts) < 5 {
		return incomplete("Credential must have exactly 5 slash-delimited elements, "+
			"e.g. keyid/date/region/service/term, got '%.100s'", credential)
	}
	scope := parts[len(parts)-4:]
	if scope[3] != terminator {
		return invalid("Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, scope[3])
	}
	c.AccessKeyID = strings.Join(parts[:len(parts)-4], "/")
	c.Day, c.Region, c.Service = scope[0], scope[1], scope[2]
	return nil
}

func (c *Claim) parseDate(date string) error {
	signed, err := time.Parse(timeLayout, date)
	if err != nil && !c.Presigned {
		signed, err = time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", date) // a Date header
	}
	if err != nil {
		return incomplete("Date must be in ISO-8601 'basic format', e.g. '20261122T091500Z'. Got '%.100s'.", date)
	}
	if day := signed.Format(dayLayout); day != c.Day {
		return invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "+
			"'%s' != '%s', from '%s'.", c.Day, day, date)
	}
	c.Date = signed
	return nil
}

func (c *Claim) parseSignedHeaders(list string) error {
	names := strings.Split(list, ";")
	for i, name := range names {
		if name == "" || name != strings.ToLower(name) || i > 0 && name <= names[i-1] {
			return incomplete("SignedHeaders must be lower-case names in alphabetical order, each once, "+
				"separated by ';'. Got '%.100s'.", list)
		}
	}
	if !slices.Contains(names, "host") {
		return invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	c.SignedHeaders = names
	return nil
}

// parsePayload reads what the request declares about its body. AWS's SDKs
// declare nothing for Amazon Connect; proxies that sign often do.
func (c *Claim) parsePayload() error {
	for _, encoding := range c.request.Header["Content-Encoding"] {
		if strings.Contains(strings.ToLower(encoding), "aws-chunked") {
			return invalid("Bodies in Content-Encoding 'aws-chunked' are not supported.")
		}
	}
	payload, err := c.onlyHeader(keyContentSHA256)
	if err != nil {
		return err
	}
	if payload == "" && c.Presigned {
		if payload, _, err = c.target.only(keyContentSHA256); err != nil {
			return err
		}
	}
	if strings.HasPrefix(payload, "STREAMING-") {
		return invalid("Signing in chunks is not supported: X-Amz-Content-Sha256 is '%.100s'.", payload)
	}
	c.payload = payload
	return nil
}
