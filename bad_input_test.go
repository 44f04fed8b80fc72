package parley

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/smithy-go"
	"pgregory.net/rapid"
)

func TestRulesAreCheckedBeforeSending(t *testing.T) {
	text := func(s string) types.SegmentAttributeValue {
		return types.SegmentAttributeValue{ValueString: aws.String(s)}
	}
	persistent := types.PersistentChat{RehydrationType: types.RehydrationTypeEntirePastSession, SourceContactId: aws.String("c-0")}
	for name, c := range map[string]struct {
		fill func(*StartChatContactBuilder)
		want string // "": sent
	}{
		"nothing wrong":                  {func(*StartChatContactBuilder) {}, ""},
		"no instance":                    {func(b *StartChatContactBuilder) { b.SetInstanceID(nil) }, "InstanceId is required"},
		"no flow":                        {func(b *StartChatContactBuilder) { b.SetContactFlowID(nil) }, "ContactFlowId is required"},
		"no participant":                 {func(b *StartChatContactBuilder) { b.SetParticipantDetails(nil) }, "ParticipantDetails is required"},
		"no name":                        {func(b *StartChatContactBuilder) { b.ParticipantDetails(types.ParticipantDetails{}) }, "ParticipantDetails.DisplayName"},
		"empty instance":                 {func(b *StartChatContactBuilder) { b.InstanceID("") }, "InstanceId is empty"},
		"empty flow":                     {func(b *StartChatContactBuilder) { b.ContactFlowID("") }, "ContactFlowId is empty"},
		"attributes of 32,768 bytes":     {func(b *StartChatContactBuilder) { b.Attribute("k", strings.Repeat("x", 32767)) }, ""},
		"attributes of 32,769 bytes":     {func(b *StartChatContactBuilder) { b.Attribute("k", strings.Repeat("x", 32768)) }, "32769 bytes over all keys and values, 32768 at most"},
		"bytes are counted, not letters": {func(b *StartChatContactBuilder) { b.Attribute("k", strings.Repeat("ß", 16384)) }, "32769 bytes"},
		"huge attributes": {func(b *StartChatContactBuilder) {
			for i := range 1000 {
				b.Attribute(fmt.Sprint("k", i), strings.Repeat("x", 10000))
			}
		}, "at most"},
		"key with a space":             {func(b *StartChatContactBuilder) { b.Attribute("my key", "v") }, `the key "my key" of Attributes may hold letters, digits, - and _ only`},
		"key with a dollar":            {func(b *StartChatContactBuilder) { b.Attribute("$.x", "v") }, "may hold"},
		"empty key":                    {func(b *StartChatContactBuilder) { b.Attribute("", "v") }, "may hold"},
		"invalid UTF-8 in a value":     {func(b *StartChatContactBuilder) { b.Attribute("k", "a\xff") }, `Attributes["k"] is not valid UTF-8`},
		"invalid UTF-8 in a key":       {func(b *StartChatContactBuilder) { b.Attribute("k\xff", "a") }, "a key of Attributes is not valid UTF-8"},
		"invalid UTF-8 in a structure": {func(b *StartChatContactBuilder) { b.InitialMessage(types.ChatMessage{Content: aws.String("\xc3")}) }, "InitialMessage.Content is not valid UTF-8"},
		"invalid UTF-8 in a list":      {func(b *StartChatContactBuilder) { b.SupportedMessagingContentType("\xc3") }, "SupportedMessagingContentTypes[0] is not valid UTF-8"},
		"shortest chat":                {func(b *StartChatContactBuilder) { b.ChatDurationInMinutes(60) }, ""},
		"longest chat":                 {func(b *StartChatContactBuilder) { b.ChatDurationInMinutes(10080) }, ""},
		"chat too short":               {func(b *StartChatContactBuilder) { b.ChatDurationInMinutes(59) }, "ChatDurationInMinutes is 59, must be 60 to 10080"},
		"chat too long":                {func(b *StartChatContactBuilder) { b.ChatDurationInMinutes(10081) }, "must be 60 to 10080"},
		"text/plain last": {func(b *StartChatContactBuilder) {
			b.SetSupportedMessagingContentTypes([]string{"text/markdown", "text/plain"})
		}, ""},
		"text/plain missing":           {func(b *StartChatContactBuilder) { b.SupportedMessagingContentType("text/markdown") }, "must contain text/plain"},
		"no content types at all":      {func(b *StartChatContactBuilder) { b.SetSupportedMessagingContentTypes([]string{}) }, "must contain text/plain"},
		"persistent chat":              {func(b *StartChatContactBuilder) { b.PersistentChat(persistent) }, ""},
		"persistent chat that relates": {func(b *StartChatContactBuilder) { b.PersistentChat(persistent).RelatedContactID("c-9") }, "RelatedContactId and PersistentChat exclude each other"},
		"related alone":                {func(b *StartChatContactBuilder) { b.RelatedContactID("c-9") }, ""},
		"persistent chat without source": {func(b *StartChatContactBuilder) {
			b.PersistentChat(types.PersistentChat{RehydrationType: "FROM_SEGMENT"})
		}, "needs both"},
		"persistent chat without its type": {func(b *StartChatContactBuilder) {
			b.PersistentChat(types.PersistentChat{SourceContactId: aws.String("c")})
		}, "needs both"},
		"guide with its types": {func(b *StartChatContactBuilder) {
			b.SegmentAttribute("connect:Subtype", text("connect:Guide")).SetSupportedMessagingContentTypes([]string{"text/plain", interactive, interactiveResponse})
		}, ""},
		"guide without types": {func(b *StartChatContactBuilder) { b.SegmentAttribute("connect:Subtype", text("connect:Guide")) }, "the subtype connect:Guide of SegmentAttributes needs"},
		"guide with one of its types": {func(b *StartChatContactBuilder) {
			b.SegmentAttribute("connect:Subtype", text("connect:Guide")).SetSupportedMessagingContentTypes([]string{"text/plain", interactive})
		}, "the subtype connect:Guide of SegmentAttributes needs"},
		"another subtype":                   {func(b *StartChatContactBuilder) { b.SegmentAttribute("connect:Subtype", text("connect:Chat")) }, ""},
		"segment attribute with a bad key":  {func(b *StartChatContactBuilder) { b.SegmentAttribute("my key", text("v")) }, `the key "my key" of SegmentAttributes`},
		"everything wrong at the same time": {func(b *StartChatContactBuilder) { b.ChatDurationInMinutes(1).SupportedMessagingContentType("x/y") }, "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			var rec recorder
			client := New(rec.service().config(), WithMaxAttempts(1))
			b := startable(client)
			c.fill(b)
			unchecked := b.Clone()
			_, err := b.Send(t.Context())
			if c.want == "" {
				if err != nil {
					t.Errorf("not sent: %v", err)
				}
				return
			}
			if got := constructionError(t, err); !strings.Contains(got, c.want) || len(rec.requests) != 0 {
				t.Errorf("after %d requests: %q, want %q", len(rec.requests), got, c.want)
			}
			if !IsInvalid(err) || IsRetryable(err) {
				t.Errorf("%v is not taken for a wrong request", err)
			}
			if _, err := unchecked.Customize().Override(WithoutLocalChecks()).Send(t.Context()); err != nil || len(rec.requests) != 1 {
				t.Errorf("left to the server, %d requests and %v", len(rec.requests), err)
			}
		})
	}
}

