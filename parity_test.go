package parley

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"

	"github.com/parley-chat/parley/internal/wire"
	wireconnect "github.com/parley-chat/parley/internal/wire/connect"
	wireparticipant "github.com/parley-chat/parley/internal/wire/participant"
)

var update = flag.Bool("update", false, "write docs/rust-parity.md again")

// parity is a thing that the AWS SDK for Rust gives its users for StartChatContact, beside ours.
type parity struct {
	rust  string
	ours  []string // exported names: Client.StartChatContact, WithMaxAttempts
	note  string
	shown []string // tests and examples
}

// setters are the tests that go over every member of every builder.
var setters = []string{"TestEveryMemberIsSetClearedAndRead", "TestEveryBuilderSendsTheBytesOfTheSDK"}

// rustItems lists the public items of the Rust builder. Source: docs.rs, aws_sdk_connect,
// operation::start_chat_contact::builders::StartChatContactFluentBuilder, and the types that its methods return.
func rustItems() []parity {
	b := func(methods ...string) []string {
		for i, m := range methods {
			methods[i] = "StartChatContactBuilder." + m
		}
		return methods
	}
	items := []parity{
		{"`Client::new(&config)`", []string{"New"}, "cannot fail; what is missing is an error of Send", []string{"TestClientsThatCannotSend"}},
		{"`client.start_chat_contact()`", []string{"Client.StartChatContact"}, "one method for each of 49 operations", []string{"TestEveryBuilderSendsTheBytesOfTheSDK"}},
		{"`as_input()`", b("AsInput"), "", []string{"TestAsInputIsWhatIsSet"}},
		{"`send()`", b("Send"), "uses the builder up, as there; a second time is an error, not one of the compiler's", []string{"TestBuilderIsSentOnce", "Example"}},
		{"`customize()`", append(b("Customize"), "Operation"), "", []string{"TestBuilderIsSentOnce"}},
		{"`CustomizableOperation::mutate_request`, `map_request`", []string{"Operation.MutateRequest"}, "the signature covers the change; an error ends the call", []string{"TestMutateRequest", "Example_customize"}},
		{"`CustomizableOperation::config_override`", []string{"Operation.Override", "Option"}, "", []string{"TestOverrideIsForOneCall", "TestAttemptsAreConfigured"}},
		{"`CustomizableOperation::interceptor`", []string{"Operation.Intercept", "Interceptor", "WithInterceptor"}, "", []string{"TestInterceptorsSeeEveryAttempt", "TestInterceptorEndsTheCall"}},
		{"`CustomizableOperation::runtime_plugin`", []string{"Operation.Override"}, "an option or an interceptor; the SDK's own middleware goes into aws.Config.APIOptions", []string{"TestOverrideIsForOneCall"}},
		{"`CustomizableOperation::send`", []string{"Operation.Send"}, "", []string{"TestMutateRequest"}},
	}
	input := reflect.TypeFor[connect.StartChatContactInput]()
	builder := reflect.ValueOf(new(StartChatContactBuilder))
	for i := range input.NumField() {
		f := input.Field(i)
		if !f.IsExported() {
			continue
		}
		value, note, shown := f.Name, "", setters
		if adder := adders[f.Name]; adder != "" {
			value, note, shown = adder, "adds one; `Set…` replaces all", append([]string{"TestAddersAddAndSettersReplace"}, setters...)
		}
		snake := snakeCase(f.Name)
		items = append(items, parity{
			fmt.Sprintf("`%s(v)`, `set_%s(Option)`, `get_%s()`", snake, snake, snake),
			b(exactName(builder, value), exactName(builder, "Set"+f.Name), exactName(builder, "Get"+f.Name)), note, shown,
		})
	}
	for _, name := range lacking(reflect.TypeFor[wireconnect.StartChatContactInput](), input) {
		snake := snakeCase(name)
		items = append(items, parity{
			fmt.Sprintf("`%s(v)`, `set_%s(Option)`, `get_%s()`", snake, snake, snake), []string{"Operation.MutateRequest", "Client.CreateParticipantConnection"},
			"**lacking**: the AWS SDK for Go in the version of go.mod has no such member. The request's body can be given it before it is signed; the connection comes from another call",
			[]string{"TestMembersThatTheSDKLacks", "TestMutateRequest"},
		})
	}
	return append(items, []parity{
		{"idempotency token filled when absent, kept over retries", []string{"WithClientTokens"}, "", []string{"TestClientTokenIsKeptOverAttempts", "TestDroppedAnswerStartsOneChat"}},
		{"`StartChatContactOutput`: `contact_id`, `participant_id`, `participant_token`, `continued_from_contact_id`", nil, "the AWS SDK for Go's own structure", []string{"TestThrottledTwiceThenAnswered", "Example"}},
		{"`StartChatContactOutput`: " + snakeNames(lacking(reflect.TypeFor[wireconnect.StartChatContactOutput](), reflect.TypeFor[connect.StartChatContactOutput]())), nil, "**lacking**: as above; the first two come from CreateParticipantConnection", []string{"TestMembersThatTheSDKLacks"}},
		{"`SdkError::ConstructionFailure`", []string{"KindConstruction"}, "", []string{"TestFailuresHaveTheirKind", "TestRulesAreCheckedBeforeSending"}},
		{"`SdkError::TimeoutError`", []string{"KindTimeout"}, "a cancelled context too", []string{"TestFailuresHaveTheirKind", "TestCancelledContext"}},
		{"`SdkError::DispatchFailure`", []string{"KindDispatch"}, "", []string{"TestFailuresHaveTheirKind", "TestNobodyListens"}},
		{"`SdkError::ResponseError`", []string{"KindResponse"}, "HTML, half a body and redirects too", []string{"TestFailuresHaveTheirKind", "TestServersThatDoNotSpeakTheAPI"}},
		{"`SdkError::ServiceError`", []string{"KindService", "Error"}, "", []string{"TestFailuresHaveTheirKind"}},
		{"`StartChatContactError::…Exception`, `is_…_exception()`", []string{"IsActiveChatQuota", "IsNotFound", "IsInvalid"}, "errors.As finds the SDK's type", []string{"TestTypedErrors", "TestQuestionsToErrors"}},
		{"`ProvideErrorMetadata`: `code()`, `message()`; `request_id()`", []string{"Error"}, "Code, RequestID; the message is in Error()", []string{"TestTypedErrors", "TestFailuresHaveTheirKind"}},
		{"retryable failures are retried twice", []string{"WithMaxAttempts"}, "three attempts", []string{"TestThreeAttemptsAreTheDefault", "TestThrottledTwiceThenAnswered"}},
		{"`RetryConfig` on the client", []string{"WithMaxAttempts", "WithoutQuotaRetries"}, "on one call too", []string{"TestAttemptsAreConfigured", "TestActiveChatQuotaCanBeLeftOut"}},
		{"`TimeoutConfig`: operation, attempt", []string{"WithTimeout", "WithAttemptTimeout", "DefaultAttemptTimeout"}, "attempts are limited by default", []string{"TestFailuresHaveTheirKind"}},
		{"`endpoint_url`, `region`", []string{"WithEndpoint", "WithRegion"}, "", []string{"TestOverrideIsForOneCall"}},
		{"`Debug` of builder and outputs, redacted", append(b("String", "GoString", "LogValue"), "Redact"), "messages, attributes and tokens too, which are not marked in the model", []string{"TestBuilderPrints", "TestStringHidesEverySensitiveMember"}},
		{"`Clone`", b("Clone"), "", []string{"TestCloneIsDeepAndIndependent"}},
		{"`Send`, `Sync`", b("Clone"), "a builder may move between goroutines; sharing one is noticed", []string{"TestBuilderSharedByGoroutines", "TestBuilderSaysThatItWasShared"}},
		{"paginators", []string{"ListContactFlowsBuilder.Pages", "ListContactFlowsBuilder.Items"}, "for the operations that have pages", []string{"TestPages", "TestEndlessPagesEnd"}},
		{"—", []string{"WithoutLocalChecks"}, "ours alone: rules between members are checked before sending", []string{"TestRulesAreCheckedBeforeSending"}},
	}...)
}

