package sigv4_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/parley-chat/parley/internal/sigv4"
)

var (
	signedAt    = time.Date(2026, 11, 22, 9, 15, 0, 0, time.UTC)
	connectKey  = sigv4.DeriveKey(secret, "20261122", "us-east-1", "connect")
	credentials = aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret}
)

// outgoing is a request as a client would make it.
type outgoing struct {
	method, url, body string
	header            http.Header
	presign           bool
	region, service   string // "us-east-1" and "connect" when empty
}

// send has the AWS SDK sign the request, and carries it over the wire: what
// comes back is what a net/http server would see.
func (o outgoing) send() (sigv4.Request, []byte, error) {
	r, err := http.NewRequest(o.method, o.url, strings.NewReader(o.body))
	if err != nil {
		return sigv4.Request{}, nil, err
	}
	maps.Copy(r.Header, o.header)
	region, service := o.region, o.service
	if region == "" {
		region = "us-east-1"
	}
	if service == "" {
		service = "connect"
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if hash == "" {
		sum := sha256.Sum256([]byte(o.body))
		hash = hex.EncodeToString(sum[:])
	}
	signer := v4.NewSigner()
	if o.presign {
		query := r.URL.Query()
		query.Set("X-Amz-Expires", "60")
		r.URL.RawQuery = query.Encode()
		signed, header, err := signer.PresignHTTP(context.Background(), credentials, r, hash, service, region, signedAt)
		if err != nil {
			return sigv4.Request{}, nil, err
		}
		if r.URL, err = url.Parse(signed); err != nil {
			return sigv4.Request{}, nil, err
		}
		r.Header = header
	} else if err := signer.SignHTTP(context.Background(), credentials, r, hash, service, region, signedAt); err != nil {
		return sigv4.Request{}, nil, err
	}
	return overTheWire(r)
}

func overTheWire(r *http.Request) (sigv4.Request, []byte, error) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return sigv4.Request{}, nil, err
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return sigv4.Request{}, nil, err
	}
	body, err := io.ReadAll(got.Body)
	return sigv4.Request{Method: got.Method, Target: got.RequestURI, Host: got.Host, Header: got.Header}, body, err
}

func (o outgoing) mustSend(t testing.TB) (sigv4.Request, []byte) {
	t.Helper()
	r, body, err := o.send()
	if err != nil {
		t.Fatal(err)
	}
	return r, body
}

// verify is what a caller does who knows one access key.
func verify(r sigv4.Request, body []byte, now time.Time) error {
	claim, err := sigv4.Parse(r)
	if err != nil {
		return err
	}
	if claim.AccessKeyID != accessKeyID {
		return sigv4.UnrecognizedClient()
	}
	err = claim.Verify(body, connectKey, now)
	if early := verifyEarly(claim, body, now); (early == nil) != (err == nil) {
		return fmt.Errorf("before the body: %v, with it: %v", early, err)
	}
	return err
}

// verifyEarly verifies as much as can be before the body, and the rest with it.
func verifyEarly(claim sigv4.Claim, body []byte, now time.Time) error {
	proven, err := claim.VerifyHead(connectKey, now)
	switch {
	case err != nil:
		return err
	case proven:
		return claim.VerifyBody(body)
	}
	return claim.Verify(body, connectKey, now)
}

// A request that declares the hash of its body is verified before that arrives.
func TestADeclaredHashIsVerifiedBeforeTheBody(t *testing.T) {
	sum := sha256.Sum256([]byte(startChat.body))
	for name, c := range map[string]struct {
		header http.Header
		proven bool
	}{
		"declared": {http.Header{"X-Amz-Content-Sha256": {hex.EncodeToString(sum[:])}}, true},
		"unsigned": {http.Header{"X-Amz-Content-Sha256": {"UNSIGNED-PAYLOAD"}}, true},
		"neither":  {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := startChat
			o.header = c.header
			r, body := o.mustSend(t)
			claim, err := sigv4.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			proven, err := claim.VerifyHead(connectKey, signedAt)
			if proven != c.proven || err != nil {
				t.Errorf("proven %v, %v", proven, err)
			}
			if err := claim.VerifyBody(body); err != nil {
				t.Error(err)
			}
			wrong := sigv4.DeriveKey("another secret", "20261122", "us-east-1", "connect")
			if _, err := claim.VerifyHead(wrong, signedAt); (err != nil) != c.proven {
				t.Errorf("with another secret: %v", err)
			}
			if err := claim.VerifyBody([]byte("another body")); (err != nil) != (name == "declared") {
				t.Errorf("with another body: %v", err)
			}
		})
	}
}