func TestRulesOfOtherOperations(t *testing.T) {
	client := New(new(recorder).service().config())
	for want, err := range map[string]error{
		"at most":                         second(client.UpdateContactAttributes().InstanceID("i").InitialContactID("c").Attribute("k", strings.Repeat("x", 40000)).Send(t.Context())),
		"Attributes is required":          second(client.UpdateContactAttributes().InstanceID("i").InitialContactID("c").Send(t.Context())),
		"AttachmentSizeInBytes is requi":  second(client.StartAttachmentUpload().ConnectionToken("t").AttachmentName("a").ContentType("image/png").Send(t.Context())),
		"RehydrationType is required":     second(client.CreatePersistentContactAssociation().InstanceID("i").InitialContactID("c").SourceContactID("s").Send(t.Context())),
		"ConnectionToken is empty":        second(client.SendMessage().ConnectionToken("").Content("x").ContentType("text/plain").Send(t.Context())),
		"must be 60 to":                   second(outbound(client).ChatDurationInMinutes(3).Send(t.Context())),
		"ChannelConfiguration is require": second(client.UpdateParticipantRoleConfig().InstanceID("i").ContactID("c").Send(t.Context())),
	} {
		if got := constructionError(t, err); !strings.Contains(got, want) {
			t.Errorf("says %q, want %q", got, want)
		}
	}
	if _, err := outbound(client).Send(t.Context()); err != nil {
		t.Error(err)
	}
}

