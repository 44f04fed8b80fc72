package bundle_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/bundle"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// edit replaces a text in a file.
func edit(t *testing.T, file, old, to string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%s has no %s:\n%s", file, old, raw)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(raw), old, to)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Somebody exports, edits files, looks at the plan, and applies it.
func TestEditAndApply(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	p.furnish()
	dir := t.TempDir()
	p.export(dir)

	queues, _ := filepath.Glob(dir + "/queues/ä*.json")
	if len(queues) != 1 {
		t.Fatal(queues)
	}
	edit(t, queues[0], `"MaxContacts": 5,`, ``)
	edit(t, queues[0], `"${quick-connect:CON}"`, `"${quick-connect:Phone}"`)
	edit(t, dir+"/hours-of-operation/"+base(t, dir, "hours-of-operation", `"Name": "office / berlin"`), `"OverrideType": "CLOSED"`, `"OverrideType": "OPEN"`)
	edit(t, dir+"/hours-of-operation/"+base(t, dir, "hours-of-operation", `"Name": "Office / Berlin"`), `"By day"`, `""`)
	edit(t, dir+"/hours-of-operation/"+base(t, dir, "hours-of-operation", `"Name": "Office / Berlin"`), `"team": "a"`, `"team": "b"`)
	edit(t, dir+"/lambda-functions/orders.json", "us-east-1", "eu-west-1")
	edit(t, dir+"/flows/A 🚀.json", `"Version": 7`, `"Version": 8`)
	if err := os.Remove(dir + "/quick-connects/%43ON.json"); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "modules/New.json", `{"Kind":"module","Name":"New","Content":`+endModule+`,"State":"ARCHIVED"}`)

	want := []string{
		"delete quick-connect CON",
		"replace lambda-function orders: FunctionArn",
		"update hours-of-operation Office / Berlin: Description, Tags",
		"update hours-of-operation office / berlin: Overrides",
		"create module New",
		"update flow A 🚀: Versions",
		"update queue " + strings.Repeat("ä", 127) + ": MaxContacts, QuickConnectIds",
	}
	if lines := p.apply(dir, true); !slices.Equal(lines, want) {
		t.Errorf("the plan is:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if lines := p.apply(dir, true); len(lines) > 0 {
		t.Errorf("a second apply changes:\n%s", strings.Join(lines, "\n"))
	}
	again := t.TempDir()
	p.export(again)
	if got := files(t, again)["flows/A 🚀.json"]; !strings.Contains(got, "second ${lambda-function:orders}") {
		t.Errorf("the flow does not ask the function that was moved:\n%s", got)
	}
}

// base is the file of a folder that has a text.
func base(t *testing.T, dir, folder, text string) string {
	t.Helper()
	for name, got := range files(t, filepath.Join(dir, folder)) {
		if strings.Contains(got, text) {
			return name
		}
	}
	t.Fatalf("no file of %s has %s", folder, text)
	return ""
}

// One member of every kind is edited, and the instance follows.
func TestEditEveryKind(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	p.furnish()
	dir := t.TempDir()
	p.export(dir)
	in := func(folder, text string) string { return dir + "/" + folder + "/" + base(t, dir, folder, text) }
	edits := []struct{ folder, of, old, to, line string }{
		{"lambda-functions", "orders", "us-east-1", "eu-west-1", "replace lambda-function orders: FunctionArn"},
		{"bots", "ABCDEFGHIJ", "us-east-1", "eu-west-1", "replace bot ABCDEFGHIJ/TSTALIASID: LexV2Bot"},
		{"lex-v1-bots", "Orders", "us-west-2", "us-east-1", "create lex-v1-bot Orders in us-east-1"},
		{"integration-associations", "RULES_EVALUATION", `"RULES_EVALUATION"`, `"CONNECT_CAMPAIGNS"`, "update integration-association EVENT/arn:aws:events:us-east-1:123456789012:event-bus/shop: UseCases"},
		{"instance-attributes", "CONTACTFLOW_LOGS", `"true"`, `"false"`, "update instance-attribute CONTACTFLOW_LOGS: Value"},
		{"storage-configs", "CHAT_TRANSCRIPTS", `"chats"`, `"talks"`, "update storage-config CHAT_TRANSCRIPTS: StorageConfig"},
		{"storage-configs", "MEDIA_STREAMS", `Hours": 24`, `Hours": 48`, "update storage-config MEDIA_STREAMS: StorageConfig"},
		{"approved-origins", "shop.example", "shop.example", "store.example", "create approved-origin https://store.example"},
		{"predefined-attributes", "Skill / level", `"b"`, `"c"`, "update predefined-attribute Skill / level: Values"},
		{"prompts", "it beeps", "it beeps", "it rings", "update prompt "},
		{"vocabularies", "Words", "par-lee", "par-lay", "replace vocabulary Words: Content"},
		{"agent-statuses", "Lunch", "Out to eat", "", "update agent-status Lunch: Description"},
		{"hierarchy-structure", "Team", `"Team"`, `"Squad"`, "update hierarchy-structure structure: LevelTwo"},
		{"hierarchy-groups", `"North/Team A"`, `"x"`, `"y"`, "update hierarchy-group North/Team A: Tags"},
		{"hours-of-operation", `"Office / Berlin"`, "By day", "By night", "update hours-of-operation Office / Berlin: Description"},
		{"views", `"Card"`, `"Name": "Card",`, `"Name": "Card", "Description": "new",`, "update view Card: Description"},
		{"modules", `"M%}"`, `"Name": "M%}",`, `"Name": "M%}", "Description": "new",`, "update module M%}: Description"},
		{"flows", `"A 🚀"`, "third in", "fourth in", "update flow A 🚀: Content, Versions"},
		{"phone-numbers", "12025550100", `"the shop"`, `"the store"`, "update phone-number +12025550100: PhoneNumberDescription, ContactFlowId"},
		{"phone-numbers", "12025550100", `"${flow:A 🚀}"`, `"${flow:../B}"`, ""},
		{"queues", "äää", `"MaxContacts": 5`, `"MaxContacts": 0`, "update queue "},
		{"quick-connects", `"Phone"`, "+4930123456", "+4930123457", "update quick-connect Phone: QuickConnectConfig"},
		{"routing-profiles", `"Chat"`, `"Priority": 2`, `"Priority": 3`, "update routing-profile Chat: QueueConfigs"},
		{"security-profiles", `"Clerk"`, `"OutboundCallAccess"`, `"AccessMetrics"`, "update security-profile Clerk: Permissions"},
		{"users", `"ann"`, `TimeLimit": 60`, `TimeLimit": 61`, "update user ann: AfterContactWorkConfigs"},
		{"users", `"bob"`, `"Level": 3`, `"Level": 4`, "update user bob: Proficiencies"},
		{"task-templates", `"Refund"`, `"Description": "d"`, `"Description": "e"`, "update task-template Refund: Description"},
		{"flow-associations", "INBOUND_EMAIL", "${flow.arn:A 🚀}", "${flow.arn:Sample disconnect flow}", "replace flow-association INBOUND_EMAIL/"},
	}
	edit(t, dir+"/lambda-functions/orders.json", "us-east-1", "eu-west-1")
	_, problems := p.tryPlan(dir, true)
	tell(t, problems, []string{`flows/A .*version 7 refers to \$\{lambda-function:orders\}, which gets a new id, and versions do not change`})
	edit(t, in("flows", `"A 🚀"`), `"Version": 7`, `"Version": 8`)
	edit(t, dir+"/lambda-functions/orders.json", "eu-west-1", "us-east-1")
	var want []string
	for _, e := range edits {
		edit(t, in(e.folder, e.of), e.old, e.to)
		if e.line != "" {
			want = append(want, e.line)
		}
	}
	put(t, dir, "security-keys/"+base(t, dir, "security-keys", "Key"), `{"Kind":"security-key","Key":`+publicKeys[2]+`}`)
	want = append(want, "create security-key ", "delete security-key ", "delete approved-origin https://shop.example")
	lines := p.apply(dir, true)
	for _, w := range want {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, w) }) {
			t.Errorf("the plan has no %s", w)
		}
	}
	if t.Failed() {
		t.Errorf("the plan is:\n%s", strings.Join(lines, "\n"))
	}
	if lines := p.apply(dir, true); len(lines) > 0 {
		t.Errorf("a second apply changes:\n%s", strings.Join(lines, "\n"))
	}
}

