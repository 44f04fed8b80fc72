package parley

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// redacted stands where a value must not be shown.
const redacted = "REDACTED"

// secretMembers are never shown, in whichever structure they are: tokens, what opens a door like one, and the
// customer's own number.
var secretMembers = map[string]bool{
	"ConnectionToken": true, "CustomerId": true, "JoinToken": true, "ParticipantToken": true, "SessionId": true, "ViewToken": true,
}

// secretMembersOf are never shown in one structure: what the API models mark as sensitive, what people write to each
// other, attributes (their keys are shown), and addresses that are good without a signature.
var secretMembersOf = map[string]bool{
	"connect.Contact.Attributes":                                      true,
	"connect.Contact.Description":                                     true,
	"connect.Contact.Name":                                            true,
	"connect.ChatEvent.Content":                                       true,
	"connect.ChatMessage.Content":                                     true,
	"connect.GetContactAttributesOutput.Attributes":                   true,
	"connect.CreateInstanceInput.InstanceAlias":                       true,
	"connect.Instance.InstanceAlias":                                  true,
	"connect.InstanceSummary.InstanceAlias":                           true,
	"connect.NewSessionDetails.Attributes":                            true,
	"connect.StartChatContactInput.Attributes":                        true,
	"connect.StartOutboundChatContactInput.Attributes":                true,
	"connect.TemplateAttributes.CustomAttributes":                     true,
	"connect.TemplateAttributes.CustomerProfileAttributes":            true,
	"connect.UpdateContactAttributesInput.Attributes":                 true,
	"connect.UpdateContactInput.Description":                          true,
	"connect.UpdateContactInput.Name":                                 true,
	"connect.UpdateParticipantAuthenticationInput.Code":               true,
	"connect.UpdateParticipantAuthenticationInput.Error":              true,
	"connect.UpdateParticipantAuthenticationInput.ErrorDescription":   true,
	"connect.UpdateParticipantAuthenticationInput.State":              true,
	"connectparticipant.GetAttachmentOutput.Url":                      true,
	"connectparticipant.GetAuthenticationUrlOutput.AuthenticationUrl": true,
	"connectparticipant.Item.Content":                                 true,
	"connectparticipant.SendEventInput.Content":                       true,
	"connectparticipant.SendMessageInput.Content":                     true,
	"connectparticipant.UploadMetadata.HeadersToInclude":              true,
	"connectparticipant.UploadMetadata.Url":                           true,
	"connectparticipant.View.Name":                                    true,
	"connectparticipant.ViewContent.Actions":                          true,
	"connectparticipant.ViewContent.InputSchema":                      true,
	"connectparticipant.ViewContent.Template":                         true,
	"connectparticipant.Websocket.Url":                                true,
}

// Redacted shows an input, an output or any structure of the SDK's two packages without what must not be logged:
// tokens, the contents of messages, attributes, CustomerId, and all that the API models mark as sensitive.
//
//	slog.Info("started", "chat", parley.Redact(out))
type Redacted struct{ value any }

// Redact makes a structure fit for a log. It keeps v, and reads it when it is printed.
func Redact(v any) Redacted { return Redacted{v} }

// String shows the members that are set.
func (r Redacted) String() string {
	var b strings.Builder
	show(&b, reflect.ValueOf(r.value))
	return b.String()
}

// GoString is String.
func (r Redacted) GoString() string { return r.String() }

// LogValue is String as a value for package log/slog.
func (r Redacted) LogValue() slog.Value { return slog.StringValue(r.String()) }

// describe shows a request under its operation's name.
func describe[I any](operation string, r *request[I]) string {
	var b strings.Builder
	b.WriteString(operation)
	r.read(func(in *I) { showMembers(&b, reflect.ValueOf(in).Elem()) })
	return b.String()
}

func show(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		b.WriteString("nil")
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		show(b, v.Elem())
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			b.WriteString(t.Format(time.RFC3339Nano))
			return
		}
		b.WriteString(v.Type().Name())
		showMembers(b, v)
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			separate(b, i)
			show(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.Map:
		showMap(b, v, false)
	default:
		fmt.Fprint(b, v)
	}
}

// showMembers shows those members of a structure that are set.
func showMembers(b *strings.Builder, v reflect.Value) {
	b.WriteByte('{')
	shown := 0
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" || v.Field(i).IsZero() {
			continue
		}
		separate(b, shown)
		shown++
		b.WriteString(f.Name)
		b.WriteString(": ")
		switch {
		case !isSecret(v.Type(), f.Name):
			show(b, v.Field(i))
		case v.Field(i).Kind() == reflect.Map:
			showMap(b, v.Field(i), true)
		default:
			b.WriteString(redacted)
		}
	}
	b.WriteByte('}')
}

func showMap(b *strings.Builder, v reflect.Value, secret bool) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	b.WriteByte('{')
	for i, k := range keys {
		separate(b, i)
		show(b, k)
		b.WriteString(": ")
		if secret {
			b.WriteString(redacted)
		} else {
			show(b, v.MapIndex(k))
		}
	}
	b.WriteByte('}')
}

func separate(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}

// isSecret reports whether a member of one of the SDK's structures must not be shown.
func isSecret(t reflect.Type, member string) bool {
	return secretMembers[member] || secretMembersOf[memberPath(t, member)]
}

// memberPath names a member as the API does: service, structure, member.
func memberPath(t reflect.Type, member string) string {
	const services = "github.com/aws/aws-sdk-go-v2/service/"
	service, _, _ := strings.Cut(strings.TrimPrefix(t.PkgPath(), services), "/")
	return service + "." + t.Name() + "." + member
}