func outbound(c *Client) *StartOutboundChatContactBuilder {
	return c.StartOutboundChatContact().InstanceID("i").ContactFlowID("f").SourceEndpoint(types.Endpoint{}).DestinationEndpoint(types.Endpoint{}).
		SegmentAttribute("connect:Subtype", types.SegmentAttributeValue{ValueString: aws.String("connect:SMS")})
}

func TestClientsThatCannotSend(t *testing.T) {
	static := credentials.NewStaticCredentialsProvider("id", "secret", "")
	failing := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("the vault is shut")
	})
	var none *Client
	for want, c := range map[string]*Client{
		"make clients with parley.New":         none,
		"builders with the client's methods":   {},
		"no region":                            New(aws.Config{}),
		"no credentials":                       New(aws.Config{Region: "us-east-1"}),
		"the vault is shut":                    New(aws.Config{Region: "us-east-1", Credentials: failing}),
		"WithMaxAttempts(0)":                   New(aws.Config{Region: "us-east-1", Credentials: static}, WithMaxAttempts(0)),
		"not an http:// or https:// URL":       New(aws.Config{Region: "us-east-1", Credentials: static}, WithEndpoint("ftp://127.0.0.1")),
		"WithEndpoint: not an":                 New(aws.Config{Region: "us-east-1", Credentials: static}, WithEndpoint("")),
		"WithRegion: the region is empty":      New(aws.Config{Credentials: static}, WithRegion("")),
		"WithTimeout(-1ns)":                    New(aws.Config{Region: "us-east-1", Credentials: static}, WithTimeout(-1)),
		"WithAttemptTimeout(-1ns)":             New(aws.Config{Region: "us-east-1", Credentials: static}, WithAttemptTimeout(-1)),
		"WithClientTokens: nil makes no token": New(aws.Config{Region: "us-east-1", Credentials: static}, WithClientTokens(nil)),
		"nil is no option":                     New(aws.Config{Region: "us-east-1", Credentials: static}, nil),
	} {
		_, err := startable(c).Send(t.Context())
		if got := constructionError(t, err); !strings.Contains(got, want) {
			t.Errorf("says %q, want %q", got, want)
		}
	}
	_, err := new(StopContactBuilder).InstanceID("i").ContactID("c").Send(t.Context())
	if got := constructionError(t, err); !strings.Contains(got, "StopContact: not sent: the builder has no client") {
		t.Errorf("a builder without a client says %q", got)
	}
	_, err = new(StopContactBuilder).Customize().Send(t.Context())
	constructionError(t, err)
	var ctx context.Context // nobody should, and it is no reason to panic
	if _, err := startable(New(new(recorder).service().config())).Send(ctx); err != nil {
		t.Errorf("with a nil context: %v", err)
	}
}

// TestParticipantsNeedNoCredentials: the Participant Service knows them by their tokens.
func TestParticipantsNeedNoCredentials(t *testing.T) {
	var rec recorder
	cfg := rec.service().config()
	cfg.Credentials = nil
	if _, err := New(cfg).SendMessage().ConnectionToken("t").Content("hello").ContentType("text/plain").Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h := rec.requests[0].header; h.Get("X-Amz-Bearer") != "t" || h.Get("Authorization") != "" {
		t.Errorf("sent with %v", h)
	}
}

// TestAnyInputIsSentOrRefused gives every builder anything at all: no panic, and every error is an *Error.
func TestAnyInputIsSentOrRefused(t *testing.T) {
	for _, b := range builders(New(aws.Config{})) {
		t.Run(b.operation, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var rec recorder
				client := New(rec.service().config(), WithMaxAttempts(1))
				begun := reflect.ValueOf(client).MethodByName(b.operation).Call(nil)[0]
				fill(t, begun, drawn(t, b.inputOf(), "input", 0))
				err := sendAny(begun)
				var e *Error
				if err != nil && (!errors.As(err, &e) || e.Kind != KindConstruction || len(rec.requests) != 0) {
					t.Fatalf("after %d requests: %v", len(rec.requests), err)
				}
			})
		})
	}
}

// rude is a server that does not speak the API.
func rude(t *testing.T, handler http.HandlerFunc) (endpoint string, client *Client) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL, New(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}, WithEndpoint(server.URL), WithMaxAttempts(1), WithTimeout(10*time.Second))
}

// hangUp says something that is not HTTP, and ends the connection. What came is read first, so that it ends without a reset.
func hangUp(w http.ResponseWriter, r *http.Request, last string) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, last)
	_ = conn.Close()
}

