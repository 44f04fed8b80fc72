package sigv4_test

import (
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/sigv4"
)

const (
	accessKeyID = "AKIDEXAMPLE"
	secret      = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// A vector is a request whose signature somebody else has computed.
type vector struct {
	name          string
	request       string // method and target
	host          string
	header        []string // "Name: value"
	body          string
	signedHeaders string // empty when the request is presigned
	signature     string
}

// Facts of AWS's signing test suite, as kept in awslabs/aws-c-auth under
// tests/aws-signing-test-suite/v4: requests and the signatures they must have.
var awsSuite = []vector{
	{"get-vanilla", "GET /", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-header-key-duplicate", "GET /", "example.amazonaws.com",
		[]string{"My-Header1: value2", "My-Header1: value2", "My-Header1: value1"}, "", "host;my-header1;x-amz-date",
		"c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{"get-header-value-order", "GET /", "example.amazonaws.com",
		[]string{"My-Header1: value4", "My-Header1: value1", "My-Header1: value3", "My-Header1: value2"}, "",
		"host;my-header1;x-amz-date",
		"08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{"get-header-value-trim", "GET /", "example.amazonaws.com",
		[]string{"My-Header1:  value1", `My-Header2: "a   b   c"`}, "", "host;my-header1;my-header2;x-amz-date",
		"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{"get-relative-relative-normalized", "GET /example1/example2/../..", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-relative-relative-unnormalized", "GET /example1/example2/../..", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
	{"get-slashes-normalized", "GET //example//", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{"get-space-normalized", "GET /example space/", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{"get-unreserved", "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "example.amazonaws.com",
		nil, "", "host;x-amz-date",
		"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"get-utf8", "GET /ሴ", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{"get-vanilla-query-order-key-case", "GET /?Param2=value2&Param1=value1", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"get-vanilla-query-order-encoded", "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "example.amazonaws.com",
		nil, "", "host;x-amz-date",
		"371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{"get-vanilla-utf8-query", "GET /?ሴ=bar", "example.amazonaws.com", nil, "", "host;x-amz-date",
		"2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{"get-vanilla-with-session-token", "GET /", "example.amazonaws.com",
		[]string{"X-Amz-Security-Token: 6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}, "",
		"host;x-amz-date;x-amz-security-token",
		"07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{"post-x-www-form-urlencoded-parameters", "POST /", "example.amazonaws.com",
		[]string{"Content-Type: application/x-www-form-urlencoded; charset=utf-8", "Content-Length: 13",
			"X-Amz-Content-Sha256: 9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"},
		"Param1=value1", "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
		"328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
	{"get-vanilla presigned", "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request" +
		"&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600" +
		"&X-Amz-Signature=e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d",
		"example.amazonaws.com", nil, "", "", ""},
}

// Signed by botocore 1.43.11, the signer of boto3 and the AWS CLI.
var botocore = []vector{
	{"json body on a port", "PUT /contact/chat", "127.0.0.1:4510", []string{"Content-Type: application/json"},
		`{"a": 1}`, "content-type;host;x-amz-date",
		"4962a52e5ad34323d97b6f66218fa0c356447835c6267c495f7ba6e9791cd7fa"},
	{"encoded path, repeated keys, session token",
		"GET /contact-flows/i/arn%3Aaws%3Aconnect%2Fx%3A%24SAVED?maxResults=5&b=%2F&b=-&b=%20",
		"connect.us-east-1.amazonaws.com", []string{"X-Amz-Security-Token: to/ken+="}, "",
		"host;x-amz-date;x-amz-security-token",
		"eaeb393b0ec95a13348e0dd0ed381376e86ba9176abe6b71a14a749cc6e957f5"},
	{"path that is not normal, IPv6", "GET /users/..//x/./y/?q=", "[::1]:4510", nil, "", "host;x-amz-date",
		"9fbbd168da072f332d886ee4ba317e17393ccf90ccbd8020417f8eb92a41a172"},
	{"default port added on the way, unsigned payload", "GET /x", "localhost:80",
		[]string{"X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", "X-Note:   a   b "}, "anything",
		"host;x-amz-content-sha256;x-amz-date;x-note",
		"17d208ea694781982e3d82e0ab9f1589814492529138e6c4a9bbf2fe1c04b1c6"},
	{"presigned with a session token", "GET /instance/a%20b?x=1&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIDEXAMPLE%2F20261122%2Fus-east-1%2Fconnect%2Faws4_request" +
		"&X-Amz-Date=20261122T091500Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host" +
		"&X-Amz-Security-Token=to%2Fken%2B%3D" +
		"&X-Amz-Signature=3be866890e31b149f8feca1b868654534f70274abc2e82e9844fe696822b6dfc",
		"connect.us-east-1.amazonaws.com", nil, "", "", ""},
}

func TestVerifyAgreesWithOtherSigners(t *testing.T) {
	suites := []struct {
		name    string
		vectors []vector
		service string
		at      time.Time
	}{
		{"aws", awsSuite, "service", time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)},
		{"botocore", botocore, "connect", time.Date(2026, 11, 22, 9, 15, 0, 0, time.UTC)},
	}
	for _, suite := range suites {
		key := sigv4.DeriveKey(secret, suite.at.Format("20060102"), "us-east-1", suite.service)
		for _, v := range suite.vectors {
			t.Run(suite.name+"/"+v.name, func(t *testing.T) {
				claim, err := sigv4.Parse(v.received(suite.at, suite.service))
				if err != nil {
					t.Fatal(err)
				}
				if claim.AccessKeyID != accessKeyID {
					t.Errorf("access key id = %q", claim.AccessKeyID)
				}
				if err := claim.Verify([]byte(v.body), key, suite.at); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

func (v vector) received(at time.Time, service string) sigv4.Request {
	method, target, _ := strings.Cut(v.request, " ")
	header := textproto.MIMEHeader{}
	for _, line := range v.header {
		name, value, _ := strings.Cut(line, ":")
		header.Add(name, value)
	}
	if v.signedHeaders != "" {
		header.Set("X-Amz-Date", at.Format("20060102T150405Z"))
		header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKeyID+"/"+at.Format("20060102")+
			"/us-east-1/"+service+"/aws4_request, SignedHeaders="+v.signedHeaders+", Signature="+v.signature)
	}
	return sigv4.Request{Method: method, Target: target, Host: v.host, Header: header}
}