// lacking are the members of the API model's structure that the SDK's has not.
func lacking(model, sdk reflect.Type) []string {
	var names []string
	for i := range model.NumField() {
		f := model.Field(i)
		if _, has := sdk.FieldByName(f.Name); f.IsExported() && !has {
			names = append(names, f.Name)
		}
	}
	return names
}

func snakeNames(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, "`"+snakeCase(name)+"`")
	}
	return strings.Join(all, ", ")
}

// TestMembersThatTheSDKLacks says which members of served requests the builders cannot have, because the SDK that they
// are made of has none. One that a newer SDK brings fails here: it then needs words in internal/fluent, and what must
// not be logged of it a place in redact.go.
func TestMembersThatTheSDKLacks(t *testing.T) {
	got := map[string][]string{}
	for _, b := range builders(New(aws.Config{})) {
		ops := wireconnect.Ops
		if strings.HasSuffix(b.inputOf().PkgPath(), "connectparticipant") {
			ops = wireparticipant.Ops
		}
		if i := slices.IndexFunc(ops, func(op wire.Op) bool { return op.Name == b.operation }); i >= 0 {
			if names := lacking(reflect.TypeOf(ops[i].NewInput()).Elem(), b.inputOf()); names != nil {
				got[b.operation+"Input"] = names
			}
		}
	}
	got["StartChatContactOutput"] = lacking(reflect.TypeFor[wireconnect.StartChatContactOutput](), reflect.TypeFor[connect.StartChatContactOutput]())
	want := map[string][]string{
		"StartChatContactInput":  {"ConnectionTypes", "ChatStreamingConfiguration"},
		"StartChatContactOutput": {"ConnectionCredentials", "Websocket", "StreamingId"},
		"UpdateContactInput":     {"AdditionalRecipients"},
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the SDK lacks %v, want %v", got, want)
	}
}

