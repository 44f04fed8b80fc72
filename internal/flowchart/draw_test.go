package flowchart

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is now\n%s", name, got)
	}
}

func drawn(t *testing.T, name string, o Options) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	svg, err := Draw(src, o)
	if err != nil {
		t.Fatal(err)
	}
	mustBePicture(t, svg)
	return svg
}

// Elements and attributes that a picture is made of. Nothing in it runs, loads or leads away.
var (
	elements   = []string{"svg", "title", "desc", "style", "clipPath", "rect", "text", "g", "path", "circle"}
	attributes = []string{
		"xmlns", "class", "width", "height", "viewBox", "role", "aria-roledescription", "aria-labelledby", "aria-label", "aria-hidden",
		"id", "tabindex", "x", "y", "cx", "cy", "r", "rx", "d", "fill", "transform", "text-anchor", "clip-path",
	}
)

// mustBePicture reads the XML and fails on anything that is not part of a picture.
func mustBePicture(t *testing.T, svg []byte) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, svg)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !slices.Contains(elements, e.Name.Local) {
				t.Fatalf("an element %s is in the picture", e.Name.Local)
			}
			for _, a := range e.Attr {
				if !slices.Contains(attributes, a.Name.Local) {
					t.Fatalf("an attribute %s is in the picture", a.Name.Local)
				}
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			t.Fatalf("%#v is in the picture", e)
		}
	}
}

func TestGreeting(t *testing.T) {
	golden(t, "greeting.svg", drawn(t, "greeting.json", Options{}))
}

func TestPath(t *testing.T) {
	const wait = "5a0e3b0c-8d1f-4c55-9d43-0c8d1b7f2a11"
	golden(t, "path.svg", drawn(t, "greeting.json", Options{Inline: true, ID: "one-", Path: []Visit{
		{Action: "greet", Next: wait},
		{Action: wait, Next: "tier", Branch: "Equals CustomerReturned"},
		{Action: "tier", Next: "greet", Branch: "NoMatchingCondition"},
		{Action: "greet", Next: wait},
		{Action: wait, Next: "bye", Branch: "NoMatchingError"},
		{Action: "an action of another text"},
		{Action: "bye", Step: 12},
	}}))
}

func TestHostileWordsAreWords(t *testing.T) {
	golden(t, "hostile.svg", drawn(t, "hostile.json", Options{Title: "<x>", ID: `"><script>`}))
}

