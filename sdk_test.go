package parley

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"
	"github.com/aws/smithy-go/middleware"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/internal/wire"
	wireconnect "github.com/parley-chat/parley/internal/wire/connect"
	wireparticipant "github.com/parley-chat/parley/internal/wire/participant"
)

// service is the far end of a client: it answers what the function says, without a network.
type service func(*http.Request) (*http.Response, error)

func (s service) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// config is an AWS configuration whose requests all go to s.
func (s service) config() aws.Config {
	return aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		HTTPClient:  &http.Client{Transport: s},
	}
}

// answer makes a response of the service: JSON, with an error's code in the header where the service has it.
func answer(r *http.Request, status int, code, body string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {"11111111-aaaa-4bbb-8ccc-222222222222"}},
		Body:    io.NopCloser(strings.NewReader(body)),
		Request: r, ContentLength: int64(len(body)),
	}
	if code != "" {
		resp.Header.Set("X-Amzn-Errortype", code)
	}
	return resp
}

// recorder is a service that keeps what it is sent. It answers {}, or what the handler behind it does.
type recorder struct {
	behind   http.Handler
	requests []recorded
}

type recorded struct {
	method, url string
	header      http.Header
	body        string
}

func (rec *recorder) service() service {
	return func(r *http.Request) (*http.Response, error) {
		var body []byte
		if r.Body != nil {
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				return nil, err
			}
		}
		rec.requests = append(rec.requests, recorded{r.Method, r.URL.String(), r.Header.Clone(), string(body)})
		if rec.behind != nil {
			return rec.handOn(r, body), nil
		}
		return answer(r, 200, "", "{}"), nil
	}
}

func (rec *recorder) handOn(r *http.Request, body []byte) *http.Response {
	in := r.Clone(r.Context())
	in.Body, in.RequestURI, in.RemoteAddr = io.NopCloser(bytes.NewReader(body)), r.URL.RequestURI(), "127.0.0.1:50000"
	out := httptest.NewRecorder()
	rec.behind.ServeHTTP(out, in)
	resp := out.Result()
	resp.Header = http.Header{}
	for name, values := range out.Header() { // as a reader of the wire has them: the server writes some in lower case
		resp.Header[http.CanonicalHeaderKey(name)] = values
	}
	return resp
}

