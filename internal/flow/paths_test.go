package flow

import (
	"fmt"
	"testing"
)

func TestReferencesInATextAreFound(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"plain", "[] false"},
		{"$.Attributes.name", "[[Attributes name]] true"},
		{"$.External['a key']", "[[External a key]] true"},
		{"Hello $.Attributes.name, it costs $.50.", "[[Attributes name]] false"},
		{"$.Lex.Slots.city and $.Channel.", "[[Lex Slots city] [Channel]] false"},
		{"$.LambdaInvocation.ResultData.x", "[[External x]] true"},
	} {
		paths, whole := References(c.text)
		if got := fmt.Sprint(paths, whole); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}