// What the files do not have is deleted only when that is asked for, only of kinds that have a folder, and never what
// every instance has.
func TestDelete(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	p.furnish()
	dir := t.TempDir()
	put(t, dir, "quick-connects/one.json", `{"Kind":"quick-connect","Name":"One","QuickConnectConfig":{"QuickConnectType":"PHONE_NUMBER","PhoneConfig":{"PhoneNumber":"+4930123456"}}}`)
	if lines := p.apply(dir, false); !slices.Equal(lines, []string{"create quick-connect One"}) {
		t.Error(lines)
	}
	for _, folder := range []string{"/queues", "/routing-profiles", "/users"} {
		if err := os.MkdirAll(dir+folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"keep queue BasicQueue: every instance has it from its beginning", "delete queue " + strings.Repeat("ä", 127), "delete quick-connect Bob", "delete quick-connect CON", "delete quick-connect Phone",
		"keep routing-profile Basic Routing Profile: every instance has it from its beginning", "delete routing-profile Chat", "delete user ann", "delete user bob"}
	if lines := p.apply(dir, true); !slices.Equal(lines, want) {
		t.Errorf("deleted:\n%s", strings.Join(lines, "\n"))
	}
	put(t, dir, "quick-connects/two.json", `{"Kind":"quick-connect","Name":"Two","QuickConnectConfig":{"QuickConnectType":"QUEUE","QueueConfig":{"QueueId":"${queue:BasicQueue}","ContactFlowId":"${flow:Nobody}"}}}`)
	_, problems := p.tryPlan(dir, true)
	tell(t, problems, []string{`quick-connects/two.json:1: \$\{flow:Nobody\} is neither`})
}

// What is the same in another form comes to rest, and what JSON cannot say comes back as it was.
func TestFormsComeToRest(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	dir := t.TempDir()
	put(t, dir, "flows/text.json", flowFile("Text", quoted(say("${queue:BasicQueue}", "$.Attributes.next"))))
	twice := strings.Replace(say("x", "$.Attributes.next"), `"Metadata":{}`, `"Metadata":{"a":1,"a":2}`, 1)
	put(t, dir, "flows/twice.json", flowFile("Twice", quoted(twice)))
	put(t, dir, "prompts/p.json", `{"Kind":"prompt","Name":"Hello.wav","Description":"d","S3Uri":"s3://bucket/hello.wav","Tags":{"a":"b"}}`)
	put(t, dir, "task-templates/t.json", `{"Kind":"task-template","Name":"T","Status":"INACTIVE","ContactFlowId":"${flow:Text}","Fields":[{"Id":{"Name":"Name"},"Type":"NAME"}],"Constraints":{"RequiredFields":[{"Id":{"Name":"Name"}}]},"Tags":{"a":"b"}}`)
	put(t, dir, "queues/none.json", queue("None", `,"MaxContacts":0`))
	put(t, dir, "hours-of-operation/h.json", `{"Kind":"hours-of-operation","Name":"H","TimeZone":"UTC","Config":[],"Overrides":[{"Name":"O","Description":"d","EffectiveFrom":"2030-12-24","EffectiveTill":"2030-12-26",
		"Config":[{"Day":"TUESDAY","StartTime":{"Hours":0,"Minutes":0},"EndTime":{"Hours":23,"Minutes":59}}]}]}`)
	p.apply(dir, false)
	edit(t, dir+"/hours-of-operation/h.json", `"Description":"d",`, ``)
	if lines := p.apply(dir, false); !slices.Equal(lines, []string{"update hours-of-operation H: Overrides"}) {
		t.Error(lines)
	}
	if lines := p.apply(dir, false); len(lines) > 0 {
		t.Errorf("a second apply changes:\n%s", strings.Join(lines, "\n"))
	}
	out := t.TempDir()
	p.export(out)
	if lines := p.apply(out, true); len(lines) > 0 {
		t.Errorf("what was exported changes:\n%s", strings.Join(lines, "\n"))
	}
}

// Users written by hand say what people say of them, and rest.
func TestUsersByHand(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	dir := t.TempDir()
	user := func(name, more string) {
		put(t, dir, "users/"+name+".json", `{"Kind":"user","Name":"`+name+`"`+more+`,"SecurityProfileIds":["${security-profile:Agent}"],"RoutingProfileId":"${routing-profile:Basic Routing Profile}"}`)
	}
	user("plain", "")
	user("old", `,"PhoneConfig":{"PhoneType":"DESK_PHONE","DeskPhoneNumber":"+15550100","AutoAccept":true,"AfterContactWorkTimeLimit":30,"PersistentConnection":false}`)
	user("soft", `,"PhoneConfig":{"PhoneType":"SOFT_PHONE","AutoAccept":false,"AfterContactWorkTimeLimit":0}`)
	p.apply(dir, false)
	if lines := p.apply(dir, false); len(lines) > 0 {
		t.Errorf("a second apply changes:\n%s", strings.Join(lines, "\n"))
	}
	user("old", "")
	if lines := p.apply(dir, false); !slices.Equal(lines, []string{"update user old: AutoAcceptConfigs, AfterContactWorkConfigs, PhoneNumberConfigs"}) {
		t.Error(lines)
	}
	if lines := p.apply(dir, false); len(lines) > 0 {
		t.Errorf("an apply after settings were taken away changes:\n%s", strings.Join(lines, "\n"))
	}
}

// Attributes that cannot be changed do not travel, and are no change where a file has them. Kinds can be left out.
func TestFixedAndSkipped(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	dir := t.TempDir()
	p.export(dir)
	for name := range files(t, dir+"/predefined-attributes") {
		if strings.Contains(name, "Subtype") {
			t.Errorf("%s is exported", name)
		}
	}
	put(t, dir, "predefined-attributes/subtype.json", `{"Kind":"predefined-attribute","Name":"connect:Subtype","Values":{"StringList":["connect:SMS","connect:Apple"]}}`)
	put(t, dir, "phone-numbers/a.json", `{"Kind":"phone-number","Name":"+493012345678"}`)
	b, problems, err := bundle.Open(dir)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if err := b.Skip("phone-numbers"); err == nil {
		t.Error("a kind that there is not is skipped")
	}
	if err := b.Skip("phone-number"); err != nil {
		t.Fatal(err)
	}
	plan, problems, err := p.client.Plan(t.Context(), b, true)
	if err != nil || len(problems) > 0 || !plan.Empty() {
		t.Errorf("%v %v %v", plan.Changes, problems, err)
	}
}

// What makes room for another is deleted first, and what is held is let go.
func TestOrder(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	p.furnish()
	p.call("PUT", "/predefined-attributes/${i}", `{"Name":"Region","Values":{"StringList":["b","a"]}}`)
	dir := t.TempDir()
	p.export(dir)
	put(t, dir, "security-keys/"+base(t, dir, "security-keys", "Key"), `{"Kind":"security-key","Key":`+publicKeys[2]+`}`)
	edit(t, dir+"/predefined-attributes/Region.json", `"Name": "Region"`, `"Name": "REGION"`)
	put(t, dir, "hierarchy-structure/structure.json", `{"Kind":"hierarchy-structure","Name":"structure","LevelOne":{"Name":"Site"}}`)
	for _, group := range []string{`"North/Team A"`, `"South %2F East/Team A"`} {
		if err := os.Remove(dir + "/hierarchy-groups/" + base(t, dir, "hierarchy-groups", group)); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, dir+"/users/"+base(t, dir, "users", `"ann"`), "${hierarchy-group:South %252F East/Team A}", "${hierarchy-group:North}")
	p.apply(dir, true)
	if lines := p.apply(dir, true); len(lines) > 0 {
		t.Errorf("a second apply changes:\n%s", strings.Join(lines, "\n"))
	}
}

// What cannot be changed is refused before anything is.
func TestConflicts(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	p.furnish()
	dir := t.TempDir()
	p.export(dir)
	edit(t, dir+"/flows/"+base(t, dir, "flows", `"Name": "../B"`), `"CONTACT_FLOW"`, `"CUSTOMER_QUEUE"`)
	edit(t, dir+"/flows/A 🚀.json", `"the first"`, `"the very first"`)
	_, problems := p.tryPlan(dir, false)
	tell(t, problems, []string{`flows/.*B.json:.*Type of the flow ../B cannot be changed`, `flows/A.*version 1 is another one in the instance`, `flows/.*B.json:.*Invalid Action type.*`})
}

// failing fails the nth request that changes something.
type failing struct {
	http.RoundTripper
	after atomic.Int64
}

func (f *failing) RoundTrip(r *http.Request) (*http.Response, error) {
	reads := strings.Contains(r.URL.Path, "-summary/") || strings.HasSuffix(r.URL.Path, "/list")
	if r.Method != http.MethodGet && !reads && f.after.Add(-1) < 0 {
		return nil, errors.New("the cable was pulled")
	}
	return f.RoundTripper.RoundTrip(r)
}

// An apply that is cut anywhere goes on when it is made again.
func TestApplyGoesOn(t *testing.T) {
	first := newPlace(t, "sqlite::memory:", "us-east-1")
	first.furnish()
	dir := t.TempDir()
	first.export(dir)
	second := newPlace(t, "sqlite::memory:", "eu-west-2")
	pulled := &failing{RoundTripper: second.client.HTTP}
	second.client.HTTP = pulled
	tries := 0
	for {
		pulled.after.Store(3)
		tries++
		plan := second.plan(dir, false)
		if err := plan.Apply(t.Context(), nil); err == nil {
			break
		} else if !strings.Contains(err.Error(), "the cable was pulled") || tries > 100 {
			t.Fatal(err)
		}
	}
	if tries < 5 {
		t.Errorf("it took %d tries", tries)
	}
	pulled.after.Store(1 << 40)
	out := t.TempDir()
	second.export(out)
	same(t, files(t, dir), files(t, out))
}

// An import calls what it says it calls, and nothing that changes anything; cut in the middle, it asks nothing twice.
func TestImportGoesOn(t *testing.T) {
	aws := newPlace(t, "sqlite::memory:", "us-east-1")
	aws.furnish()
	want := t.TempDir()
	aws.export(want)

	dir := t.TempDir()
	asked := map[string]int{}
	read := func(limit int) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		kept, err := bundle.Keep(dir+"/.parley-import", "there", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		c := &bundle.Client{URL: "http://aws", HTTP: aws.client.HTTP, Instance: aws.client.Instance, ReadOnly: true, Kept: kept,
			Wait: func(_ context.Context, operation string) error {
				if count++; count > limit {
					cancel()
					return ctx.Err()
				}
				asked[operation]++
				return nil
			}}
		b, err := c.Read(ctx)
		if err != nil {
			return err
		}
		if err := b.Write(dir); err != nil {
			return err
		}
		return kept.Forget()
	}
	cuts := 0
	for read(20) != nil {
		if cuts++; cuts > 50 {
			t.Fatal("it never ends")
		}
	}
	total := 0
	for operation, n := range asked {
		total += n
		if !slices.Contains(bundle.Reads(), operation) {
			t.Errorf("%s is called and not listed", operation)
		}
	}
	if cuts < 3 || total > 20*(cuts+1) {
		t.Errorf("%d cuts, %d requests", cuts, total)
	}
	same(t, files(t, want), files(t, dir))
	for _, operation := range bundle.Reads() {
		if !strings.HasPrefix(operation, "List") && !strings.HasPrefix(operation, "Describe") && !strings.HasPrefix(operation, "Get") && !strings.HasPrefix(operation, "Search") {
			t.Errorf("%s does more than read", operation)
		}
	}
}

// What is deleted while it is read is not there; the token of a page that was kept and has ended begins its list anew.
func TestImportOfWhatChanges(t *testing.T) {
	aws := newPlace(t, "sqlite::memory:", "us-east-1")
	aws.furnish()
	dir := t.TempDir()
	gone := aws.call("PUT", "/quick-connects/${i}", `{"Name":"Gone","QuickConnectConfig":{"QuickConnectType":"PHONE_NUMBER","PhoneConfig":{"PhoneNumber":"+4930123456"}}}`)["QuickConnectId"].(string)
	refusals := 0
	var refuse bool
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/contact-flows-summary/") {
			q := r.URL.Query()
			if refuse && q.Get("nextToken") != "" {
				refuse = false
				refusals++
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"X-Amzn-Errortype": {"InvalidParameterException"}}, Body: http.NoBody}, nil
			}
			q.Set("maxResults", "5")
			r.URL.RawQuery = q.Encode()
		}
		return aws.client.HTTP.RoundTrip(r)
	})
	read := func(ctx context.Context, wait func(context.Context, string) error) (*bundle.Bundle, error) {
		kept, err := bundle.Keep(dir+"/kept", "there", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c := &bundle.Client{URL: "http://aws", HTTP: transport, Instance: aws.client.Instance, ReadOnly: true, Kept: kept, Wait: wait}
		return c.Read(ctx)
	}
	ctx, cut := context.WithCancel(t.Context())
	pages := 0
	_, err := read(ctx, func(_ context.Context, operation string) error {
		if operation == "ListContactFlows" {
			if pages++; pages == 3 {
				cut()
			}
		}
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	refuse = true
	b, err := read(t.Context(), func(_ context.Context, operation string) error {
		if operation == "DescribeQuickConnect" && gone != "" {
			aws.call("DELETE", "/quick-connects/${i}/"+gone, "")
			gone = ""
		}
		return nil
	})
	if err != nil || refusals != 1 {
		t.Fatal(refusals, err)
	}
	out, want := t.TempDir(), t.TempDir()
	if err := b.Write(out); err != nil {
		t.Fatal(err)
	}
	aws.export(want)
	same(t, files(t, want), files(t, out))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Two functions of one name are told apart by their ARNs, which files need not say.
func TestFunctionsOfOneName(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		p.call("PUT", "/instance/${i}/lambda-function", `{"FunctionArn":"arn:aws:lambda:`+region+`:123456789012:function:orders"}`)
	}
	dir := t.TempDir()
	put(t, dir, "lambda-functions/orders.json", `{"Kind":"lambda-function","FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:orders"}`)
	put(t, dir, "flows/f.json", flowFile("F", say("${lambda-function:orders}", "$.Attributes.next")))
	if lines := p.apply(dir, false); !slices.Equal(lines, []string{"create flow F"}) {
		t.Error(lines)
	}
	if lines := p.apply(dir, false); len(lines) > 0 {
		t.Error(lines)
	}
	if lines := p.apply(dir, true); len(lines) == 0 || lines[0] != "delete lambda-function arn:aws:lambda:eu-west-1:123456789012:function:orders" {
		t.Error(lines)
	}
}

// What is kept of another instance, or for too long, is not used.
func TestKeptOfAnother(t *testing.T) {
	p := newPlace(t, "sqlite::memory:", "us-east-1")
	dir, now := t.TempDir()+"/kept", time.Now()
	keep := func(source string, at time.Time) int {
		k, err := bundle.Keep(dir, source, at)
		if err != nil {
			t.Fatal(err)
		}
		p.client.Kept = k
		if _, err := p.client.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		return k.Answers
	}
	if n := keep("a", now); n != 0 {
		t.Errorf("%d answers at first", n)
	}
	if n := keep("a", now.Add(time.Hour)); n == 0 {
		t.Error("no answers an hour later")
	}
	if n := keep("b", now); n != 0 {
		t.Errorf("%d answers of another instance", n)
	}
	if n := keep("b", now.Add(24*time.Hour)); n != 0 {
		t.Errorf("%d answers of the day before", n)
	}
}

func TestOnPostgreSQL(t *testing.T) {
	database := storetest.Postgres(t)
	first := newPlace(t, "sqlite::memory:", "us-east-1")
	first.furnish()
	dir, out, back := t.TempDir(), t.TempDir(), t.TempDir()
	first.export(dir)
	second := newPlace(t, database, "eu-west-2")
	second.apply(dir, true)
	if lines := second.apply(dir, true); len(lines) > 0 {
		t.Errorf("a second apply changes:\n%s", strings.Join(lines, "\n"))
	}
	second.export(out)
	same(t, files(t, dir), files(t, out))
	third := newPlace(t, "sqlite::memory:", "us-east-1")
	third.apply(out, true)
	third.export(back)
	same(t, files(t, dir), files(t, back))
}