func TestServersThatDoNotSpeakTheAPI(t *testing.T) {
	page := "<!doctype html><title>Log in to the proxy</title>"
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    Kind
		text    []string
	}{
		"HTML with status 200": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(page))
		}, KindResponse, []string{"(status 200)", "not JSON", "text/html"}},
		"HTML that says it is JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(page))
		}, KindResponse, []string{"(status 200)", "invalid character"}},
		"HTML with status 503": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(503)
			_, _ = w.Write([]byte(page))
		}, KindResponse, []string{"(status 503)", "text/html"}},
		"half a body": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(started[:20]))
		}, KindResponse, []string{"(status 200)", "unexpected EOF"}},
		"half a JSON text": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(started[:20]))
		}, KindResponse, []string{"unexpected EOF"}},
		"another type of JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`["a list"]`))
		}, KindResponse, []string{"unexpected JSON type"}},
		"another content type": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte("\x89PNG"))
		}, KindResponse, []string{"not JSON", "image/png"}},
		"redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://example.org/login")
			w.WriteHeader(302)
		}, KindResponse, []string{"(status 302)", `redirected to "https://example.org/login"`}},
		"redirect that keeps the method, to itself": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", r.URL.Path)
			w.WriteHeader(307)
		}, KindResponse, []string{"(status 307)", "redirects are not followed"}},
		"error without a code": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(418)
		}, KindService, []string{"UnknownError (status 418)"}},
		"hangs up":        {func(w http.ResponseWriter, r *http.Request) { hangUp(w, r, "") }, KindDispatch, []string{"EOF"}},
		"not HTTP at all": {func(w http.ResponseWriter, r *http.Request) { hangUp(w, r, "220 mail.example.org ESMTP\r\n") }, KindDispatch, []string{"malformed HTTP"}},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint, client := rude(t, c.handler)
			_, err := startable(client).Send(t.Context())
			var e *Error
			if !errors.As(err, &e) || e.Kind != c.kind || e.Endpoint != endpoint || e.Attempts != 1 {
				t.Fatalf("error %v, want one of kind %v from %s", err, c.kind, endpoint)
			}
			for _, want := range append(c.text, "parley: StartChatContact: ", endpoint) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("says %q, want %q", err, want)
				}
			}
		})
	}
}

// TestRedirectsCarryNoTokens: a redirect that keeps the method would take the participant's token along.
func TestRedirectsCarryNoTokens(t *testing.T) {
	var stolen string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header.Get("X-Amz-Bearer") }))
	defer thief.Close()
	for name, doer := range map[string]aws.HTTPClient{"the SDK's HTTP client": nil, "net/http's": &http.Client{}} {
		endpoint, _ := rude(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusPermanentRedirect)
		})
		client := New(aws.Config{Region: "us-east-1", HTTPClient: doer}, WithEndpoint(endpoint))
		_, err := client.SendMessage().ConnectionToken("t").Content("x").ContentType("text/plain").Send(t.Context())
		var garbled *smithy.DeserializationError
		if !errors.As(err, &garbled) || stolen != "" {
			t.Errorf("%s: the other server got %q; error %v", name, stolen, err)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "http://" + listener.Addr().String()
	_ = listener.Close()
	cfg := service(nil).config()
	cfg.HTTPClient = nil
	_, err = startable(New(cfg, WithEndpoint(endpoint), WithMaxAttempts(1))).Send(t.Context())
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindDispatch || !strings.Contains(err.Error(), endpoint) || !strings.Contains(err.Error(), "connection refused") || !IsRetryable(err) {
		t.Errorf("error %v", err)
	}
}

// TestEndlessPagesEnd: a service that names the same next page for ever does not hold its reader for ever.
func TestEndlessPagesEnd(t *testing.T) {
	calls := 0
	client := New(service(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(r, 200, "", `{"NextToken":"again"}`), nil
	}).config())
	var err error
	for _, err = range client.ListContactFlows().InstanceID("i").Pages(t.Context()) {
		if calls > 10 {
			break
		}
	}
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindResponse || calls != 2 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

