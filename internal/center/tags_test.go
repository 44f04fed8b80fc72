package center_test

import (
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// What is no ARN of this server's is refused before anything is looked up.
func FuzzParseARN(f *testing.F) {
	p := center.Partition{Account: "123456789012", Region: "us-east-1"}
	f.Add(p.InstanceARN("11111111-1111-4111-8111-111111111111"))
	f.Add(p.InstanceARN("11111111-1111-4111-8111-111111111111") + "/queue/agent/x:1")
	f.Add(p.AccountARN("phone-number", "x"))
	f.Add("arn:aws:connect:::/")
	f.Fuzz(func(t *testing.T, s string) {
		named, err := p.ParseARN(s)
		if err != nil {
			if !center.Is(err, center.InvalidParameter) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if named.Tail == "" || named.ID == "" {
			t.Errorf("%q names %+v", s, named)
		}
	})
}
