package api

import (
	"encoding/xml"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/wire"
)

// AWS's own tools ask sts:GetCallerIdentity who they are before they call anything else: the AWS provider of Terraform does
// so unless it is told not to. It is the one operation of AWS STS that is served, at the server's root, in the Query
// protocol.
const (
	stsService   = "sts"
	stsVersion   = "2011-06-15"
	stsOperation = "GetCallerIdentity"
	stsNamespace = "https://sts.amazonaws.com/doc/" + stsVersion + "/"
	// maxSTSBody has room for the parameters of any request that is answered.
	maxSTSBody = 8 << 10

	queryForm = "application/x-www-form-urlencoded"
)

// Errors of STS's Query protocol.
var (
	stsInvalidAction = wire.ErrorShape{Code: "InvalidAction", Status: http.StatusBadRequest}
	stsMissingAction = wire.ErrorShape{Code: "MissingAction", Status: http.StatusBadRequest}
	stsMalformed     = wire.ErrorShape{Code: "MalformedQueryString", Status: http.StatusBadRequest}
)

// stsCodes are what STS calls the errors of AWS's front door that have other names in its protocol.
var stsCodes = map[string]string{
	"UnrecognizedClientException": "InvalidClientTokenId", "InvalidSignatureException": "SignatureDoesNotMatch",
	"MissingAuthenticationTokenException": "MissingAuthenticationToken", "IncompleteSignatureException": "IncompleteSignature",
	"InternalServiceException": "InternalFailure",
}

// newSTS is where requests to the server's root lead. What is refused before it is known which operation is meant counts as
// the one that is served.
func newSTS() *target {
	return &target{service: stsService, name: stsOperation, method: http.MethodPost, maxBody: maxSTSBody}
}

// asksSTS says whether a request is one of the Query protocol.
func asksSTS(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return false
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == queryForm
}

// callerIdentity answers GetCallerIdentity.
func (x *exchange) callerIdentity() *failure {
	form, err := url.ParseQuery(string(x.buffer))
	if err != nil {
		return &failure{ErrorShape: stsMalformed, message: "The body must be parameters in the form " + queryForm + "."}
	}
	switch action, version := form.Get("Action"), form.Get("Version"); {
	case action == "":
		return &failure{ErrorShape: stsMissingAction, message: "The parameter Action is required."}
	case action != stsOperation:
		// The name is shown only where it can be one of an operation.
		if len(action) > 64 || strings.Trim(action, letters) != "" {
			action = "The action"
		}
		return &failure{ErrorShape: stsInvalidAction, message: action + " is not served here; of AWS STS only " + stsOperation + " is."}
	case version != stsVersion:
		return &failure{ErrorShape: stsInvalidAction, message: "The parameter Version must be " + stsVersion + "."}
	}
	type identity struct {
		ARN     string `xml:"Arn"`
		UserID  string `xml:"UserId"`
		Account string
	}
	arn, id := x.a.caller(x)
	x.buffer, err = appendXML(x.buffer[:0], struct {
		XMLName   xml.Name `xml:"GetCallerIdentityResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Result    identity `xml:"GetCallerIdentityResult"`
		RequestID string   `xml:"ResponseMetadata>RequestId"`
	}{Namespace: stsNamespace, Result: identity{arn, id, x.a.Partition.Account}, RequestID: x.requestID})
	if err != nil {
		f := x.internal()
		f.cause = err
		return f
	}
	x.answer(http.StatusOK)
	return nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// caller is who has called, as ARNs name them: the holder of an access key, or, where any credentials do, the account.
func (a *API) caller(x *exchange) (arn, id string) {
	if a.AnyCredentials {
		return "arn:aws:iam::" + a.Partition.Account + ":root", a.Partition.Account
	}
	id = x.signature.claim.AccessKeyID
	return a.Partition.UserARN(id), id
}

// appendSTS appends an error as STS writes it.
func (f *failure) appendSTS(dst []byte, requestID string) []byte {
	type detail struct{ Type, Code, Message string }
	kind := "Sender"
	if f.Status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	all, err := appendXML(dst, struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Error     detail
		RequestID string `xml:"RequestId"`
	}{Namespace: stsNamespace, Error: detail{kind, f.Code, strings.ToValidUTF8(f.message, string(utf8.RuneError))}, RequestID: requestID})
	if err != nil {
		return dst // texts always encode
	}
	return all
}

func appendXML(dst []byte, v any) ([]byte, error) {
	text, err := xml.Marshal(v)
	return append(dst, text...), err
}
