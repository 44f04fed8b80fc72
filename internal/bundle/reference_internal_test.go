package bundle

import "testing"

// A placeholder is found inside of what only looks like one.
func TestExpandInsideUnknownWords(t *testing.T) {
	for in, want := range map[string]string{
		"${word:${queue:A}}":             "${word:<queue A>}",
		"${flow-association.arn:A%7D}":   "<flow-association A}>",
		"${other.arn:x} ${flow:B}${$}{}": "${other.arn:x} <flow B>${}",
	} {
		got := expand(in, func(p placeholder) string { return "<" + p.kind + " " + p.name + ">" })
		if got != want {
			t.Errorf("%s is expanded to %s, want %s", in, got, want)
		}
	}
	for _, s := range []string{"${word:${queue:A}}", "${queue:A} ${$} ${instance}", "${x:y}"} {
		if got := expand(quote(s), func(placeholder) string { return "?" }); got != s {
			t.Errorf("%s comes back as %s from %s", s, got, quote(s))
		}
	}
}

// An ARN is replaced where it ends, and an id wherever it stands.
func TestSymbols(t *testing.T) {
	const instance, arn, id = "arn:aws:connect:us-east-1:123456789012:instance/x", "arn:aws:lambda:us-east-1:123456789012:function:orders", "0fc5b5b6-1111-4222-8333-444444444444"
	var s symbols
	s.add(key{"lambda-function", "orders"}, arn, "")
	s.add(key{kind: instanceWord}, "", instance)
	s.add(key{"queue", "A"}, id, instance+"/queue/"+id)
	for in, want := range map[string]string{
		arn:                       "${lambda-function:orders}",
		arn + "-v2":               arn + "-v2",
		arn + "2":                 arn + "2",
		arn + ":live, " + arn:     "${lambda-function:orders}:live, ${lambda-function:orders}",
		instance + "/queue/" + id: "${queue.arn:A}",
		instance + "/flow/" + id:  "${instance.arn}/flow/${queue:A}",
		"x" + id + "_y":           "x${queue:A}_y",
		"abcdef":                  "abcdef",
	} {
		if got := s.of(text(in)).text; got != want {
			t.Errorf("%s is written as %s, want %s", in, got, want)
		}
	}
}