// comparable takes away what is random in a request: the id of the call, the time, the signature over both, and the order
// in which the SDK writes the keys of a map.
func (r recorded) comparable() recorded {
	r.header = r.header.Clone()
	r.header.Del("Amz-Sdk-Invocation-Id")
	r.header.Del("X-Amz-Date")
	signed, _, _ := strings.Cut(r.header.Get("Authorization"), "Signature=")
	r.header.Set("Authorization", signed)
	decoder := json.NewDecoder(strings.NewReader(r.body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) == nil {
		ordered, _ := json.Marshal(value)
		r.body = fmt.Sprintf("%d bytes: %s", len(r.body), ordered)
	}
	return r
}

// builder is what the test needs to know of one of the client's builders.
type builder struct {
	operation string
	begin     reflect.Value // the client's method
}

// builders finds all builders of a client.
func builders(c *Client) []builder {
	var found []builder
	v := reflect.ValueOf(c)
	for i := range v.NumMethod() {
		m := v.Type().Method(i)
		if m.Type.NumIn() == 1 && m.Type.NumOut() == 1 && m.Type.Out(0).Kind() == reflect.Pointer && m.Type.Out(0).Elem().Name() == m.Name+"Builder" {
			found = append(found, builder{m.Name, v.Method(i)})
		}
	}
	return found
}

// inputOf is the SDK's input type of a builder.
func (b builder) inputOf() reflect.Type {
	m, _ := b.begin.Type().Out(0).MethodByName("AsInput")
	return m.Type.Out(0).Elem()
}

// method finds a builder's method for a member: InstanceID for InstanceId.
func method(b reflect.Value, name string) reflect.Value {
	for i := range b.NumMethod() {
		if strings.EqualFold(b.Type().Method(i).Name, name) {
			return b.Method(i)
		}
	}
	return reflect.Value{}
}

// adders are the methods that add one element to a list or map.
var adders = map[string]string{
	"AllowedMonitorCapabilities": "AllowedMonitorCapability", "AttachmentIds": "AttachmentID", "Attributes": "Attribute",
	"ContactFlowTypes": "ContactFlowType", "DisconnectOnCustomerExit": "DisconnectOnCustomerExit", "ReferenceTypes": "ReferenceType",
	"References": "Reference", "SegmentAttributes": "SegmentAttribute", "SupportedMessagingContentTypes": "SupportedMessagingContentType",
	"TagKeys": "TagKey", "Tags": "Tag", "Type": "Type",
}

// unions are the types that stand for the API's unions.
var unions = map[reflect.Type][]reflect.Type{
	reflect.TypeFor[types.UpdateParticipantRoleConfigChannelInfo](): {reflect.TypeFor[types.UpdateParticipantRoleConfigChannelInfoMemberChat]()},
	reflect.TypeFor[types.ParticipantTimerValue](): {
		reflect.TypeFor[types.ParticipantTimerValueMemberParticipantTimerAction](),
		reflect.TypeFor[types.ParticipantTimerValueMemberParticipantTimerDurationInMinutes](),
	},
}

// drawn makes a random value of an SDK type: any text that JSON can carry, absent members, empty and full collections.
func drawn(t *rapid.T, typ reflect.Type, label string, depth int) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.Pointer:
		if depth < 6 && rapid.Bool().Draw(t, label+"?") {
			v.Set(drawn(t, typ.Elem(), label, depth+1).Addr())
		}
	case reflect.Interface:
		kinds := unions[typ]
		if len(kinds) == 0 {
			t.Fatalf("%s: a union without members in the test's table: %v", label, typ)
		}
		v.Set(drawn(t, rapid.SampledFrom(kinds).Draw(t, label+" kind"), label, depth+1).Addr())
	case reflect.Struct:
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() {
				v.Field(i).Set(drawn(t, f.Type, label+"."+f.Name, depth+1))
			}
		}
	case reflect.Slice:
		if depth < 6 && rapid.Bool().Draw(t, label+"?") {
			v.Set(reflect.MakeSlice(typ, 0, 3))
			for i := range rapid.IntRange(0, 3).Draw(t, label+" length") {
				v.Set(reflect.Append(v, drawn(t, typ.Elem(), label, depth+1+i)))
			}
		}
	case reflect.Map:
		if depth < 6 && rapid.Bool().Draw(t, label+"?") {
			v.Set(reflect.MakeMap(typ))
			for range rapid.IntRange(0, 3).Draw(t, label+" length") {
				key := reflect.ValueOf(rapid.String().Draw(t, label+" key")).Convert(typ.Key())
				v.SetMapIndex(key, drawn(t, typ.Elem(), label, depth+1))
			}
		}
	case reflect.String:
		v.SetString(rapid.String().Draw(t, label))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(t, label)))
	case reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, label))
	case reflect.Float32:
		v.SetFloat(float64(rapid.Float32Range(-1e6, 1e6).Draw(t, label)))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-1e6, 1e6).Draw(t, label))
	default:
		t.Fatalf("%s: no way to make a %v", label, typ)
	}
	return v
}

