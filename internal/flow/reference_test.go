package flow

import (
	"strings"
	"testing"
)

func TestReferences(t *testing.T) {
	s := New("f", "", 0)
	s.FlowAttributes = map[string]string{"lang": "en"}
	s.Contact = Contact{
		ContactID: "c-1", InitialContactID: "c-0", PreviousContactID: "c-0", InstanceARN: "arn:i", InitiationMethod: "API",
		AwsRegion: "us-east-1", LanguageCode: "en-US", Name: "n", Description: "d", CustomerID: "cu", InitialMessage: "hi",
		Attributes:        map[string]string{"name": "Ana", "a b": "spaced", "loop": "$.Attributes.name", "2fa": "on", "x.y": "dotted", "first-name": "hyphen", "empty": ""},
		SegmentAttributes: map[string]string{"connect:Subtype": "connect:Chat"},
		Tags:              map[string]string{"aws:connect:instanceId": "i-1"},
		Queue:             Queue{Name: "Basic", ARN: "arn:q", OutboundCallerID: "+1"},
	}
	for in, want := range map[string]string{
		"":                                       "",
		"plain":                                  "plain",
		"$.Attributes.name":                      "Ana",
		"$.Attributes['a b']":                    "spaced",
		`$.Attributes["a b"]`:                    "spaced",
		"$.Attributes.['a b']":                   "spaced",
		"$.Attributes['x.y']":                    "dotted",
		"$.Attributes.2fa":                       "on",
		"$.Attributes.first-name":                "hyphen",
		"$.FlowAttributes.lang":                  "en",
		"$.SegmentAttributes['connect:Subtype']": "connect:Chat",
		"$.Tags['aws:connect:instanceId']":       "i-1",
		"$.Channel":                              "CHAT",
		"$['Channel'], $[\"AwsRegion\"].":        "CHAT, us-east-1.",
		"$['Attributes']['a b']":                 "spaced",
		"$.ContactId $.InitialContactId":         "c-1 c-0",
		"$.PreviousContactId $.InstanceARN $.InitiationMethod $.LanguageCode": "c-0 arn:i API en-US",
		"$.Name $.Description $.CustomerId":                                   "n d cu",
		"$.Media.InitialMessage":                                              "hi",
		"$.Queue.Name $.Queue.ARN $.Queue.OutboundCallerId.Address":           "Basic arn:q +1",

		// Embedded, and what ends a reference.
		"Hello $.Attributes.name.":              "Hello Ana.",
		"Hello $.Attributes.name. Bye":          "Hello Ana. Bye",
		"$.Attributes.name, $.Attributes.name!": "Ana, Ana!",
		"'$.Attributes.name'":                   "'Ana'",
		"arn:aws:lambda:$.AwsRegion:123:f":      "arn:aws:lambda:us-east-1:123:f",
		"<b>$.Attributes.name</b>":              "<b>Ana</b>",
		"$.Attributes.name\nx":                  "Ana\nx",
		"$.Attributes.name$.Attributes.name":    "AnaAna",
		"$$.Attributes.name":                    "$Ana",
		"$.Attributes.name[":                    "Ana[",
		"$.Attributes.name['":                   "Ana['",
		"$.Attributes.name[x]":                  "Ana[x]",
		"$.Attributes.name.['":                  "Ana.['",
		"é$.Attributes.nameé":                   "éAnaé",

		// Text, for the root is unknown.
		"$":                           "$",
		"$.":                          "$.",
		"Balance $100":                "Balance $100",
		"$.50 off":                    "$.50 off",
		"$.Nobody.name":               "$.Nobody.name",
		"$.attributes.name":           "$.attributes.name",
		"$.AttributesX":               "$.AttributesX",
		"$. $.Attributes.name":        "$. Ana",
		"$Attributes.name":            "$Attributes.name",
		"$[0] $[Channel] $['Nobody']": "$[0] $[Channel] $['Nobody']",

		// Nothing there.
		"[$.Attributes.none]":                    "[]",
		"[$.Attributes.empty]":                   "[]",
		"[$.Attributes]":                         "[]",
		"[$.Attributes.name.more]":               "[]",
		"[$.External.a.b[0]['c']]":               "[]",
		"[$.Lex.Slots.x]":                        "[]",
		"[$.Agent.ARN]":                          "[]",
		"[$.Queue.Size]":                         "[]",
		"[$.Media.Sip]":                          "[]",
		"[$.Channel.x]":                          "[]",
		"[$.Views.ViewResultData.Category.0]":    "[]",
		"[$.AgenticCX.ContextVariables.orderId]": "[]",
		"[$.AdditionalEmailRecipients.CcList]":   "[]",

		// A value is not resolved again.
		"$.Attributes.loop": "$.Attributes.name",
	} {
		if got := newText(in).resolve(&s); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWholeReferences(t *testing.T) {
	for in, whole := range map[string]bool{
		"$.Attributes.a": true, "$.Attributes['a b']": true, "$.Channel": true, "$.External.a.b[0]": true,
		"": false, "$": false, "$.Nobody.a": false, "$.Attributes.a ": false, " $.Attributes.a": false, "$.Attributes.a.": false,
		"$.Attributes.a$.Attributes.b": false, "CHAT": false,
	} {
		if got := wholeReference(in) != nil; got != whole {
			t.Errorf("%q: whole %v, want %v", in, got, whole)
		}
	}
}

func TestConditions(t *testing.T) {
	s := New("f", "", 0)
	s.Contact.Attributes = map[string]string{"five": "5", "empty": ""}
	for _, tt := range []struct {
		value    string
		operator string
		operand  string
		want     bool
	}{
		{"abc", "Equals", "abc", true}, {"abc", "Equals", "ABC", false}, {"5", "Equals", "5.0", false},
		{"abc", "TextStartsWith", "ab", true}, {"abc", "TextStartsWith", "bc", false},
		{"abc", "TextEndsWith", "bc", true}, {"abc", "TextEndsWith", "ab", false},
		{"abc", "TextContains", "b", true}, {"abc", "TextContains", "x", false},
		{"6", "NumberGreaterThan", "5", true}, {"5", "NumberGreaterThan", "5", false}, {"10", "NumberGreaterThan", "9", true},
		{"5", "NumberGreaterOrEqualTo", "5.0", true}, {"-1", "NumberLessThan", "0", true}, {"5", "NumberLessThan", "5", false},
		{"5", "NumberLessOrEqualTo", "5", true}, {"1e3", "NumberGreaterThan", "999", true},
		{"six", "NumberGreaterThan", "5", false}, {"6", "NumberGreaterThan", "five", false}, {"inf", "NumberGreaterThan", "5", false},
		{"0x9", "NumberGreaterThan", "5", false}, {"1_0", "NumberGreaterThan", "5", false}, {"", "NumberLessThan", "5", false},
		{"6", "NumberGreaterThan", "$.Attributes.five", true}, {"5", "Equals", "$.Attributes.five", true},
		{"abc", "TextContains", "$.Attributes.none", false}, {"abc", "TextContains", "$.Attributes.empty", false}, {"abc", "TextContains", "", false},
		{"$.Attributes.none", "Equals", "NULL", true}, {"$.Attributes.empty", "Equals", "NULL", true}, {"$.Attributes.five", "Equals", "NULL", false},
		{"$.Attributes.none", "TextContains", "NULL", false}, {"$.Attributes.none", "Equals", "$.Attributes.none", false}, {"NULL", "Equals", "NULL", true},
		{"$.Attributes", "KeyExists", "five", true}, {"$.Attributes", "KeyExists", "six", false}, {"five", "KeyExists", "five", false},
		{"abc", "Unknown", "abc", false},
	} {
		operand := node{kind: '"', text: tt.operand}
		c := newCondition(tt.operator, []node{operand}, "z")
		d := newDynamic(&node{kind: '"', text: tt.value})
		v, ok := d.resolve(&s)
		if got := c.match(&s, value{text: v, missing: !ok, ref: d.ref}); got != tt.want {
			t.Errorf("%q %s %q: got %v", tt.value, tt.operator, tt.operand, got)
		}
	}
}

// Whatever the text, what is no reference stays, and values come in unchanged.
func FuzzInterpolate(f *testing.F) {
	for _, s := range []string{"$.Attributes.a b", "$.Attributes['a']$", "$.$.[", "x$.Channel.y[0]", "$.Tags.['", "$.Attributes[\"", "`$.DataTableList[0].a`"} {
		f.Add(s, "value")
	}
	f.Fuzz(func(t *testing.T, in, v string) {
		s := New("f", "", 0)
		s.Contact.Attributes = map[string]string{"a": v}
		text := newText(in)
		got := text.resolve(&s)
		literals := 0
		for _, p := range text.parts {
			if p.ref == nil {
				literals += len(p.literal)
				if !strings.Contains(got, p.literal) {
					t.Errorf("%q lost %q", got, p.literal)
				}
			}
		}
		if !strings.Contains(in, "$.") && got != in {
			t.Errorf("%q became %q", in, got)
		}
		if len(got) < literals {
			t.Errorf("%q is shorter than its literals", got)
		}
		if ref := wholeReference(in); ref != nil && (len(text.parts) != 1 || text.parts[0].ref == nil) {
			t.Errorf("%q is a whole reference and not one part", in)
		}
	})
}
