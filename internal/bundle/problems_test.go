package bundle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/bundle"
)

// hours is a file of hours of operation with a parent, or without.
func hours(name, parent string) string {
	if parent != "" {
		parent = `"ParentHoursOfOperationConfigs":[{"HoursOfOperationId":` + quoted(parent) + `}],`
	}
	return `{"Kind":"hours-of-operation","Name":` + quoted(name) + `,` + parent + `"TimeZone":"UTC","Config":[]}`
}

func queue(name, more string) string {
	return `{"Kind":"queue","Name":` + quoted(name) + `,"HoursOfOperationId":"${hours-of-operation:Basic Hours}"` + more + `}`
}

func flowFile(name, content string) string {
	return `{"Kind":"flow","Name":` + quoted(name) + `,"Type":"CONTACT_FLOW","Content":` + content + `}`
}

// Each directory has problems, all of which are told, and nothing of it is applied.
func TestProblems(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	before := t.TempDir()
	p.export(before)
	good := queue("Good", "")
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string // each must be told, and nothing else
	}{
		{"hours in a circle", map[string]string{
			"hours-of-operation/a.json": hours("A", "${hours-of-operation:B}"),
			"hours-of-operation/b.json": hours("B", "${hours-of-operation:C}"),
			"hours-of-operation/c.json": hours("C", "${hours-of-operation:A}"),
		}, []string{`hours-of-operation/a.json:1: these refer to each other in a circle.*\$\{hours-of-operation:A\} → \$\{hours-of-operation:B\} → \$\{hours-of-operation:C\} → \$\{hours-of-operation:A\}`}},
		{"texts that are too long for updates", map[string]string{
			"prompts/a.json":        `{"Kind":"prompt","Name":"Beep.wav","Description":` + quoted(strings.Repeat("x", 300)) + `}`,
			"prompts/b.json":        `{"Kind":"prompt","Name":"CustomerHold.wav","Tags":{"a":` + quoted(strings.Repeat("x", 300)) + `}}`,
			"task-templates/a.json": `{"Kind":"task-template","Name":"T","Fields":[{"Id":{"Name":"Name"},"Type":"NAME"}],"Tags":{"a":` + quoted(strings.Repeat("x", 300)) + `}}`,
			"modules/v.json":        `{"Kind":"module","Name":"V","Content":` + endModule + `,"Versions":[{"Version":1,"Description":` + quoted(strings.Repeat("x", 600)) + `,"Content":` + endModule + `}]}`,
		}, []string{`prompts/a.json:1: Description.*300`, `prompts/b.json:1: tags.*300`, `task-templates/a.json:1: tags.*300`, `modules/v.json:1: Description.*600`}},
		{"settings of a user said twice", map[string]string{
			"users/a.json": `{"Kind":"user","Name":"a","PhoneConfig":{"AutoAccept":true},"AutoAcceptConfigs":[{"Channel":"VOICE","AutoAccept":true}],
				"SecurityProfileIds":["${security-profile:Agent}"],"RoutingProfileId":"${routing-profile:Basic Routing Profile}"}`,
		}, []string{`users/a.json:1: PhoneConfig must not say what AutoAcceptConfigs says`}},
		{"a phone number of the world", map[string]string{
			"phone-numbers/a.json": `{"Kind":"phone-number","Name":"+493012345678"}`,
		}, []string{`phone-numbers/a.json:1: the number is not in the instance and cannot be claimed here.*--skip phone-number`}},
		{"a group whose path is another's", map[string]string{
			"hierarchy-groups/a.json": `{"Kind":"hierarchy-group","Name":"North"}`,
			"hierarchy-groups/b.json": `{"Kind":"hierarchy-group","Name":"Team","ParentGroupId":"${hierarchy-group:North}"}`,
			"hierarchy-groups/c.json": `{"Kind":"hierarchy-group","Name":"South/Team","ParentGroupId":"${hierarchy-group:North}"}`,
		}, []string{`hierarchy-groups/b.json:1: Name must be the path`, `hierarchy-groups/c.json:1: ParentGroupId must be \$\{hierarchy-group:South\}`}},
		{"names that lead nowhere", map[string]string{
			"queues/a.json": "{\n\"Kind\": \"queue\",\n\"Name\": \"A\",\n\"HoursOfOperationId\": \"${hours-of-operation:basic  hours}\",\n\"QuickConnectIds\": [\n\"${quick-connect:None}\"\n]}",
			"flows/f.json":  flowFile("F", say("x", "${flow.arn:Gone}:$LATEST")),
		}, []string{
			`queues/a.json:4: \$\{hours-of-operation:basic  hours\} is neither in the files nor in the instance; there is \$\{hours-of-operation:Basic Hours\}`,
			`queues/a.json:6: \$\{quick-connect:None\} is neither`,
			`flows/f.json:1: \$\{flow:Gone\} is neither`,
		}},
		{"broken files", map[string]string{
			"queues/cut.json":    "{\n\"Kind\": \"queue\",\n",
			"queues/empty.json":  "",
			"queues/comma.json":  "{\n\"Kind\": \"queue\",\n\"Name\": \"x\",,\n}",
			"queues/twice.json":  "{\"Kind\":\"queue\",\n\"Name\":\"x\",\n\"Name\":\"y\"}",
			"queues/list.json":   "[]",
			"queues/bom.json":    "\ufeff{}",
			"queues/utf8.json":   "{\"Kind\":\"queue\",\n\"Name\":\"\xff\"}",
			"queues/behind.json": good + "\n{}",
			"queues/null.json":   "{\"Kind\":\"queue\",\"Name\":\"N\",\n\"Description\":null,\"HoursOfOperationId\":\"${hours-of-operation:Basic Hours}\"}",
			"queues/deep.json":   `{"Kind":"queue","Name":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`,
		}, []string{
			`queues/cut.json:3: the file ends before`, `queues/empty.json:1: the file is empty`, `queues/comma.json:3: `, `queues/twice.json:3: "Name" is there twice`,
			`queues/list.json:1: the file must hold a JSON object`, `queues/bom.json:1: .*byte order mark`, `queues/utf8.json:2: the file is not UTF-8`,
			`queues/behind.json:2: there is something after`, `queues/null.json:2: Description must not be null`, `queues/deep.json:1: it is nested`,
		}},
		{"files for another kind", map[string]string{
			"queues/hours.json": hours("H", ""), "flows/queue.json": good, "queues/none.json": `{"Name":"x"}`,
		}, []string{
			`queues/hours.json:1: this is a file for another kind: Kind is "hours-of-operation"`, `flows/queue.json:1: this is a file for another kind`,
			`queues/none.json:1: Kind is missing`,
		}},
		{"two files for one name", map[string]string{
			"queues/a.json": good, "queues/b.json": good, "queues/c.json": queue("good", ""),
		}, []string{`queues/b.json:1: queues/a.json is the file for this name too`}},
		{"what the API model refuses", map[string]string{
			"queues/long.json":             queue(strings.Repeat("ä", 128), ""),
			"queues/unnamed.json":          queue("", ""),
			"queues/more.json":             queue("More", `,"Description":"`+strings.Repeat("x", 251)+`","MaxContacts":-1`+"\n"+`,"Colour":"red","OutboundCallerConfig":{"Name":"x"}`),
			"queues/type.json":             queue("Type", `,"MaxContacts":"5"`),
			"queues/status.json":           queue("Status", `,"Status":"OPEN"`),
			"queues/free.json":             `{"Kind":"queue","Name":"Free"}`,
			"quick-connects/kind.json":     `{"Kind":"quick-connect","Name":"Q","QuickConnectConfig":{"QuickConnectType":"FLOW","FlowConfig":{"ContactFlowId":"${queue:BasicQueue}"}}}`,
			"quick-connects/name.json":     `{"Kind":"quick-connect","Name":"R","QuickConnectConfig":{"QuickConnectType":"FLOW","FlowConfig":{"ContactFlowId":"Welcome"}}}`,
			"hours-of-operation/over.json": `{"Kind":"hours-of-operation","Name":"Over","TimeZone":"UTC","Config":[],"Overrides":[{"Name":"x","EffectiveFrom":"2030-01-01"}]}`,
			"lambda-functions/x.json":      `{"Kind":"lambda-function","Name":"y","FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:x"}`,
		}, []string{
			`queues/long.json:1: Name must have length less than or equal to 127, got 128`, `queues/unnamed.json:1: Name is missing or empty`,
			`queues/more.json:1: Description must have length less than or equal to 250, got 251`, `queues/more.json:1: MaxContacts must have value greater`,
			`queues/more.json:2: there is no member "Colour"; a queue has`, `queues/more.json:2: there is no member OutboundCallerConfig.Name`,
			`queues/type.json:1: MaxContacts must be`, `queues/status.json:1: Status must be one of \[ENABLED, DISABLED\]`,
			`queues/free.json:1: HoursOfOperationId is a required parameter`,
			`quick-connects/kind.json:1: ContactFlowId must name a flow, and names a queue`,
			`quick-connects/name.json:1: ContactFlowId must be a reference such as \$\{flow:NAME\}`,
			`hours-of-operation/over.json:1: (Config|EffectiveTill) is a required parameter`, `lambda-functions/x.json:1: Name can be left out here, or must be "x"`,
		}},
		{"what is no list where one must be", map[string]string{
			"queues/a.json":             queue("A", `,"QuickConnectIds":"${quick-connect:Good}"`),
			"queues/b.json":             queue("B", `,"QuickConnectIds":{}`),
			"hours-of-operation/a.json": `{"Kind":"hours-of-operation","Name":"A","TimeZone":"UTC","Config":[],"Overrides":{"Name":"x"}}`,
			"flows/a.json":              `{"Kind":"flow","Name":"A","Type":"CONTACT_FLOW","Content":` + say("x", "$.Attributes.x") + `,` + "\n" + `"Versions":{"Version":1},"Aliases":{"live":1}}`,
			"routing-profiles/a.json":   `{"Kind":"routing-profile","Name":"A","Description":"d","DefaultOutboundQueueId":"${queue:BasicQueue}","MediaConcurrencies":[{"Channel":"CHAT","Concurrency":3}],"QueueConfigs":"${queue:BasicQueue}"}`,
			"users/a.json":              `{"Kind":"user","Name":"a","PhoneConfig":{"PhoneType":"SOFT_PHONE"},"SecurityProfileIds":["${security-profile:Agent}"],"RoutingProfileId":"${routing-profile:Basic Routing Profile}","Proficiencies":5}`,
		}, []string{
			`queues/a.json:1: QuickConnectIds must be a list`, `queues/b.json:1: QuickConnectIds must be a list`, `hours-of-operation/a.json:1: Overrides must be a list`,
			`flows/a.json:2: Versions must be a list`, `flows/a.json:2: Aliases must be a list`, `routing-profiles/a.json:1: QueueConfigs must be a list`, `users/a.json:1: Proficiencies must be a list`,
		}},
		{"a module with settings alone", map[string]string{
			"modules/a.json": `{"Kind":"module","Name":"A","Settings":{"Input":{}}}`,
			"modules/b.json": `{"Kind":"module","Name":"B","SavedSettings":{"Input":{}}}`,
		}, []string{`modules/a.json:1: Content is missing`, `modules/b.json:1: Content is missing`}},
		{"flows that cannot be published", map[string]string{
			"flows/a.json":   flowFile("A", "{\n\"Version\":\"2019-10-30\",\"StartAction\":\"x\",\n\"Actions\":[\n{\"Identifier\":\"x\",\n\"Type\":\"Dance\",\"Parameters\":{},\"Transitions\":{}}]}"),
			"flows/b.json":   flowFile("B", `"no document"`),
			"flows/c.json":   `{"Kind":"flow","Name":"C","Type":"CONTACT_FLOW"}`,
			"flows/d.json":   `{"Kind":"flow","Name":"D","Type":"CONTACT_FLOW","Content":` + say("a", "$.Attributes.x") + `,"Aliases":[{"Name":"live","Version":3}],"Versions":[{"Version":0,"Content":{}},{"Version":1}]}`,
			"modules/m.json": `{"Kind":"module","Name":"M","SavedContent":` + endModule + `}`,
			"modules/n.json": `{"Kind":"module","Name":"N","Content":` + strings.Replace(endModule, "Settings", "Setting", 1) + `}`,
			"views/v.json":   `{"Kind":"view","Name":"V","Content":{"Template":{"Head":{}},"Actions":["a"],"InputSchema":{}}}`,
			"flows/call.json": flowFile("Call", `{"Version":"2019-10-30","StartAction":"m","Metadata":{},"Actions":[`+
				`{"Identifier":"m","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"${module:P}","Input":{"surprise":1}},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},`+
				`{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`),
			"modules/p.json": `{"Kind":"module","Name":"P","Content":` + endModule + `,"Settings":{"Input":{"Schema":{"type":"object","properties":{},"additionalProperties":false}}}}`,
		}, []string{
			`flows/a.json:5: Invalid Action type. Type: Dance`, `flows/b.json:1: Content is not valid JSON`, `flows/c.json:1: Content is missing`,
			`flows/d.json:1: Version must be a number from 1`, `flows/d.json:1: the alias "live" leads to a version that is not there`, `flows/d.json:1: Content is missing`,
			`flows/d.json:1: Missing required property. Path: Version`, `flows/d.json:1: Missing required property. Path: StartAction`, `flows/d.json:1: Missing required property. Path: Actions`,
			`modules/m.json:1: Content is missing`, `modules/n.json:1: Content has no Settings`, `views/v.json:1: .*Body`, `views/v.json:1: there is no member "InputSchema"`,
			`views/v.json:1: Configuration`, `flows/call.json:1: .*Input`,
		}},
		{"things that are no files of resources", map[string]string{
			"queue/a.json": good, "a.json": good, "queues/more/a.json": good, "parley.json": `{"Format":2}`,
			"README.md": "read me", ".git/x.json": "x", "queues/notes.txt": "x", "queues/.a.json.swp": "x",
		}, []string{
			`queue: this is the folder of no kind`, `a.json: files of resources are in the folder`, `queues/more: the folder of a kind has no folders`, `parley.json:1: Format must be 1`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.t = t
			dir := t.TempDir()
			for name, text := range test.files {
				put(t, dir, name, text)
			}
			put(t, dir, "quick-connects/good.json", `{"Kind":"quick-connect","Name":"Good","QuickConnectConfig":{"QuickConnectType":"PHONE_NUMBER","PhoneConfig":{"PhoneNumber":"+4930123456"}}}`)
			_, problems := p.tryPlan(dir, false)
			tell(t, problems, test.want)
		})
	}
	p.t = t
	after := t.TempDir()
	p.export(after)
	same(t, files(t, before), files(t, after))
}