func TestPages(t *testing.T) {
	pages := map[string]string{
		"":   `{"ContactFlowSummaryList":[{"Id":"a"},{"Id":"b"}],"NextToken":"t1"}`,
		"t1": `{"ContactFlowSummaryList":[],"NextToken":"t2"}`,
		"t2": `{"ContactFlowSummaryList":[{"Id":"c"}]}`,
	}
	var asked []string
	client := New(service(func(r *http.Request) (*http.Response, error) {
		token := r.URL.Query().Get("nextToken")
		asked = append(asked, token)
		if pages[token] == "" {
			return answer(r, 400, "InvalidParameterException", `{"Message":"no such page"}`), nil
		}
		return answer(r, 200, "", pages[token]), nil
	}).config())
	var ids []string
	list := client.ListContactFlows().InstanceID("i")
	for flow, err := range list.Clone().Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, *flow.Id)
	}
	if got := strings.Join(ids, " "); got != "a b c" || len(asked) != 3 {
		t.Errorf("items %q on %d pages", got, len(asked))
	}
	asked = nil
	for range list.Clone().Items(t.Context()) {
		break
	}
	if len(asked) != 1 {
		t.Errorf("%d pages were fetched for the first item", len(asked))
	}
	for flow, err := range list.Clone().NextToken("nowhere").Items(t.Context()) {
		if !IsInvalid(err) || flow.Id != nil {
			t.Errorf("item %v, error %v", flow, err)
		}
	}
	all := list.Pages(t.Context())
	count := func() (n int, failed error) {
		for _, err := range all {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	if n, err := count(); n != 3 || err != nil {
		t.Errorf("%d pages, %v", n, err)
	}
	constructionError(t, second(count()))
}

func TestQuestionsToErrors(t *testing.T) {
	ask := map[string]func(error) bool{
		"throttling": IsThrottling, "quota": IsActiveChatQuota, "not found": IsNotFound, "access denied": IsAccessDenied,
		"conflict": IsConflict, "invalid": IsInvalid, "retryable": IsRetryable,
	}
	for code, want := range map[string]string{
		"TooManyRequestsException": "retryable throttling", "ThrottlingException": "retryable throttling", "LimitExceededException": "quota retryable",
		"ResourceNotFoundException": "not found", "ContactNotFoundException": "not found", "AccessDeniedException": "access denied",
		"UnrecognizedClientException": "access denied", "DuplicateResourceException": "conflict", "InvalidParameterException": "invalid",
		"ServiceQuotaExceededException": "",
	} {
		client := New(service(func(r *http.Request) (*http.Response, error) { return answer(r, 400, code, `{"Message":"m"}`), nil }).config(), WithMaxAttempts(1))
		_, err := startable(client).Send(t.Context())
		var yes []string
		for _, name := range []string{"access denied", "conflict", "invalid", "not found", "quota", "retryable", "throttling"} {
			if ask[name](fmt.Errorf("wrapped: %w", err)) {
				yes = append(yes, name)
			}
		}
		if got := strings.Join(yes, " "); got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
	_, err := New(service(func(r *http.Request) (*http.Response, error) {
		return answer(r, 429, "LimitExceededException", `{}`), nil
	}).config(), WithMaxAttempts(1)).StartContactStreaming().InstanceID("i").ContactID("c").ClientToken("t").
		ChatStreamingConfiguration(types.ChatStreamingConfiguration{StreamingEndpointArn: aws.String("arn")}).Send(t.Context())
	if IsActiveChatQuota(err) {
		t.Error("the quota of another operation is taken for that of active chats")
	}
	for name, is := range ask {
		if is(nil) || is(errors.New("something else")) {
			t.Errorf("%s: asked of no error of ours, says yes", name)
		}
	}
}

// TestTypedErrors finds the SDK's own types beneath ours.
func TestTypedErrors(t *testing.T) {
	client := New(service(func(r *http.Request) (*http.Response, error) {
		return answer(r, 400, "InvalidContactFlowException", `{"problems":[{"message":"Invalid Action"}]}`), nil
	}).config())
	_, err := client.CreateContactFlow().InstanceID("i").Name("n").Type(types.ContactFlowTypeContactFlow).Content("{}").Send(t.Context())
	var invalid *types.InvalidContactFlowException
	if !errors.As(err, &invalid) || len(invalid.Problems) != 1 || *invalid.Problems[0].Message != "Invalid Action" {
		t.Errorf("error %v", err)
	}
	var api smithy.APIError
	var operation *smithy.OperationError
	if !errors.As(err, &api) || !errors.As(err, &operation) || operation.OperationName != "CreateContactFlow" {
		t.Errorf("error %v", err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Code != "InvalidContactFlowException" || e.RequestID != "11111111-aaaa-4bbb-8ccc-222222222222" {
		t.Errorf("error %+v", e)
	}
}