// fill puts an input into a builder, by the value setters and adders or by the Set methods, whichever it draws.
func fill(t *rapid.T, b, input reflect.Value) {
	for i := range input.NumField() {
		f := input.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		v := input.Field(i)
		set := method(b, "Set"+f.Name)
		if v.Kind() != reflect.Interface && v.IsZero() {
			if rapid.Bool().Draw(t, "clear "+f.Name) {
				set.Call([]reflect.Value{reflect.Zero(set.Type().In(0))})
			}
			continue
		}
		whole := rapid.Bool().Draw(t, "whole "+f.Name)
		switch v.Kind() {
		case reflect.Slice:
			if whole || v.Len() == 0 {
				set.Call([]reflect.Value{v})
				continue
			}
			for j := range v.Len() {
				method(b, adders[f.Name]).Call([]reflect.Value{v.Index(j)})
			}
		case reflect.Map:
			if whole || v.Len() == 0 {
				set.Call([]reflect.Value{v})
				continue
			}
			for _, k := range v.MapKeys() {
				method(b, adders[f.Name]).Call([]reflect.Value{k, v.MapIndex(k)})
			}
		case reflect.Pointer:
			if whole {
				set.Call([]reflect.Value{v})
			} else {
				method(b, f.Name).Call([]reflect.Value{v.Elem()})
			}
		case reflect.Interface:
			method(b, f.Name).Call([]reflect.Value{v})
		default:
			if whole {
				p := reflect.New(v.Type())
				p.Elem().Set(v)
				set.Call([]reflect.Value{p})
			} else {
				method(b, f.Name).Call([]reflect.Value{v})
			}
		}
	}
}

// TestEveryBuilderSendsTheBytesOfTheSDK fills each builder with random inputs: what it sends is what the plain SDK sends
// for the same input, and where the SDK cannot make a request the builder cannot either.
func TestEveryBuilderSendsTheBytesOfTheSDK(t *testing.T) {
	all := builders(New(aws.Config{}))
	if len(all) != 49 {
		t.Errorf("%d builders, want 49", len(all))
	}
	for _, b := range all {
		t.Run(b.operation, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { _ = sameBytes(t, b, drawn(t, b.inputOf(), "input", 0), nil) })
		})
	}
}

// sameBytes sends an input by a builder to a service, and by the SDK to a recorder, and returns the builder's error.
func sameBytes(t *rapid.T, b builder, input reflect.Value, behind http.Handler) *Error {
	ours, theirs := recorder{behind: behind}, recorder{}
	client := New(ours.service().config(), WithoutLocalChecks(), WithMaxAttempts(1), WithClientTokens(sameToken))
	begun := reflect.ValueOf(client).MethodByName(b.operation).Call(nil)[0]
	fill(t, begun, input)
	if asInput := method(begun, "AsInput").Call(nil)[0].Elem(); !reflect.DeepEqual(asInput.Interface(), input.Interface()) {
		t.Fatalf("AsInput is\n%v\nwant\n%v", Redact(asInput.Interface()), Redact(input.Interface()))
	}
	var failed *Error
	if err := sendAny(begun); err != nil && !errors.As(err, &failed) {
		t.Fatalf("error %v, want an *Error", err)
	}
	unmade := failed != nil && failed.Kind == KindConstruction
	if err := plain(theirs.service().config(), b.operation, input); unmade != (err != nil) {
		t.Fatalf("the builder's error is %v, the SDK's %v", failed, err)
	}
	if len(ours.requests) != len(theirs.requests) {
		t.Fatalf("the builder sent %d requests, the SDK %d", len(ours.requests), len(theirs.requests))
	}
	for i := range ours.requests {
		ours, theirs := ours.requests[i].comparable(), theirs.requests[i].comparable()
		if !reflect.DeepEqual(ours, theirs) {
			t.Fatalf("the builder sent\n%q\nthe SDK\n%q", ours, theirs)
		}
	}
	return failed
}

