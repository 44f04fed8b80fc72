package policy

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	account  = "arn:aws:connect:us-east-1:123456789012:"
	instance = "11111111-1111-4111-8111-111111111111"
	queue    = account + "instance/" + instance + "/queue/q1"
)

func parse(t *testing.T, statements string) *Policy {
	t.Helper()
	p, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecide(t *testing.T) {
	allow := `{"Effect":"Allow","Action":"connect:Describe*","Resource":"` + account + `instance/*"}`
	ask := Request{Action: "connect:DescribeQueue", Targets: []Target{{ARNs: []string{queue}, Instance: instance, Tags: map[string]string{"team": "blue"}}}}
	for _, c := range []struct {
		name, statements string
		want             Verdict
	}{
		{"a wildcard spans slashes", allow, Verdict{Allowed: true}},
		{"another action", `{"Effect":"Allow","Action":"connect:List*","Resource":"*"}`, Verdict{Resource: queue}},
		{"actions have no case", `{"Effect":"Allow","Action":"CONNECT:describeQUEUE","Resource":"*"}`, Verdict{Allowed: true}},
		{"one of several", `{"Effect":"Allow","Action":["connect:List*","connect:Describe?ueue"],"Resource":["arn:aws:connect:*:*:x","` + queue + `"]}`, Verdict{Allowed: true}},
		{"a denial wins in front too", `{"Effect":"Deny","Action":"*","Resource":"*"},` + allow, Verdict{Denied: true, Resource: queue}},
		{"the instance", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":"` + instance + `"}}}`, Verdict{Allowed: true}},
		{"another instance", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":["x","y"]}}}`, Verdict{Resource: queue}},
		{"a tag", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":["red","blue"]}}}`, Verdict{Allowed: true}},
		{"keys of tags have no case in conditions", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:resourcetag/Team":"blue"}}}`, Verdict{Allowed: true}},
		{"nor in denials", allow + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/TEAM":"blue"}}}`, Verdict{Denied: true, Resource: queue}},
		{"values of tags have", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"Blue"}}}`, Verdict{Resource: queue}},
		{"a pattern in StringEquals", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"bl*"}}}`, Verdict{Resource: queue}},
		{"a pattern in StringLike", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/team":"bl*"}}}`, Verdict{Allowed: true}},
		{"all conditions must hold", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/team":"*","connect:InstanceId":"x"}}}`, Verdict{Resource: queue}},
		{"a condition of a denial that does not hold", allow + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}}`, Verdict{Allowed: true}},
	} {
		if got := parse(t, c.statements).Decide(ask); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	denied := parse(t, allow+`,{"Effect":"Deny","Action":"*","Resource":"arn:aws:connect:*:*:*/queue/*"}`)
	if got, want := denied.Decide(ask), (Verdict{Denied: true, Resource: queue}); got != want {
		t.Errorf("a denial behind: got %+v, want %+v", got, want)
	}
	two := ask
	two.Targets = append([]Target{}, ask.Targets[0], Target{ARNs: []string{account + "other"}})
	if got, want := parse(t, allow).Decide(two), (Verdict{Resource: account + "other"}); got != want {
		t.Errorf("of two targets one is not allowed: got %+v, want %+v", got, want)
	}
	if !parse(t, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/a":"b"}}}`).NeedsTags() || denied.NeedsTags() {
		t.Error("NeedsTags is wrong")
	}
}

// What is not known must not be ignored.
func TestParseRefuses(t *testing.T) {
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":{` + s + `}}` }
	for text, want := range map[string]string{
		``:        "no JSON",
		`[]`:      "must be an object",
		`{} {}`:   "no JSON",
		`"a"`:     "must be an object",
		`{}`:      "Version",
		`{"a":1}`: `"a" is not known`,
		`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`: "Version must be",
		`{"Version":"2012-10-17"}`:                                                                                                                   "Statement must be",
		`{"Version":"2012-10-17","Statement":[]}`:                                                                                                    "Statement must be",
		`{"Version":"2012-10-17","Version":"2012-10-17"}`:                                                                                            "twice",
		statement(`"Effect":"allow","Action":"*","Resource":"*"`):                                                                                    "Effect must be Allow or Deny",
		statement(`"Effect":"Allow","Resource":"*"`):                                                                                                 "Action is required",
		statement(`"Effect":"Allow","Action":"*"`):                                                                                                   "Resource is required",
		statement(`"Effect":"Allow","Action":[],"Resource":"*"`):                                                                                     "Action is required",
		statement(`"Effect":"Allow","Action":7,"Resource":"*"`):                                                                                      "a text or a list of texts",
		statement(`"Effect":"Allow","Action":[null],"Resource":"*"`):                                                                                 "a text or a list of texts",
		statement(`"Effect":"Allow","Action":null,"Resource":"*"`):                                                                                   "a text or a list of texts",
		statement(`"Effect":"Allow","Action":"s3:*","Resource":"*"`):                                                                                 "begin with connect:",
		statement(`"Effect":"Allow","Action":"connect:","Resource":"*"`):                                                                             "begin with connect:",
		statement(`"Effect":"Allow","Action":"connect:A B","Resource":"*"`):                                                                          "letters, digits",
		statement(`"Effect":"Allow","NotAction":"*","Resource":"*"`):                                                                                 `"NotAction" is not known`,
		statement(`"Effect":"Allow","Action":"*","NotResource":"*"`):                                                                                 `"NotResource" is not known`,
		statement(`"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"`):                                                                    `"Principal" is not known`,
		statement(`"Effect":"Allow","Action":"*","Resource":"queue/*"`):                                                                              "must be \"*\" or an ARN",
		statement(`"Effect":"Allow","Action":"*","Resource":"arn:aws:connect:*:*:instance/${aws:username}"`):                                         "policy variable",
		statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`):                            `"IpAddress" is not known`,
		statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:SourceIp":"x"}}`):                                  "is not known",
		statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/":"x"}}`):                              "is not known",
		statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":[]}}`):                             "has no value",
		statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":["x"]}`):                                                 "must be an object",
		statement(`"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"`):                                                                    "twice",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:connect:::` + strings.Repeat("a", MaxLength) + `"}}`: "the most is 6144",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.120s: got %v, want %q", text, err, want)
		}
	}
}

// FuzzLike holds patterns against regular expressions.
func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{{"a*b?c", "axxbyc"}, {"*", ""}, {"**a", "ba"}, {"a?", "aé"}, {"", "a"}, {"a*a*a*b", "aaaaaaa"}, {"*??bx", "€bx"}, {"*?", "é"}, {"*é?", "éé€"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if strings.ToValidUTF8(pattern, "") != pattern || strings.ToValidUTF8(text, "") != text || len(pattern) > 100 {
			return
		}
		expr := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		if got, want := like(pattern, text), regexp.MustCompile(`(?s)^`+expr+`$`).MatchString(text); got != want {
			t.Errorf("like(%q, %q) is %v, want %v", pattern, text, got, want)
		}
	})
}