func TestWhatIsNoFlow(t *testing.T) {
	for src, want := range map[string]string{
		``:                       "not a flow document",
		`[]`:                     "not a flow document",
		`{}`:                     "no actions",
		`{"Actions":7}`:          "not a flow document",
		`{"modules":[{"id":1}]}`: "older export",
	} {
		if _, err := Draw([]byte(src), Options{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Go struct") {
			t.Errorf("%s: %v, want %q", src, err, want)
		}
	}
}

// Branches that lead nowhere are bold, and stay in their block too.
func TestLostBranchesFit(t *testing.T) {
	svg, err := Draw([]byte(`{"StartAction":"a","Actions":[{"Identifier":"a","Type":"Wait","Transitions":{"Errors":[{"ErrorType":"WWWWWWWWWW","NextAction":"WWWWWWWWWWWWWWWWWWWWW"}]}}]}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, label, _ := strings.Cut(string(svg), `class="exit err lost"`)
	_, label, _ = strings.Cut(label, ">")
	label, _, _ = strings.Cut(label, "<")
	if w := width(label, exitSize*bold); w > textWidth || !strings.HasSuffix(label, "…") {
		t.Errorf("%q is %v wide, and there is room for %v", label, w, textWidth)
	}
}

func TestWhatIsOfAnotherTypeIsLeftAlone(t *testing.T) {
	for _, src := range []string{
		`{"StartAction":"a","Metadata":"x","Actions":[{"Identifier":"a","Type":"Wait"}]}`,
		`{"StartAction":"a","Metadata":{"ActionMetadata":[]},"Actions":[{"Identifier":"a","Type":"Wait"}]}`,
		`{"StartAction":["a"],"Actions":[7,{"Identifier":"a","Type":"Wait","Transitions":{"Errors":{},"NextAction":"a"}}]}`,
		`{"StartAction":"a","Actions":[{"Identifier":"a","Type":"Wait","Transitions":{"Conditions":["x"],"Errors":[7]}}]}`,
	} {
		svg, err := Draw([]byte(src), Options{})
		if err != nil || !strings.Contains(string(svg), ">Wait</text>") {
			t.Errorf("%s: %v\n%s", src, err, svg)
		}
	}
}

func TestDetails(t *testing.T) {
	for _, c := range []struct{ kind, parameters, metadata, want string }{
		{"MessageParticipant", `{"SkipWhenDTMFBufferEnabled":"false","Text":"Hi"}`, "", "Hi"},
		{"MessageParticipant", `{"PromptId":"arn:aws:connect:us-east-1:123456789012:instance/i/prompt/p"}`, `{"parameters":{"PromptId":{"displayName":"Beep.wav"}}}`, "Beep.wav"},
		{"UpdateContactAttributes", `{"Attributes":{"a":"1","b":"$.External.b"},"TargetContact":"Current"}`, "", "a = 1, b = $.External.b"},
		{"UpdateContactAttributes", `{"TargetContact":"Current","Attributes":{"a":"1"}}`, "", "a = 1"},
		{"UpdateFlowAttributes", `{"FlowAttributes":{"a":{"Value":"1"}}}`, "", "a = 1"},
		{"UpdateContactTargetQueue", `{"QueueId":"arn:aws:connect:us-east-1:123456789012:instance/i/queue/5a0e3b0c-8d1f-4c55-9d43-0c8d1b7f2a11"}`, "", "5a0e3b0c…"},
		{"UpdateContactTargetQueue", `{"QueueId":"q"}`, `{"parameters":{"QueueId":{"displayName":"BasicQueue"}}}`, "BasicQueue"},
		{"InvokeLambdaFunction", `{"InvocationTimeLimitSeconds":"8","LambdaFunctionARN":"arn:aws:lambda:us-east-1:123456789012:function:look"}`, "", "look"},
		{"ShowView", `{"InvocationTimeLimitSeconds":"400","ViewResource":{"Id":"arn:aws:connect:us-east-1:aws:view/form:1"}}`, `{"parameters":{"ViewResource":{"Id":{"displayName":"Form"}}}}`, "Form"},
		{"ConnectParticipantWithLexBot", `{"LexV2Bot":{"AliasArn":"arn:aws:lex:us-east-1:1:bot-alias/B/A"}}`, "", "A"},
		{"ConnectParticipantWithLexBot", `{"LexV2Bot":{"AliasArn":"arn"}}`, `{"parameters":{"LexV2Bot":{"AliasArn":{"useDynamic":false,"lexV2BotName":"Orders"}}}}`, "Orders"},
		{"UpdateContactEventHooks", `{"EventHooks":{"CustomerQueue":"f"}}`, "", "Customer queue: f"},
		{"Wait", `{"TimeLimitSeconds":"7200"}`, "", "2 h"},
		{"Wait", `{"TimeLimitSeconds":90}`, "", "90 s"},
		{"Loop", `{"LoopCount":"3"}`, "", "3 times"},
		{"CheckMetricData", `{"QueueId":"q","MetricType":"NumberOfAgentsAvailable"}`, "", "NumberOfAgentsAvailable"},
		{"MessageParticipantIteratively", `{"InterruptFrequencySeconds":"30","Messages":[{"Text":"Please hold"},{"PromptId":"p"}]}`, "", "Please hold"},
		{"UpdateContactMediaStreamingBehavior", `{"Participants":[{"MediaDirections":["To","From"],"ParticipantType":"Customer"}],"MediaStreamType":"Audio"}`, "", "To"},
		{"TransferContactToQueue", `{}`, "", ""},
		{"TransferContactToQueue", ``, "", ""},
		{"GetParticipantInput", `{"Text":"  ","StoreInput":"True"}`, "", "store input: true"},
		{"GetParticipantInput", `{"InputTimeLimitSeconds":"5"}`, "", "input time limit 5 s"},
		{"UpdateContactRoutingBehavior", `{"QueuePriority":"1"}`, "", "priority 1"},
		{"UpdateContactRoutingBehavior", `{"QueueTimeAdjustmentSeconds":600}`, "", "time in queue +10 min"},
		{"UpdateContactRoutingBehavior", `{"QueueTimeAdjustmentSeconds":"-300"}`, "", "time in queue -5 min"},
		{"AuthenticateParticipant", `{"TimeLimitMinutes":"3"}`, "", "time limit 3 min"},
		{"MessageParticipant", `{"SSML":"<speak>Hello <break time='200ms'/>there, <emphasis level='strong'>dear</emphasis>. A &amp; B</speak>"}`, "", "Hello there, dear. A & B"},
		{"MessageParticipant", `{"Text":"<speak>Hi</speak>"}`, "", "Hi"},
		{"MessageParticipant", `{"Text":"{\"templateType\":\"QuickReply\",\"data\":{\"content\":{\"title\":\"Ok?\"}}}"}`, "", "Ok?"},
		{"MessageParticipantIteratively", `{"Messages":[{"SSML":"<speak>Please hold</speak>"}]}`, "", "Please hold"},
	} {
		if got := detail(c.kind, []byte(c.parameters), []byte(c.metadata)); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.kind, c.parameters, got, c.want)
		}
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct{ operator, operand, want string }{
		{"Equals", "1", "= 1"},
		{"Equals", "ContinueLooping", "Loop"},
		{"NumberLessThan", "5", "< 5"},
		{"TextContains", "x y", "contains x y"},
		{"SoundsLike", "x", "Sounds like x"},
	} {
		if got := comparison(c.operator, c.operand); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.operator, c.operand, got, c.want)
		}
	}
	if got := failure("ContactNotLinked"); got != "Contact not linked" {
		t.Errorf("an error is labelled %q", got)
	}
}

// Numbers on branches say what they are: shares, keys, ages and counts.
func TestNumbersOnBranches(t *testing.T) {
	dice := labeller{kind: "DistributeByPercentage"}
	var shares []string
	for _, operand := range []string{"30", "80"} {
		shares = append(shares, dice.comparison("NumberLessOrEqualTo", operand))
	}
	shares = append(shares, dice.failure("NoMatchingCondition"), dice.comparison("NumberLessThan", "80"), dice.comparison("Equals", "7"))
	if got := strings.Join(shares, ", "); got != "30 %, 50 %, 20 %, < 80, = 7" {
		t.Errorf("shares %s", got)
	}
	for _, c := range []struct{ kind, metric, operator, operand, want string }{
		{"CheckMetricData", "OldestContactInQueueAgeSeconds", "NumberLessThan", "300000", "< 5 min"},
		{"CheckMetricData", "OldestContactInQueueAgeSeconds", "NumberLessThan", "1500", "< 1500 ms"},
		{"CheckMetricData", "NumberOfAgentsAvailable", "NumberGreaterThan", "0", "> 0 agents available"},
		{"GetParticipantInput", "", "Equals", "1", "key 1"},
		{"Compare", "", "Equals", "1", "= 1"},
	} {
		l := labeller{kind: c.kind, metric: c.metric}
		if got := l.comparison(c.operator, c.operand); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// What does not fit ends behind a word, and a word that is longer than a line between its parts.
func TestNothingIsCutInAWord(t *testing.T) {
	const text = "Tell the customer what the options for their order are today, and tomorrow, and on each day of the week after"
	for most := 1; most <= 4; most++ {
		all := wrap(text, nameSize, textWidth, most)
		whole := strings.Join(all, " ")
		said, cut := strings.CutSuffix(whole, "…")
		if len(all) > most || !strings.HasPrefix(text, said) || cut && text[len(said)] != ' ' || !cut && said != text {
			t.Errorf("in %d lines: %q", most, all)
		}
	}
	for word, want := range map[string]string{
		"UpdateContactRecordingAndAnalyticsBehavior": "UpdateContactRecordingAnd|AnalyticsBehavior",
		"main-menu-for-customers-who-have-no-order":  "main-menu-for-customers-|who-have-no-order",
	} {
		if got := strings.Join(wrap(word, nameSize*bold, textWidth, 3), "|"); got != want {
			t.Errorf("%s: %s", word, got)
		}
	}
	if got := fit("UpdateContactRecordingAndAnalyticsBehavior", kindSize, textWidth); got != "UpdateContactRecordingAnd…" {
		t.Errorf("on one line: %s", got)
	}
}

// A long title has lines, and the picture is as wide as its blocks.
func TestALongTitleHasLines(t *testing.T) {
	title := strings.Repeat("A flow with a long name. ", 6)
	svg, err := Draw([]byte(`{"StartAction":"a","Actions":[{"Identifier":"a","Type":"DisconnectParticipant"}]}`), Options{Title: title})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(svg), `class="title"`); n != maxTitles {
		t.Errorf("the title has %d lines", n)
	}
	if !strings.Contains(string(svg), `width="468.2"`) {
		t.Errorf("the picture is wide: %.200s", svg)
	}
}

func TestLinesFit(t *testing.T) {
	for _, s := range []string{"", "short", strings.Repeat("word ", 40), strings.Repeat("x", 300), "a " + strings.Repeat("W", 300), strings.Repeat("가", 99), "two lines of text that just fit into what there is of room"} {
		all := lines(s)
		if len(all) > maxLines {
			t.Errorf("%q has %d lines", s, len(all))
		}
		for _, line := range all {
			if width(line, detailSize) > textWidth {
				t.Errorf("%q is too wide", line)
			}
		}
	}
}

func FuzzDraw(f *testing.F) {
	for _, name := range []string{"greeting.json", "hostile.json"} {
		src, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		svg, err := Draw(src, Options{Path: []Visit{{Action: "greet", Next: "bye"}}})
		if err == nil {
			mustBePicture(t, svg)
		}
	})
}