// tell compares problems with what must be told.
func tell(t *testing.T, problems bundle.Problems, want []string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range want {
		missing[w] = true
	}
	for _, problem := range problems {
		found := false
		for _, w := range want {
			if regexp.MustCompile("^" + w).MatchString(problem.String()) {
				found = true
				delete(missing, w)
			}
		}
		if !found {
			t.Errorf("also told: %s", problem)
		}
	}
	for w := range missing {
		t.Errorf("not told: %s\nbut:\n%v", w, problems)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need privileges")
	}
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	dir, outside := t.TempDir(), t.TempDir()
	put(t, outside, "a.json", queue("A", ""))
	put(t, dir, "queues/b.json", queue("B", ""))
	for link, to := range map[string]string{
		"queues/a.json": filepath.Join(outside, "a.json"), "queues/c.json": "b.json", "queues/gone.json": "nowhere", "flows": outside, "queues/up.json": "../../../etc/passwd",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	_, problems := p.tryPlan(dir, false)
	tell(t, problems, []string{`flows: this is a symbolic link`, `queues/a.json: this is a sym`, `queues/c.json: this is a sym`, `queues/gone.json: this is a sym`, `queues/up.json: this is a sym`})

	// Nor does an export write through one.
	b, err := p.client.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "parley.json", `{"Format":1}`)
	if err := b.Write(dir); err == nil {
		t.Error("a folder that is a link to elsewhere was written to")
	}
	if left := files(t, outside); len(left) != 1 {
		t.Errorf("elsewhere: %v", left)
	}
}

