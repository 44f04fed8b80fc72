package api_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/internal/wire"
)

// A walk is the life of a resource of one kind, as lines: an operation and, as JSON, what its request says beside what the path
// names. What follows "->" are members of the answer to keep, under the names of the members of later requests.
type walk struct {
	kind   string
	before string // what it needs
	create string // "" for what every instance has and nobody makes
	// twice is the error of the same request once more; "" where it makes another.
	twice string
	// describe is the operation that shows it. shows are texts that its answer must have.
	describe, shows string
	// lists are the operations that list or search it, in pages of one: the list's member, and the element's member that is the id.
	lists string
	steps string // everything else that can be done with it
	// use makes another resource refer to it, so that it cannot be deleted; unuse ends that.
	use, unuse string
	remove     string
	id         string // the member of requests that names it
	// value is its name where it is named by itself; unknown is the name of another one, which is not there.
	value, unknown string
	arn            string // the name under which its ARN was kept; "" when it has no tags
}

// otherInstance is an instance in which there is nothing but what every instance has.
const otherInstance = "99999999-9999-4999-8999-999999999999"

// TestEveryResourceLivesAndDies walks all resources through all operations, on both engines. It makes, describes, lists, changes
// and tags each, makes it twice, asks for one that is not there and for one of another instance, deletes it while it is in use,
// deletes it, and asks for it again. Every operation on resources is called, every change is in the audit log.
func TestEveryResourceLivesAndDies(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWalker(t, database)
		for _, k := range walks {
			t.Run(k.kind, func(t *testing.T) {
				w.t = t
				w.walk(k)
			})
		}
		t.Run("agents at work", func(t *testing.T) {
			w.t = t
			w.agentsAtWork()
		})
		w.t = t
		for _, op := range served() {
			if op.Service == "connect" && !w.called[op.Name] && !otherWalks.MatchString(op.Name) {
				t.Errorf("no walk calls %s", op.Name)
			}
		}
	})
}

// otherWalks are the operations about contacts and figures, and those on instances themselves, which have tests of their own.
var otherWalks = regexp.MustCompile(`(Chat|Stop|Update|Search|Describe|Associated|Tag|Untag|Transfer)Contacts?$|Contact(Attributes|Data|RoutingData|References|Association)$|Participant|` +
	`^Get(Contact|Current)?(Metric|UserData)|^(Create|Delete|Describe|List)Instances?$|PushNotificationRegistration$`)

// Of a hundred callers who make a resource of one name at the same time, one makes it. On PostgreSQL, where each waits for the others
// in a transaction of its own, a hundred make some kinds and ten the others.
func TestOneOfAHundredMakesIt(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWalker(t, database)
		for i, k := range walks {
			if k.twice == "" {
				continue
			}
			callers := 100
			if strings.HasPrefix(database, "postgres") && i%6 != 0 {
				callers = 10
			}
			w.begin(&k)
			var made, refused int
			var other []string
			var mu sync.Mutex
			var wg sync.WaitGroup
			method, target, body := w.request(k.create)
			for range callers {
				wg.Go(func() {
					got := w.call(method, target, "", body)
					for tries := 1; got.status == 500 && tries < 5; tries++ { // a busy machine: clients try again
						got = w.call(method, target, "", body)
					}
					mu.Lock()
					defer mu.Unlock()
					switch code := got.header.Get("x-amzn-ErrorType"); {
					case got.status == 200:
						made++
					case code == k.twice:
						refused++
					default:
						other = append(other, fmt.Sprint(got.status, " ", got.body))
					}
				})
			}
			wg.Wait()
			if made != 1 || refused != callers-1 {
				t.Errorf("%s: %d made it, %d were told that it exists, and %v", k.kind, made, refused, other)
			}
		}
	})
}

type walker struct {
	*world
	ops    map[string]wire.Op
	called map[string]bool
}