var startChat = outgoing{
	method: "PUT", url: "http://127.0.0.1:4510/contact/chat?a=1&a=%2F&b=x%20y", body: `{"InstanceId":"i"}`,
	header: http.Header{
		"Content-Type":         {"application/json"},
		"X-Amz-Security-Token": {"session"},
		"X-List":               {"one", " two   words "},
	},
}

func presigned(o outgoing) outgoing {
	o.presign = true
	return o
}

func TestVerifyAcceptsWhatTheSDKSigns(t *testing.T) {
	requests := map[string]outgoing{
		"header form":          startChat,
		"presigned form":       presigned(startChat),
		"no path":              {method: "GET", url: "http://localhost:4510"},
		"encoded ids":          {method: "GET", url: "https://h/users/arn%3Aaws%3Aconnect%3Aus-east-1%2Finstance/%24SAVED"},
		"odd path characters":  {method: "GET", url: "https://h/a!b'(c)*;d,e=f@g:h&i+j$k~l[m]%25%0a%C3%A9/"},
		"path that isn't norm": {method: "GET", url: "https://h/a//b/./c/../d"},
		"plus and semicolon":   {method: "GET", url: "https://h/x?a=b+c&d=%2B&e=f%3Bg&h&=i"},
		"default port":         {method: "GET", url: "http://h:80/x"},
		"empty header":         {method: "GET", url: "https://h/x", header: http.Header{"X-Empty": {""}}},
		"delete with body":     {method: "DELETE", url: "https://h/x", body: "bye"},
		"unsigned payload": {method: "POST", url: "https://h/x", body: "b",
			header: http.Header{"X-Amz-Content-Sha256": {"UNSIGNED-PAYLOAD"}}},
	}
	for name, o := range requests {
		t.Run(name, func(t *testing.T) {
			r, body := o.mustSend(t)
			if err := verify(r, body, signedAt); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnsignedPayloadCoversAllButTheBody(t *testing.T) {
	o := startChat
	o.header = http.Header{"X-Amz-Content-Sha256": {"UNSIGNED-PAYLOAD"}, "Content-Length": {"18"}}
	r, _ := o.mustSend(t)
	if err := verify(r, []byte("another body"), signedAt); err != nil {
		t.Error(err)
	}
}

func TestAbsoluteFormIsTheSamePath(t *testing.T) {
	r, body := startChat.mustSend(t)
	r.Target = "http://127.0.0.1:4510" + r.Target
	if err := verify(r, body, signedAt); err != nil {
		t.Error(err)
	}
}

// A body may arrive in chunks that the signer did not send.
func TestContentLengthIsThatOfTheBody(t *testing.T) {
	r, body := startChat.mustSend(t)
	delete(r.Header, "Content-Length")
	if err := verify(r, body, signedAt); err != nil {
		t.Error(err)
	}
}

func TestParseReadsTheClaim(t *testing.T) {
	for _, o := range []outgoing{startChat, presigned(startChat)} {
		r, _ := o.mustSend(t)
		if o.presign { // the SDK moves the token into the query
			r.Header = map[string][]string{"Content-Type": r.Header["Content-Type"]}
		}
		c, err := sigv4.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		got := []any{c.AccessKeyID, c.Day, c.Region, c.Service, c.Date, c.SecurityToken, c.Presigned, c.Expires}
		want := []any{accessKeyID, "20261122", "us-east-1", "connect", signedAt, "session", o.presign, time.Duration(0)}
		if o.presign {
			want[7] = time.Minute
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("claim = %v\nwant    %v", got, want)
		}
		if !slices.Contains(c.SignedHeaders, "host") {
			t.Errorf("signed headers = %v", c.SignedHeaders)
		}
	}
}

// Every byte that the signature covers, changed in one bit.
func TestVerifyRefusesEveryChangedByte(t *testing.T) {
	for _, o := range []outgoing{startChat, presigned(startChat)} {
		r, body := o.mustSend(t)
		refused := func(what string, changed sigv4.Request, changedBody []byte) {
			t.Helper()
			if err := verify(changed, changedBody, signedAt); err == nil {
				t.Errorf("%s: accepted %v %q", what, changed, changedBody)
			}
		}
		for i := range r.Method {
			changed := r
			changed.Method = flip(r.Method, i)
			refused("method", changed, body)
		}
		for i := range r.Host {
			changed := r
			changed.Host = flip(r.Host, i)
			refused("host", changed, body)
		}
		for i := range r.Target {
			changed := r
			changed.Target = flip(r.Target, i)
			if !sameTarget(changed.Target, r.Target) {
				refused("target", changed, body)
			}
		}
		for i := range body {
			refused("body", r, []byte(flip(string(body), i)))
		}
		refused("longer body", r, append(slices.Clone(body), ' '))
		refused("no body", r, nil)
		for name, values := range r.Header {
			if name == "User-Agent" { // the SDK does not sign it
				continue
			}
			for v := range values {
				for i := range values[v] {
					refused(name, withHeader(r, name, v, flip(values[v], i)), body)
				}
			}
			without := r
			without.Header = maps.Clone(r.Header)
			delete(without.Header, name)
			if name != "Content-Length" { // which is that of the body
				refused("without "+name, without, body)
			}
		}
	}
}

func flip(s string, i int) string {
	b := []byte(s)
	b[i] ^= 1
	return string(b)
}

func withHeader(r sigv4.Request, name string, i int, value string) sigv4.Request {
	r.Header = maps.Clone(r.Header)
	r.Header[name] = slices.Clone(r.Header[name])
	r.Header[name][i] = value
	return r
}

// sameTarget says that two targets have one path and, decoded, one query: such
// a change is no tampering. Errors of net/url are compared too.
func sameTarget(a, b string) bool {
	pathA, queryA, _ := strings.Cut(a, "?")
	pathB, queryB, _ := strings.Cut(b, "?")
	valuesA, errA := url.ParseQuery(queryA)
	valuesB, errB := url.ParseQuery(queryB)
	return pathA == pathB && errA == nil && errB == nil && reflect.DeepEqual(valuesA, valuesB)
}

func TestClockSkewIsAllowedForFiveMinutes(t *testing.T) {
	const skew = 5 * time.Minute
	tests := []struct {
		name string
		o    outgoing
		now  time.Duration // after it was signed
		want string        // in the message; empty when accepted
	}{
		{"late to the second", startChat, skew, ""},
		{"too late", startChat, skew + 1, "Signature expired: 20261122T091500Z is now earlier than"},
		{"early to the second", startChat, -skew, ""},
		{"too early", startChat, -skew - 1, "Signature not yet current: 20261122T091500Z is still later than"},
		{"presigned, last second", presigned(startChat), time.Minute, ""},
		{"presigned, expired", presigned(startChat), time.Minute + 1, "good until 20261122T091600Z"},
		{"presigned, early to the second", presigned(startChat), -skew, ""},
		{"presigned, too early", presigned(startChat), -skew - 1, "Signature not yet current"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, body := test.o.mustSend(t)
			wantRefusal(t, verify(r, body, signedAt.Add(test.now)), "InvalidSignatureException", test.want)
		})
	}
}

// wantRefusal checks an error's code and message; an empty message means that
// there must be no error.
func wantRefusal(t *testing.T, err error, code, message string) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var refusal *sigv4.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if refusal.Code != code || refusal.Status != 403 || !strings.Contains(refusal.Message, message) {
		t.Errorf("refusal = %+v\nwant %s with %q", *refusal, code, message)
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the message holds the secret: %v", err)
	}
}

func TestScopeMustBeThatOfTheKey(t *testing.T) {
	elsewhere, otherService := startChat, startChat
	elsewhere.region = "eu-west-2"
	otherService.service = "execute-api"
	for message, o := range map[string]outgoing{
		"valid region, not 'eu-west-2'; this endpoint is in 'us-east-1'": elsewhere,
		"correct service: 'connect', not 'execute-api'":                  otherService,
	} {
		r, body := o.mustSend(t)
		wantRefusal(t, verify(r, body, signedAt), "InvalidSignatureException", message)
	}

	r, body := startChat.mustSend(t)
	claim, err := sigv4.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	yesterday := sigv4.DeriveKey(secret, "20261121", "us-east-1", "connect")
	wantRefusal(t, claim.Verify(body, yesterday, signedAt), "InvalidSignatureException", "'20261121', not '20261122'")
	stranger := sigv4.DeriveKey("another secret", "20261122", "us-east-1", "connect")
	wantRefusal(t, claim.Verify(body, stranger, signedAt), "InvalidSignatureException", "does not match the signature you provided")
}

func TestRefusals(t *testing.T) {
	const (
		credential = "Credential=AKIDEXAMPLE/20261122/us-east-1/connect/aws4_request"
		headers    = "SignedHeaders=host;x-amz-date"
		missing    = "MissingAuthenticationTokenException"
		incomplete = "IncompleteSignatureException"
		invalid    = "InvalidSignatureException"
	)
	signature := "Signature=" + strings.Repeat("0", 64)
	all := credential + ", " + headers + ", " + signature
	replace := func(old, new string) string { return "AWS4-HMAC-SHA256 " + strings.Replace(all, old, new, 1) }

	header := func(authorization string, more ...string) sigv4.Request {
		h := http.Header{"X-Amz-Date": {"20261122T091500Z"}, "Authorization": {authorization}}
		for i := 0; i < len(more); i += 2 {
			h.Del(more[i])
			if more[i+1] != "" {
				h.Set(more[i], more[i+1])
			}
		}
		return sigv4.Request{Method: "GET", Target: "/", Host: "h", Header: h}
	}
	query := func(change func(url.Values)) sigv4.Request {
		q := url.Values{
			"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
			"X-Amz-Credential":    {"AKIDEXAMPLE/20261122/us-east-1/connect/aws4_request"},
			"X-Amz-Date":          {"20261122T091500Z"},
			"X-Amz-Expires":       {"60"},
			"X-Amz-SignedHeaders": {"host"},
			"X-Amz-Signature":     {strings.Repeat("0", 64)},
		}
		change(q)
		return sigv4.Request{Method: "GET", Target: "/?" + q.Encode(), Host: "h"}
	}
	set := func(key string, values ...string) func(url.Values) { return func(q url.Values) { q[key] = values } }
	twice := header(replace("", ""))
	twice.Header["Authorization"] = []string{replace("", ""), replace("", "")}
	twoDates := header(replace("", ""))
	twoDates.Header["X-Amz-Date"] = []string{"20261122T091500Z", "20261122T091501Z"}
	both := query(func(url.Values) {})
	both.Header = header(replace("", "")).Header

	tests := []struct {
		name          string
		r             sigv4.Request
		code, message string
	}{
		{"nothing", sigv4.Request{Method: "GET", Target: "/"}, missing, "Missing Authentication Token"},
		{"another scheme", header("Bearer token"), incomplete, "must begin with 'AWS4-HMAC-SHA256'"},
		{"asymmetric", header("AWS4-ECDSA-P256-SHA256 " + all), incomplete, "other algorithms are not supported"},
		{"no parameters", header("AWS4-HMAC-SHA256", "X-Amz-Date", ""), incomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. " +
				"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
		{"no equal-sign", header(replace(credential, "AKID")), incomplete, "'AKID' not a valid key=value pair"},
		{"parameter twice", header(replace(headers, credential)), incomplete, "more than one 'Credential'"},
		{"header twice", twice, incomplete, "more than one Authorization"},
		{"both forms", both, incomplete, "signed twice"},
		{"short credential", header(replace("/connect", "")), incomplete, "exactly 5 slash-delimited elements"},
		{"wrong terminator", header(replace("aws4_request", "aws5_request")), invalid, "valid terminator: 'aws4_request'"},
		{"other day", header(replace("20261122", "20261121")), invalid, "'20261121' != '20261122'"},
		{"two dates", twoDates, incomplete, "more than one X-Amz-Date"},
		{"unreadable date", header(replace("", ""), "X-Amz-Date", "2026-11-22T09:15:00Z"), incomplete, "ISO-8601 'basic format'"},
		{"host not signed", header(replace("host;", "")), invalid, "'Host' or ':authority' must be a 'SignedHeader'"},
		{"headers not sorted", header(replace("host;x-amz-date", "x-amz-date;host")), incomplete, "alphabetical order"},
		{"headers in capitals", header(replace("host", "Host")), incomplete, "lower-case names"},
		{"header listed twice", header(replace("host", "host;host")), incomplete, "each once"},
		{"signed header not sent", header(replace("x-amz-date", "x-absent")), invalid, "'x-absent' is a 'SignedHeader'"},
		{"short signature", header(replace("00", "")), invalid, "64 lower-case hexadecimal digits"},
		{"long signature", header(replace("00", "0000")), invalid, "64 lower-case hexadecimal digits"},
		{"signature in capitals", header(replace("Signature=00", "Signature=AA")), invalid, "64 lower-case"},
		{"signature not hexadecimal", header(replace("Signature=00", "Signature=zz")), invalid, "64 lower-case"},
		{"wrong signature", header(replace("", "")), invalid, "does not match the signature you provided"},
		{"wrong signature, Date header", header(replace("host;x-amz-date", "date;host"), "X-Amz-Date", "", "Date", "Sun, 22 Nov 2026 09:15:00 GMT"),
			invalid, "does not match the signature you provided"},
		{"body hash", header(replace("", ""), "X-Amz-Content-Sha256", strings.Repeat("0", 64)), invalid, "does not have the SHA-256"},
		{"streaming", header(replace("", ""), "X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), invalid, "chunks is not supported"},
		{"aws-chunked", header(replace("", ""), "Content-Encoding", "gzip, AWS-chunked"), invalid, "'aws-chunked' are not supported"},
		{"presigned, wrong signature", query(func(url.Values) {}), invalid, "does not match the signature you provided"},
		{"presigned, other algorithm", query(set("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256")), incomplete, "other algorithms"},
		{"presigned, no date", query(set("X-Amz-Date")), incomplete, "must include: 'X-Amz-Date'"},
		{"presigned, two dates", query(set("X-Amz-Date", "20261122T091500Z", "20261122T091500Z")), incomplete, "only once"},
		{"presigned, expires never", query(set("X-Amz-Expires", "0")), incomplete, "from 1 to 604800"},
		{"presigned, longest", query(set("X-Amz-Expires", "604800")), invalid, "does not match"},
		{"presigned, too long", query(set("X-Amz-Expires", "604801")), incomplete, "from 1 to 604800"},
		{"presigned, negative", query(set("X-Amz-Expires", "-1")), incomplete, "from 1 to 604800"},
		{"presigned, streaming", query(set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")), invalid, "chunks"},
		{"bad query", sigv4.Request{Method: "GET", Target: "/?a=%zz", Header: header(all).Header}, invalid, "percent-encoded at 'a=%zz'"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantRefusal(t, verify(test.r, nil, signedAt), test.code, test.message)
		})
	}
}

func TestUnrecognizedClient(t *testing.T) {
	r, body := startChat.mustSend(t)
	r.Header["Authorization"][0] = strings.Replace(r.Header["Authorization"][0], accessKeyID, "AKIDSTRANGER", 1)
	wantRefusal(t, verify(r, body, signedAt), "UnrecognizedClientException", "security token included in the request is invalid")
}

// Whatever the AWS SDK signs and net/http carries, Verify accepts; and with
// one byte of it changed, refuses.
func FuzzCanonical(f *testing.F) {
	f.Add("PUT", "/contact/chat", "", "X-Note", "a  b", `{"a":1}`, false, uint(3))
	f.Add("GET", "/a//b/../c d/é%2F$", "b=2&a=1&a=%2F&a=-&c", "X-Amz-Target", "x", "", true, uint(40))
	f.Add("POST", "/users/arn:aws:connect/%24SAVED", "q=+%20;", "Content-Type", "application/json", "{}", false, uint(70))
	f.Fuzz(func(t *testing.T, method, path, query, name, value, body string, presign bool, at uint) {
		if !sendable.MatchString(name+"\n"+value) || hopByHop(name) {
			t.Skip("http.Transport refuses it, or it is changed on the way")
		}
		u := url.URL{Scheme: "https", Host: "h.example:4510", Path: "/" + path, RawQuery: query}
		o := outgoing{method: method, url: u.String(), body: body, presign: presign,
			header: http.Header{http.CanonicalHeaderKey(name): {value, value + "2"}}}
		r, received, err := o.send()
		if err != nil {
			t.Skip(err)
		}
		if err := verify(r, received, signedAt); err != nil {
			t.Fatalf("%v\n%+v", err, r)
		}
		changed := r
		changed.Target = flip(r.Target, int(at%uint(len(r.Target))))
		if !sameTarget(changed.Target, r.Target) && verify(changed, received, signedAt) == nil {
			t.Errorf("accepted %q for %q", changed.Target, r.Target)
		}
		if verify(r, append(received, '!'), signedAt) == nil {
			t.Error("accepted a longer body")
		}
	})
}

// sendable is a header, name above value, that http.Transport sends.
var sendable = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+\n[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$")

// hopByHop lists what net/http or the signer sets, moves or drops itself.
func hopByHop(name string) bool {
	return slices.Contains([]string{"Host", "Transfer-Encoding", "Trailer", "Content-Length", "User-Agent", "Authorization",
		"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "Content-Encoding", "Connection", "Expect", "Pragma",
		"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Expires", "X-Amz-Signedheaders", "X-Amzn-Trace-Id",
	}, http.CanonicalHeaderKey(name))
}

// Anything at all may be in a request; Parse and Verify return.
func FuzzParse(f *testing.F) {
	r, _ := startChat.mustSend(f)
	f.Add(r.Target, r.Header["Authorization"][0])
	r, _ = presigned(startChat).mustSend(f)
	f.Add(r.Target, "")
	f.Fuzz(func(t *testing.T, target, authorization string) {
		r := sigv4.Request{Method: "GET", Target: target, Host: "h", Header: map[string][]string{"X-Amz-Date": {"20261122T091500Z"}}}
		if authorization != "" {
			r.Header["Authorization"] = []string{authorization}
		}
		if err := verify(r, nil, signedAt); err == nil {
			t.Errorf("accepted %q %q", target, authorization)
		}
	})
}

// Verify beside Sign of the AWS SDK, which does the same work.
func BenchmarkVerify(b *testing.B) {
	r, body := startChat.mustSend(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := verify(r, body, signedAt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSDKSign(b *testing.B) {
	r, err := http.NewRequest(startChat.method, startChat.url, nil)
	if err != nil {
		b.Fatal(err)
	}
	maps.Copy(r.Header, startChat.header)
	signer := v4.NewSigner()
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256([]byte(startChat.body))
		if err := signer.SignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), "connect", "us-east-1", signedAt); err != nil {
			b.Fatal(err)
		}
	}
}