// Names that file systems cannot take, or take for one another, come back as they were.
func TestNamesOfFiles(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	names := []string{
		"a/b", "../../up", `c:\d`, "..", ".", " edge ", "end.", "CON", "nul.txt", "support", "Support", "SUPPORT", "😀👩‍🚀", "a\tb", "~", "100%", "%41", "${queue:x}", "}", "é", "e\u0301",
		strings.Repeat("x", 127), strings.Repeat("🚀", 127), strings.Repeat("x", 126) + "X",
	}
	dir := t.TempDir()
	for i, name := range names {
		put(t, dir, fmt.Sprintf("queues/%d.json", i), queue(name, ""))
		put(t, dir, fmt.Sprintf("quick-connects/%d.json", i), fmt.Sprintf(`{"Kind":"quick-connect","Name":%s,"QuickConnectConfig":{"QuickConnectType":"QUEUE","QueueConfig":{"QueueId":%s,"ContactFlowId":"${flow:Default queue transfer}"}}}`,
			quoted(name), quoted("${queue:"+strings.NewReplacer("%", "%25", "}", "%7D").Replace(name)+"}")))
	}
	p.apply(dir, false)
	out := t.TempDir()
	p.export(out)
	seen := map[string]string{}
	for file := range files(t, out) {
		base := filepath.Base(file)
		if len(base) > 200 || strings.ContainsAny(base, "\\:*?\"<>|\t") {
			t.Errorf("the file %q", file)
		}
		if other := seen[strings.ToLower(file)]; other != "" {
			t.Errorf("%q and %q are one file where case is nothing", file, other)
		}
		seen[strings.ToLower(file)] = file
	}
	q := newPlace(t, "sqlite::memory:", "eu-west-1")
	q.apply(out, false)
	back := t.TempDir()
	q.export(back)
	for name, text := range files(t, out) {
		if strings.HasPrefix(name, "queues/") || strings.HasPrefix(name, "quick-connects/") {
			if got := files(t, back)[name]; got != text {
				t.Errorf("%s came back as:\n%s", name, got)
			}
		}
	}
	if n := len(files(t, filepath.Join(back, "queues"))); n != len(names)+1 {
		t.Errorf("%d queues came back of %d", n, len(names)+1)
	}
}