// TestServedBuildersAgainstParley does the same with a parley server behind, for the operations that it serves, with
// ids that it knows among the random ones: the client understands every answer, and no request is beyond the server.
func TestServedBuildersAgainstParley(t *testing.T) {
	running, err := server.New(t.Context(), server.Config{
		Dev: true, Database: "sqlite::memory:", Settings: center.DefaultSettings(), Log: slog.New(slog.DiscardHandler),
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	}()
	known := map[string]string{"InstanceId": string(server.SeedInstance), "ContactFlowId": string(server.SeedFlow)}
	served := 0
	for _, b := range builders(New(aws.Config{})) {
		ops := wireconnect.Ops
		if strings.HasSuffix(b.inputOf().PkgPath(), "connectparticipant") {
			ops = wireparticipant.Ops
		}
		i := slices.IndexFunc(ops, func(op wire.Op) bool { return op.Name == b.operation })
		if i < 0 {
			continue
		}
		served++
		op := ops[i]
		t.Run(op.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				input := drawn(t, b.inputOf(), "input", 0)
				for member, id := range known {
					if f := input.FieldByName(member); f.IsValid() && !strings.HasPrefix(op.Name, "Delete") && rapid.Bool().Draw(t, "known "+member) {
						f.Set(reflect.ValueOf(&id))
					}
				}
				e := sameBytes(t, b, input, running.Handler())
				if e != nil && e.Kind != KindConstruction && (e.Kind != KindService || e.StatusCode >= 500 || e.Code == "UnknownError") {
					t.Fatal(e)
				}
			})
		})
	}
	if served < 26 {
		t.Errorf("parley serves %d of the operations that have a builder", served)
	}
}

func sameToken() (string, error) { return "00000000-0000-4000-8000-000000000000", nil }

// plain makes a call with the SDK alone, which like the builder leaves the judgement to the server.
func plain(cfg aws.Config, operation string, input reflect.Value) error {
	unchecked := func(stack *middleware.Stack) error {
		_, _ = stack.Initialize.Remove("OperationInputValidation")
		return nil
	}
	p := reflect.New(input.Type())
	p.Elem().Set(input)
	args := []reflect.Value{reflect.ValueOf(context.Background()), p}
	var client any = connect.NewFromConfig(cfg, func(o *connect.Options) {
		o.RetryMaxAttempts, o.IdempotencyTokenProvider = 1, tokenSource(sameToken)
		o.APIOptions = append(o.APIOptions, unchecked)
	})
	if strings.HasSuffix(input.Type().PkgPath(), "connectparticipant") {
		client = connectparticipant.NewFromConfig(cfg, func(o *connectparticipant.Options) {
			o.RetryMaxAttempts, o.IdempotencyTokenProvider = 1, tokenSource(sameToken)
			o.APIOptions = append(o.APIOptions, unchecked)
		})
	}
	err, _ := reflect.ValueOf(client).MethodByName(operation).Call(args)[1].Interface().(error)
	return err
}

// TestSignatureIsTheSDKs compares whole requests, the date and the signature too, in a bubble in which no time passes.
func TestSignatureIsTheSDKs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		input := connect.StopContactInput{InstanceId: aws.String("i"), ContactId: aws.String("c")}
		var ours, theirs recorder
		if _, err := New(ours.service().config()).StopContact().InstanceID("i").ContactID("c").
			Customize().Intercept(Interceptor{BeforeAttempt: fixedCall}).Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		client := connect.NewFromConfig(theirs.service().config(), func(o *connect.Options) {
			o.APIOptions = append(o.APIOptions, (&settings{trace: &trace{}, interceptors: []Interceptor{{BeforeAttempt: fixedCall}}}).arrange)
		})
		if _, err := client.StopContact(t.Context(), &input); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(ours, theirs) {
			t.Errorf("the builder sent\n%q\nthe SDK\n%q", ours, theirs)
		}
		if date := ours.requests[0].header.Get("X-Amz-Date"); date != time.Now().UTC().Format("20060102T150405Z") {
			t.Errorf("signed at %s", date)
		}
	})
}

// fixedCall takes away the random id of a call, before the signature is made.
func fixedCall(_ context.Context, a *Attempt) error {
	a.Request.Header.Set("Amz-Sdk-Invocation-Id", "the same")
	return nil
}

// sendAny sends a builder of any operation.
func sendAny(b reflect.Value) error {
	err, _ := method(b, "Send").Call([]reflect.Value{reflect.ValueOf(context.Background())})[1].Interface().(error)
	return err
}