func newWalker(t *testing.T, database string) *walker {
	w := &walker{world: newWorldOn(t, database, nil), ops: map[string]wire.Op{}, called: map[string]bool{}}
	if _, err := w.catalog.CreateInstance(t.Context(), center.Instance{ID: otherInstance, Alias: "other", IdentityManagementType: center.IdentityManaged}, ""); err != nil {
		t.Fatal(err)
	}
	for _, op := range served() {
		if op.Service == "connect" {
			w.ops[op.Name] = op
		}
	}
	w.names["InstanceId"] = instanceID
	w.names["hours"] = center.SeededID(instanceID, "hours-of-operation", center.BasicHoursName)
	w.names["securityProfile"] = center.SeededID(instanceID, "security-profile", "Agent")
	w.names["publicKey"] = strings.Trim(string(must(json.Marshal(publicKey))), `"`)
	w.names["farewell"] = strings.Trim(string(must(json.Marshal(farewell))), `"`)
	w.names["greeting"] = strings.Trim(string(must(json.Marshal(greeting))), `"`)
	w.names["template"] = strings.Trim(string(must(json.Marshal(skippable))), `"`)
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// request is a line as a request.
func (w *walker) request(line string) (method, target, body string) {
	w.t.Helper()
	line, _, _ = strings.Cut(line, " -> ")
	name, said, _ := strings.Cut(line, " ")
	op, ok := w.ops[name]
	if !ok {
		w.t.Fatalf("%s is not served", name)
	}
	members := map[string]any{}
	if said != "" {
		if err := json.Unmarshal([]byte(w.fill(said)), &members); err != nil {
			w.t.Fatalf("%s: %v", line, err)
		}
	}
	target, query := op.Path, url.Values{}
	for _, c := range constraintsOf(op) {
		if strings.ContainsAny(c.Field, ".[") {
			continue
		}
		if _, said := members[c.Field]; !said && c.Required {
			if known, ok := w.names[c.Field]; ok {
				members[c.Field] = known
			}
		}
		value, said := members[c.Field]
		switch {
		case c.Location == wire.Path:
			target = strings.Replace(target, "{"+c.Wire+"}", strings.ReplaceAll(url.QueryEscape(fmt.Sprint(value)), "+", "%20"), 1)
		case c.Location == wire.Query && said:
			list, ok := value.([]any)
			if !ok {
				list = []any{value}
			}
			for _, v := range list {
				query.Add(c.Wire, fmt.Sprint(v))
			}
		default:
			continue
		}
		delete(members, c.Field)
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	if len(members) > 0 || op.Method != "GET" && op.Method != "DELETE" {
		body = string(must(json.Marshal(members)))
	}
	return op.Method, target, body
}

// do sends the requests of some lines, which must succeed, and returns the last answer.
func (w *walker) do(lines string) (last map[string]any) {
	w.t.Helper()
	for line := range strings.Lines(lines) {
		line, keep, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		if line == "" {
			continue
		}
		name, _, _ := strings.Cut(line, " ")
		w.called[name] = true
		method, target, body := w.request(line)
		got := w.call(method, target, "", body)
		if got.status != 200 {
			w.t.Fatalf("%s\n%s %s %s\nis answered %d %s", line, method, target, body, got.status, got.body)
		}
		last = nil
		if strings.HasPrefix(got.body, "{") {
			if err := json.Unmarshal([]byte(got.body), &last); err != nil {
				w.t.Fatal(err)
			}
		}
		for _, k := range strings.Fields(keep) {
			member, as, ok := strings.Cut(k, "=")
			if !ok {
				as = member
			}
			text := ""
			if value := find(last, member); value != nil {
				text = fmt.Sprint(value)
			}
			if text == "" {
				w.t.Fatalf("%s: the answer has no %s: %s", line, member, got.body)
			}
			w.names[as] = text
		}
	}
	return last
}

// find is a member of an answer by its path, "Queue.QueueId".
func find(in any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch of := in.(type) {
		case map[string]any:
			in = of[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(of) {
				return nil
			}
			in = of[i]
		default:
			return nil
		}
	}
	return in
}

// refused sends a request that must be refused with one of some errors.
func (w *walker) refused(line string, want ...string) {
	w.t.Helper()
	method, target, body := w.request(line)
	got := w.call(method, target, "", body)
	if code := got.header.Get("x-amzn-ErrorType"); got.status < 400 || got.status > 499 || !slices.Contains(want, code) {
		w.t.Errorf("%s\n%s %s\nis answered %d %s %s, want %v", line, method, target, got.status, code, got.body, want)
	}
	if strings.Contains(got.body, `"Message":""`) {
		w.t.Errorf("%s is refused without a word", line)
	}
}

// as is f with another value of a name.
func (w *walker) as(name, value string, f func()) {
	defer func(was string) { w.names[name] = was }(w.names[name])
	w.names[name] = value
	f()
}

// begin makes what a resource needs.
func (w *walker) begin(k *walk) {
	w.t.Helper()
	if k.value != "" {
		w.names[k.id] = k.value
	}
	k.unknown = cmp.Or(k.unknown, nobody)
	w.do(k.before)
}

// elsewhere sends requests in which the resource is one that does not exist, and one of another instance. They are refused.
func (w *walker) elsewhere(k walk, line string) {
	w.t.Helper()
	name, said, _ := strings.Cut(line, " ")
	path := w.ops[name].Path
	if strings.Contains(path, "{"+k.id+"}") || strings.Contains(said, "${"+k.id+"}") {
		w.as(k.id, k.unknown, func() { w.refused(line, gone) })
		if strings.Contains(path, "{InstanceId}") {
			w.as("InstanceId", otherInstance, func() { w.refused(line, gone) })
		}
	}
}

const gone = "ResourceNotFoundException"

func (w *walker) walk(k walk) {
	w.t.Helper()
	w.begin(&k)
	if k.create == "" {
		return
	}
	seen := len(w.audit())
	w.do(k.create)
	made := w.names[k.id]
	if len(w.audit()) == seen {
		w.t.Errorf("the audit log does not say who made it")
	}
	if k.twice != "" {
		w.refused(k.create, k.twice)
	}
	w.shown(k)
	for line := range strings.Lines(k.steps) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		w.elsewhere(k, line)
		w.do(line)
	}
	w.shown(k)
	if k.arn != "" {
		w.tagged(k)
	}
	if k.use != "" {
		w.do(k.use)
		w.refused(k.remove, "ResourceInUseException", "InvalidRequestException")
		w.do(k.unuse)
	}
	if k.remove == "" {
		return
	}
	w.elsewhere(k, k.remove)
	w.do(k.remove)
	w.refused(k.remove, gone)
	if k.describe != "" {
		w.refused(k.describe, gone)
	}
	for list := range strings.Lines(k.lists) {
		if slices.Contains(w.listed(list), made) {
			w.t.Errorf("%s still has it", list)
		}
	}
}

// shown checks that it is described and listed, once, and in its instance alone.
func (w *walker) shown(k walk) {
	w.t.Helper()
	if k.describe != "" {
		body := string(must(json.Marshal(w.do(k.describe))))
		for text := range strings.SplitSeq(k.shows, "|") {
			if !strings.Contains(body, w.fill(text)) {
				w.t.Errorf("%s does not show %s: %s", k.describe, w.fill(text), body)
			}
		}
		w.elsewhere(k, k.describe)
	}
	for list := range strings.Lines(k.lists) {
		all := w.listed(list)
		n := 0
		for i, id := range all {
			if id == w.names[k.id] {
				n++
			}
			if slices.Contains(all[:i], id) {
				w.t.Errorf("%s has %s twice", list, id)
			}
		}
		if n != 1 {
			w.t.Errorf("%s has it %d times: %v", list, n, all)
		}
		w.as("InstanceId", otherInstance, func() {
			name, _, _ := strings.Cut(strings.TrimSpace(list), " ")
			if strings.Count(w.ops[name].Path, "{") > 1 { // it lists what is below something of the instance
				w.refused(name, gone)
			} else if slices.Contains(w.listed(list), w.names[k.id]) {
				w.t.Errorf("%s shows it in another instance", list)
			}
		})
	}
}

// listed are the ids of all that an operation lists, in pages of one: "ListQueues QueueSummaryList Id {...}".
func (w *walker) listed(line string) (ids []string) {
	w.t.Helper()
	fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
	members := map[string]any{}
	if len(fields) == 4 {
		if err := json.Unmarshal([]byte(w.fill(fields[3])), &members); err != nil {
			w.t.Fatal(err)
		}
	}
	members["MaxResults"] = 1
	for {
		out := w.do(fields[0] + " " + string(must(json.Marshal(members))))
		list, _ := out[fields[1]].([]any)
		if len(list) > 1 {
			w.t.Fatalf("%s: a page of %d, asked for one", fields[0], len(list))
		}
		for _, element := range list {
			if _, isObject := element.(map[string]any); isObject {
				element = find(element, fields[2])
			}
			ids = append(ids, fmt.Sprint(element))
		}
		next, more := out["NextToken"].(string)
		if !more || next == "" {
			return ids
		}
		if len(ids) > 500 {
			w.t.Fatalf("%s does not end", fields[0])
		}
		members["NextToken"] = next
	}
}

// tagged sets, reads and takes away tags by the ARN.
func (w *walker) tagged(k walk) {
	w.t.Helper()
	w.names["resourceArn"] = w.names[k.arn]
	arn := `"resourceArn":"${resourceArn}"`
	w.do(`TagResource {` + arn + `,"tags":{"team":"blue","cost center":"é/1"}}`)
	tags, _ := w.do(`ListTagsForResource {` + arn + `}`)["tags"].(map[string]any)
	if tags["team"] != "blue" || tags["cost center"] != "é/1" {
		w.t.Errorf("the tags are %v", tags)
	}
	if k.describe != "" {
		if body := string(must(json.Marshal(w.do(k.describe)))); !strings.Contains(body, `"cost center":"é/1"`) {
			w.t.Errorf("%s does not show the tags: %s", k.describe, body)
		}
	}
	w.refused(`TagResource {`+arn+`,"tags":{"aws:x":"y"}}`, "InvalidParameterException")
	w.do(`UntagResource {` + arn + `,"tagKeys":["team","none"]}`)
	left, _ := w.do(`ListTagsForResource {` + arn + `}`)["tags"].(map[string]any)
	delete(tags, "team")
	if !maps.Equal(left, tags) {
		w.t.Errorf("the tags that are left are %v, want %v", left, tags)
	}
	w.as("resourceArn", strings.Replace(w.names[k.arn], w.names[k.id], nobody, 1), func() { w.refused(`ListTagsForResource {`+arn+`}`, gone) })
}

// audit is the audit log. Its entries of before are never changed.
func (w *walker) audit() []store.AuditEntry {
	w.t.Helper()
	all, err := w.store.Audit(w.t.Context(), store.AuditPlace{}, 1<<20)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}
