package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/flow"
)

func own(t *testing.T, name string) *Script {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	p, err := flow.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return &Script{ID: name, Kind: "CONTACT_FLOW", Program: p}
}

// Good flows are found good: what no chat can take has a reason, and all else is taken.
func TestGoodFlowsAreFoundGood(t *testing.T) {
	for name, want := range map[string][]string{
		"lexcmp.json": nil,
		"loop.json":   nil,
		"const3.json": {`t NoMatchingError: a chat whose $.Attributes.m would lead to it goes another way at "s" before`},
		"unreach.json": {
			"a NoMatchingCondition: in a chat $.Channel is CHAT",
			"b NoMatchingCondition: in a chat $.Channel is CHAT",
		},
		"channel.json": {
			"c NoMatchingCondition: in a chat $.Channel is CHAT",
			"voice NextAction: only branches that were not taken lead here",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := Explore(own(t, name))
			if got := untaken(c); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("not taken:\n%s", strings.Join(got, "\n"))
			}
			if len(c.Faults)+len(c.Stranded)+len(c.Circles) > 0 {
				t.Errorf("faults %q, stranded %q, circles %q", c.Faults, c.Stranded, c.Circles)
			}
		})
	}
}

func TestCirclesAreNamed(t *testing.T) {
	lambda := func(id, next string) string {
		return act(id, "InvokeLambdaFunction", `{"LambdaFunctionARN":"f","InvocationTimeLimitSeconds":"3"}`, "NextAction="+next, "NoMatchingError=end")
	}
	compare := func(id, reference string, branches ...string) string {
		return act(id, "Compare", encode(map[string]string{"ComparisonValue": reference}), append(branches, "NextAction=end")...)
	}
	wait := func(next string) string {
		return act("wait", "Wait", `{"TimeLimitSeconds":"5"}`, "NextAction="+next, "Equals WaitCompleted="+next, "NoMatchingError=end")
	}
	for name, c := range map[string]struct {
		actions []string
		want    string
	}{
		"of a flow alone": {[]string{
			act("log", "UpdateFlowLoggingBehavior", `{"FlowLoggingBehavior":"Disabled"}`, "NextAction=again"),
			act("again", "UpdateFlowLoggingBehavior", `{"FlowLoggingBehavior":"Enabled"}`, "NextAction=log"),
		}, "[[log again]]"},
		"with a function that is asked again and again": {[]string{lambda("ask", "state"), compare("state", "$.External.State", "Equals Done=end", "NoMatchingCondition=ask"), end("end")}, "[[ask state]]"},
		"that waits": {[]string{lambda("ask", "state"), compare("state", "$.External.State", "Equals Done=end", "NoMatchingCondition=wait"), wait("ask"), end("end")}, "[]"},
		"that a Loop counts": {[]string{
			lambda("ask", "state"), compare("state", "$.External.State", "Equals Done=end", "NoMatchingCondition=loop"),
			act("loop", "Loop", `{"LoopCount":"2"}`, "NextAction=end", "Equals ContinueLooping=ask", "Equals DoneLooping=end"), end("end"),
		}, "[]"},
		"that goes on after its Loop": {[]string{
			lambda("ask", "loop"),
			act("loop", "Loop", `{"LoopCount":"2"}`, "NextAction=end", "Equals ContinueLooping=ask", "Equals DoneLooping=ask"), end("end"),
		}, "[[ask loop]]"},
		"that ends the second time": {[]string{
			lambda("ask", "tried"), compare("tried", "$.Attributes.tried", "Equals yes=end", "NoMatchingCondition=try"),
			act("try", "UpdateContactAttributes", `{"Attributes":{"tried":"yes"}}`, "NextAction=ask", "NoMatchingError=end"), end("end"),
		}, "[]"},
		"of chance": {[]string{
			lambda("ask", "dice"),
			act("dice", "DistributeByPercentage", `{}`, "NextAction=ask", "NumberLessOrEqualTo 50=end", "NoMatchingCondition=ask"), end("end"),
		}, "[]"},
		"of hours": {[]string{
			act("hours", "CheckHoursOfOperation", `{}`, "NextAction=end", "Equals True=end", "Equals False=hours", "NoMatchingError=end"), end("end"),
		}, "[[hours]]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(Explore(script(t, "flow", "CONTACT_FLOW", c.actions...)).Circles); got != c.want {
				t.Errorf("circles %s, want %s", got, c.want)
			}
		})
	}
	if got := fmt.Sprint(Explore(own(t, "hotloop.json")).Circles); got != "[[ask say in]]" {
		t.Errorf("hotloop.json: circles %s", got)
	}
}

// What a chat cannot have is no reason to take a branch, and is said to be the reason not to.
func TestWhatNoChatHas(t *testing.T) {
	compare := func(id, reference, next string, branches ...string) string {
		return act(id, "Compare", encode(map[string]string{"ComparisonValue": reference}), append(branches, "NextAction="+next, "NoMatchingCondition="+next)...)
	}
	c := Explore(script(t, "flow", "CONTACT_FLOW",
		compare("endpoint", "$.CustomerEndpoint.Address", "digits", "TextStartsWith +1=end"),
		compare("digits", "$.StoredCustomerInput", "began", "Equals 1=end"),
		compare("began", "$.InitiationMethod", "kind", "Equals INBOUND=end", "Equals API=kind"),
		compare("kind", "$.SegmentAttributes['connect:Subtype']", "tier", "Equals connect:Telephony=end", "Equals connect:Guide=end"),
		compare("tier", "$.Attributes.tier", "again", "Equals gold=end"),
		compare("again", "$.Attributes.tier", "end", "Equals gold=end"),
		end("end")))
	want := []string{
		"endpoint TextStartsWith +1: a chat has no $.CustomerEndpoint.Address",
		"digits Equals 1: a chat has no $.StoredCustomerInput",
		"began Equals INBOUND: in a chat $.InitiationMethod is API, TRANSFER, QUEUE_TRANSFER, DISCONNECT or MESSAGING_PLATFORM",
		"kind Equals connect:Telephony: in a chat $.SegmentAttributes.connect:Subtype is connect:Chat, connect:Guide, connect:SMS, connect:WhatsApp or connect:Apple",
		`again Equals gold: a chat whose $.Attributes.tier would lead to it goes another way at "tier" before`,
	}
	if got := untaken(c); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// The inputs that once showed faults are played as they were given, where they are there.
func TestCasesThatShowedFaults(t *testing.T) {
	const cases = "../../../shared/cases/flows"
	if _, err := os.Stat(cases); err != nil {
		t.Skipf("there are no cases: %v", err)
	}
	for _, name := range []string{"lexcmp.json", "loop.json", "const3.json", "unreach.json", "channel.json", "hotloop.json"} {
		kept, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if given, err := os.ReadFile(filepath.Join(cases, name)); err != nil || string(given) != string(kept) {
			t.Errorf("%s is not what testdata has: %v", name, err)
		}
	}
}