// Of several names of one thing a denial of any holds, and an allowance of any is enough. Of tags whose keys differ by case
// alone one is enough to deny, and all must hold to allow.
func TestDecideBySeveralNames(t *testing.T) {
	two := Request{Action: "connect:DescribeQueue", Targets: []Target{{ARNs: []string{queue, account + "b"}, Tags: map[string]string{"Team": "red", "team": "blue"}}}}
	for statements, want := range map[string]Verdict{
		`{"Effect":"Allow","Action":"*","Resource":"` + account + `b"}`:                                                                                            {Allowed: true},
		`{"Effect":"Allow","Action":"*","Resource":"` + queue + `"}`:                                                                                               {Allowed: true},
		`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"` + account + `b"}`:                                              {Denied: true, Resource: queue},
		`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}}`: {Denied: true, Resource: queue},
		`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}}`:                                              {Resource: queue},
		`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/team":["blue","r*"]}}}`:                                         {Allowed: true},
	} {
		if got := parse(t, statements).Decide(two); got != want {
			t.Errorf("%s: got %+v, want %+v", statements, got, want)
		}
	}
}

// naive decides as the documentation says it, in the plainest form: on the decoded text, with regular expressions.
func naive(t *testing.T, text string, action string, target Target) Verdict {
	t.Helper()
	list := func(v any) []any {
		if all, ok := v.([]any); ok {
			return all
		}
		return []any{v}
	}
	matches := func(pattern, text string) bool {
		expr := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		return regexp.MustCompile(`(?s)^` + expr + `$`).MatchString(text)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	verdict := Verdict{Resource: target.ARNs[0]}
	for _, s := range list(doc["Statement"]) {
		s := s.(map[string]any)
		acts, about, holds := false, false, true
		for _, a := range list(s["Action"]) {
			acts = acts || matches(strings.ToLower(a.(string)), strings.ToLower(action))
		}
		for _, r := range list(s["Resource"]) {
			about = about || matches(r.(string), target.ARNs[0])
		}
		operators, _ := s["Condition"].(map[string]any)
		for operator, keys := range operators {
			for key, wants := range keys.(map[string]any) {
				held := false
				for _, want := range list(wants) {
					value, ok := target.Instance, strings.EqualFold(key, "connect:InstanceId")
					for name, of := range target.Tags {
						if strings.EqualFold(key, "aws:ResourceTag/"+name) {
							value, ok = of, true
						}
					}
					held = held || ok && (value == want || operator == "StringLike" && matches(want.(string), value))
				}
				holds = holds && held
			}
		}
		if acts && about && holds {
			if s["Effect"] == "Deny" {
				return Verdict{Denied: true, Resource: target.ARNs[0]}
			}
			verdict = Verdict{Allowed: true}
		}
	}
	return verdict
}

// FuzzParse holds that whatever is read can be decided by, and that a second evaluator decides the same.
func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:*","Resource":"arn:aws:connect:*:*:*","Condition":{"StringLike":{"aws:ResourceTag/a":["*"]}}}]}`)
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"A\u006clow","Action":"*","Resource":"*"}}`)
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"AWS:resourceTAG/Team":"b\u006cue"},"StringLike":{"connect:InstanceId":["x","1*"]}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		p, err := Parse([]byte(text))
		if err != nil {
			return
		}
		target := Target{ARNs: []string{queue}, Instance: instance, Tags: map[string]string{"team": "blue"}}
		got := p.Decide(Request{Action: "connect:StopContact", Targets: []Target{target}})
		if want := naive(t, text, "connect:StopContact", target); got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	})
}
