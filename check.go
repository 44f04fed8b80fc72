package parley

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// Limits and content types of the API reference of StartChatContact.
const (
	maxAttributeBytes   = 32768
	minChatMinutes      = 60
	maxChatMinutes      = 10080
	textPlain           = "text/plain"
	interactive         = "application/vnd.amazonaws.connect.message.interactive"
	interactiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"
	subtypeKey          = "connect:Subtype"
	guideSubtype        = "connect:Guide"
)

// checkRequired finds a required member that is absent or empty. A list or map may be empty here: what that means is
// the service's to say.
func checkRequired(in any, required []string) error {
	v := reflect.ValueOf(in).Elem()
	for _, member := range required {
		f := v.FieldByName(member)
		switch f.Kind() {
		case reflect.Pointer:
			if f.IsNil() {
				return fmt.Errorf("%s is required", member)
			}
			if f.Elem().Kind() == reflect.String && f.Elem().Len() == 0 {
				return fmt.Errorf("%s is empty", member)
			}
		default:
			if f.IsZero() {
				return fmt.Errorf("%s is required", member)
			}
		}
	}
	return nil
}

// checkText finds text that is not UTF-8. JSON cannot carry it: it would arrive changed.
func checkText(in any) error {
	return checkTextOf(reflect.ValueOf(in).Elem(), "")
}

func checkTextOf(v reflect.Value, path string) error {
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return fmt.Errorf("%s is not valid UTF-8", strings.TrimPrefix(path, "."))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return checkTextOf(v.Elem(), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if err := checkTextOf(v.Field(i), path+"."+f.Name); err != nil {
					return err
				}
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := checkTextOf(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if err := checkTextOf(k, "a key of "+strings.TrimPrefix(path, ".")); err != nil {
				return err
			}
			if err := checkTextOf(v.MapIndex(k), fmt.Sprintf("%s[%q]", path, k.String())); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRules applies the rules between members that the API reference states.
func checkRules(input any) error {
	switch in := input.(type) {
	case *connect.StartChatContactInput:
		return errors.Join(
			checkAttributes(in.Attributes),
			checkDuration(in.ChatDurationInMinutes),
			checkContentTypes(in.SupportedMessagingContentTypes),
			checkPersistence(in.PersistentChat, in.RelatedContactId),
			checkSegmentAttributes(in.SegmentAttributes, in.SupportedMessagingContentTypes),
		)
	case *connect.StartOutboundChatContactInput:
		return errors.Join(
			checkAttributes(in.Attributes),
			checkDuration(in.ChatDurationInMinutes),
			checkContentTypes(in.SupportedMessagingContentTypes),
		)
	case *connect.UpdateContactAttributesInput:
		return checkAttributes(in.Attributes)
	}
	return nil
}

func checkAttributes(attributes map[string]string) error {
	size := 0
	for k, v := range attributes {
		if !validKey(k) {
			return fmt.Errorf("the key %.40q of Attributes may hold letters, digits, - and _ only", k)
		}
		size += len(k) + len(v)
	}
	if size > maxAttributeBytes {
		return fmt.Errorf("too large Attributes: %d bytes over all keys and values, %d at most", size, maxAttributeBytes)
	}
	return nil
}

func checkDuration(minutes *int32) error {
	if minutes != nil && (*minutes < minChatMinutes || *minutes > maxChatMinutes) {
		return fmt.Errorf("ChatDurationInMinutes is %d, must be %d to %d", *minutes, minChatMinutes, maxChatMinutes)
	}
	return nil
}

func checkContentTypes(supported []string) error {
	if supported != nil && !slices.Contains(supported, textPlain) {
		return errors.New("SupportedMessagingContentTypes must contain text/plain")
	}
	return nil
}

func checkPersistence(p *types.PersistentChat, related *string) error {
	switch {
	case p == nil:
		return nil
	case related != nil:
		return errors.New("RelatedContactId and PersistentChat exclude each other")
	case p.RehydrationType == "" || given(p.SourceContactId) == "":
		return errors.New("PersistentChat needs both RehydrationType and SourceContactId")
	}
	return nil
}

func checkSegmentAttributes(attributes map[string]types.SegmentAttributeValue, supported []string) error {
	for k := range attributes {
		if !validKey(strings.TrimPrefix(k, "connect:")) {
			return fmt.Errorf("the key %.40q of SegmentAttributes may hold letters, digits, - and _ only", k)
		}
	}
	if given(attributes[subtypeKey].ValueString) == guideSubtype && !(slices.Contains(supported, interactive) && slices.Contains(supported, interactiveResponse)) {
		return fmt.Errorf("the subtype %s of SegmentAttributes needs %s and %s in SupportedMessagingContentTypes", guideSubtype, interactive, interactiveResponse)
	}
	return nil
}

// validKey reports whether a key of attributes has only the characters that flows can name it by.
func validKey(k string) bool {
	for i := range len(k) {
		c := k[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return k != ""
}