func snakeCase(name string) string {
	var b strings.Builder
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// exactName is a builder's method for a member, as it is written.
func exactName(b reflect.Value, name string) string {
	for i := range b.NumMethod() {
		if m := b.Type().Method(i).Name; strings.EqualFold(m, name) {
			return m
		}
	}
	return name
}

// TestRustParity writes docs/rust-parity.md with -update. It fails when the page is out of date, or names a method or a
// test that does not exist.
func TestRustParity(t *testing.T) {
	exported, tests := declared(t)
	var page strings.Builder
	page.WriteString("# Beside the AWS SDK for Rust\n\n" +
		"What the fluent builder of `StartChatContact` in aws-sdk-connect, the AWS SDK for Rust, gives its users, what package\n" +
		"parley gives for it, and the tests that show it. `go test . -run TestRustParity -update` writes this page, and fails\n" +
		"when a name on it is not there.\n\n" +
		"| aws-sdk-connect | parley | | shown by |\n| --- | --- | --- | --- |\n")
	for _, item := range rustItems() {
		for _, name := range item.ours {
			if !slices.Contains(exported, name) {
				t.Errorf("%s: there is no %s", item.rust, name)
			}
		}
		if len(item.shown) == 0 {
			t.Errorf("%s: shown by nothing", item.rust)
		}
		for _, name := range item.shown {
			if !slices.Contains(tests, name) {
				t.Errorf("%s: there is no test %s", item.rust, name)
			}
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", item.rust, names(item.ours), item.note, names(item.shown))
	}
	file := filepath.Join("docs", "rust-parity.md")
	if *update {
		if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if written, err := os.ReadFile(file); err != nil || string(written) != page.String() {
		t.Errorf("%s is out of date (%v): run go test . -run TestRustParity -update", file, err)
	}
}

func names(of []string) string {
	var quoted []string
	for _, name := range of {
		quoted = append(quoted, "`"+strings.TrimPrefix(name, "StartChatContactBuilder.")+"`")
	}
	return strings.Join(quoted, ", ")
}

// declared returns what this folder's files declare: exported names, methods with their type's, and tests.
func declared(t *testing.T) (exported, tests []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		names := declaredIn(parsed)
		if strings.HasSuffix(file, "_test.go") {
			tests = append(tests, names...)
		} else {
			exported = append(exported, names...)
		}
	}
	return exported, tests
}

func declaredIn(file *ast.File) []string {
	var names []string
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, receiver(d)+d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// receiver is "Type." for a method, without its type parameters.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	typ := f.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name + "."
		default:
			return ""
		}
	}
}