// A directory that is not an instance's is not written to; one that is loses the files of what is gone, and no others.
func TestExportIntoADirectory(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	dir := t.TempDir()
	put(t, dir, "thesis.txt", "mine")
	b, err := p.client.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Write(dir); err == nil || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("into a directory with other files: %v", err)
	}
	put(t, dir, "parley.json", "{\n  \"Format\": 1\n}\n")
	put(t, dir, "queues/Gone.json", queue("Gone", ""))
	put(t, dir, "queues/README.md", "mine")
	put(t, dir, "scripts/x.json", "mine")
	if err := b.Write(dir); err != nil {
		t.Fatal(err)
	}
	now := files(t, dir)
	for _, name := range []string{"thesis.txt", "queues/README.md", "scripts/x.json", "queues/BasicQueue.json"} {
		if now[name] == "" {
			t.Errorf("%s is not there", name)
		}
	}
	if now["queues/Gone.json"] != "" {
		t.Error("the file of a queue that is gone is still there")
	}
}

// What the service never shows stays in its file when the file is written anew.
func TestExportKeepsWhatIsHidden(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	dir := t.TempDir()
	put(t, dir, "parley.json", `{"Format":1}`)
	put(t, dir, "prompts/hello.json", `{"Kind":"prompt","Name":"Hello","S3Uri":"s3://bucket/hello.wav","Description":"d"}`)
	p.apply(dir, false)
	p.export(dir)
	now := files(t, dir)
	if got := now["prompts/Hello.json"]; !strings.Contains(got, `"S3Uri": "s3://bucket/hello.wav"`) || !strings.Contains(got, `"Description": "d"`) || now["prompts/hello.json"] != "" {
		t.Errorf("the prompts are %q and %q", got, now["prompts/hello.json"])
	}
	if lines := p.apply(dir, false); len(lines) > 0 {
		t.Errorf("applied again, it changes %v", lines)
	}
	other := newPlace(t, "sqlite::memory:", "eu-west-2")
	other.apply(dir, false)
}
