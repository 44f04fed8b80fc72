package center_test

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

func TestParseModule(t *testing.T) {
	const id = "aaaaaaaa-0000-4000-8000-000000000001"
	const arn = "arn:aws:connect:us-east-1:123456789012:instance/11111111-1111-4111-8111-111111111111/flow-module/"
	for in, want := range map[string]center.ModuleRef{
		id:                 {ID: id},
		id + ":$LATEST":    {ID: id, Qualifier: center.LatestQualifier},
		id + ":3":          {ID: id, Qualifier: "3"},
		arn + id:           {ID: id},
		arn + id + ":live": {ID: id, Qualifier: "live"},
		arn + "AAAAAAAA-0000-4000-8000-000000000001:Live": {ID: id, Qualifier: "Live"},
		"":             {},
		":":            {},
		"arn:aws:sns:": {ID: "arn", Qualifier: "aws:sns:"},
	} {
		if got := center.ParseModule(in); got != want {
			t.Errorf("%q: got %+v, want %+v", in, got, want)
		}
	}
}

func TestVersionNumbers(t *testing.T) {
	for qualifier, want := range map[string]int64{
		"1": 1, "9223372036854775807": 9223372036854775807,
		"": 0, "0": 0, "-1": 0, "+1": 0, "01": 0, "1.0": 0, "9223372036854775808": 0, "$LATEST": 0, "one": 0, "1 ": 0,
	} {
		if got, ok := (center.ModuleRef{Qualifier: qualifier}).Version(); ok != (want != 0) || ok && got != want {
			t.Errorf("%q of a module: got %d, %v", qualifier, got, ok)
		}
		if got, ok := (center.FlowRef{Qualifier: qualifier}).Version(); ok != (want != 0) || ok && got != want {
			t.Errorf("%q of a flow: got %d, %v", qualifier, got, ok)
		}
	}
}

// Versions are listed in the order of their keys.
func TestVersionKeysAreInTheOrderOfNumbers(t *testing.T) {
	numbers := []int64{0, 1, 2, 9, 10, 99, 100, center.MaxVersion, 1<<63 - 1}
	for i, n := range numbers[1:] {
		if before, key := center.VersionKey("of", numbers[i]), center.VersionKey("of", n); before >= key {
			t.Errorf("%s is not before %s", before, key)
		}
	}
}

// An alias stands behind a colon, where numbers and names with a dollar sign mean something else.
func TestAliasNames(t *testing.T) {
	for name, good := range map[string]bool{
		"live": true, "v1": true, "1a": true, "01": true, "-1": true, "Größe 2": true,
		"1": false, "25": false, "$LATEST": false, "$SAVED": false, "a:b": false, "a/b": false,
		strings.Repeat("ö", 100): true, strings.Repeat("ö", 101): false,
	} {
		a := center.Alias{Name: name}
		if err := a.Check(); (err == nil) != good {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestFunctionARNs(t *testing.T) {
	for arn, good := range map[string]bool{
		"arn:aws:lambda:us-east-1:123456789012:function:lookup":               true,
		"arn:aws:lambda:eu-central-1:123456789012:function:look_up-2:live":    true,
		"arn:aws:lambda:us-east-1:123456789012:function:lookup:$LATEST":       true,
		"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:lookup:12": true,
		"lookup":  false,
		"":        false,
		"arn:aws": false,
		"arn:aws:lambda:us-east-1:12:function:lookup":                   false,
		"arn:aws:lambda:us-east-1:123456789012:layer:lookup":            false,
		"arn:aws:lambda:us-east-1:123456789012:function:":               false,
		"arn:aws:lambda:us-east-1:123456789012:function:a:b:c":          false,
		"arn:aws:lambda:us-east-1:123456789012:function:lookup\n":       false,
		"arn:aws:lambda:us-east-1:123456789012:function:../../etc":      false,
		"arn:aws:lex:us-east-1:123456789012:bot-alias/AAAAAAAAAA/BBBBB": false,
	} {
		if err := center.CheckFunction(arn); (err == nil) != good {
			t.Errorf("%q: got %v", arn, err)
		}
	}
}

func TestBotAliasARNs(t *testing.T) {
	for arn, good := range map[string]bool{
		"arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/TSTALIASID": true,
		"arn:aws:lex:us-east-1:123456789012:bot/ABCDEFGHIJ":                  false,
		"arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ":            false,
		"arn:aws:lex:us-east-1:123456789012:bot:Orders:live":                 false,
		"ABCDEFGHIJ": false,
	} {
		if err := center.CheckBotAlias(arn); (err == nil) != good {
			t.Errorf("%q: got %v", arn, err)
		}
	}
}
