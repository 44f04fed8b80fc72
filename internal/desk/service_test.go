package desk_test

import (
	"context"
	"crypto/hmac"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// permitted makes a user who has some permissions and no others, and signs the user in as a program.
func (w *world) permitted(at center.InstanceID, name string, permissions ...string) *client {
	w.Helper()
	ctx := context.Background()
	p := &center.SecurityProfile{Head: center.Head[center.SecurityProfileID]{Name: "of " + name}, Permissions: permissions}
	_, err := catalog.SecurityProfiles.Create(ctx, w.catalog, at, p, catalog.ClientToken{})
	w.must(err)
	u := w.user(at, name, center.SecurityAgent)
	w.must(catalog.Users.Update(ctx, w.catalog, at, string(u.ID), 0, func(u *center.User) error {
		u.SecurityProfiles = []center.SecurityProfileID{p.ID}
		return nil
	}))
	c := w.client()
	i, err := w.catalog.Instance(ctx, at)
	w.must(err)
	c.wants(200, "", "POST", "/agent/v1/session", credentials(name, password, fmt.Sprintf(`"instance":%q,"bearer":true`, i.Alias)))
	return c
}

// audited are the entries of the audit log for a kind, as lines.
func (w *world) audited(kind string) (lines []string) {
	w.Helper()
	all, err := w.store.Audit(context.Background(), store.AuditPlace{}, 1000)
	w.must(err)
	for _, e := range all {
		if e.Kind == kind {
			lines = append(lines, strings.Join([]string{e.Who, e.From, e.Action, e.Change, string(e.Instance), e.ID, e.Name, string(e.Before), string(e.After)}, " "))
		}
	}
	return lines
}

func TestCustomersAreBlocked(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "elsewhere")
	boss := w.permitted(instance, "boss", center.PermitBlocking)
	reader := w.permitted(instance, "reader", center.PermitBlockedCustomers)
	stranger := w.permitted(elsewhere, "stranger", center.PermitBlocking)
	const path = "/agent/v1/blocked-customers"

	made := boss.wants(200, "", "POST", path, `{"customerId":"ada@example.com","reason":"threats"}`).json
	id := made["id"].(string)
	if strings.Contains(id, "ada") || made["blockedBy"].(map[string]any)["username"] != "boss" || made["blockedAt"] != float64(start.Unix()) || made["reason"] != "threats" {
		t.Errorf("the block is %v", made)
	}
	boss.wants(409, "DuplicateResourceException", "POST", path, `{"customerId":"ada@example.com"}`)
	for body, kind := range map[string]string{
		`{}`: "InvalidParameterException", `{"customerId":"a","contactId":"b"}`: "InvalidParameterException", `{"customerId":""}`: "InvalidParameterException",
		`{"customerId":"` + strings.Repeat("x", 129) + `"}`: "InvalidParameterException", `{"customerId":"a","reason":"` + strings.Repeat("x", 501) + `"}`: "InvalidParameterException",
		`{"customerId":7}`: "InvalidParameterException",
	} {
		boss.wants(400, kind, "POST", path, body)
	}
	// By a contact, whose customer is known or not.
	ctx := context.Background()
	nobody := w.customer()
	boss.wants(400, "InvalidRequestException", "POST", path, fmt.Sprintf(`{"contactId":%q}`, nobody.contact))
	boss.wants(404, "ContactNotFoundException", "POST", path, `{"contactId":"33333333-1111-4111-8111-111111111111"}`)
	known, err := w.chats.Start(ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Bo", CustomerID: "bo-17"})
	w.must(err)
	stranger.wants(404, "ContactNotFoundException", "POST", path, fmt.Sprintf(`{"contactId":%q}`, known.Contact))
	boss.wants(200, "", "POST", path, fmt.Sprintf(`{"contactId":%q}`, known.Contact))

	list := func(c *client) (all []string) {
		t.Helper()
		for _, b := range c.wants(200, "", "GET", path, "").json["blockedCustomers"].([]any) {
			all = append(all, b.(map[string]any)["customerId"].(string))
		}
		slices.Sort(all)
		return all
	}
	if got := list(reader); !slices.Equal(got, []string{"ada@example.com", "bo-17"}) {
		t.Errorf("blocked are %q", got)
	}
	if got := list(stranger); len(got) != 0 {
		t.Errorf("another instance has %q", got)
	}
	stranger.wants(404, "ResourceNotFoundException", "DELETE", path+"/"+id, "")
	if found := reader.wants(200, "", "POST", path+"/find", `{"customerId":"bo-17"}`).json["blocked"]; found == nil {
		t.Error("the customer is not found")
	}
	if found := stranger.wants(200, "", "POST", path+"/find", `{"customerId":"bo-17"}`).json["blocked"]; found != nil {
		t.Errorf("found %v", found)
	}
	// Pages of the list.
	seen, next := []string{}, ""
	for {
		page := reader.wants(200, "", "GET", path+"?maxResults=1&nextToken="+url.QueryEscape(next), "").json
		for _, b := range page["blockedCustomers"].([]any) {
			seen = append(seen, b.(map[string]any)["customerId"].(string))
		}
		if page["nextToken"] == nil {
			break
		}
		next = page["nextToken"].(string)
	}
	if len(seen) != 2 || seen[0] == seen[1] {
		t.Errorf("pages have %q", seen)
	}
	reader.wants(400, "InvalidParameterException", "GET", path+"?maxResults=0", "")
	reader.wants(400, "InvalidParameterException", "GET", path+"?maxResults=1001", "")

	// The message.
	if got := reader.wants(200, "", "GET", path+"/message", "").json["message"]; got != "This customer is blocked and cannot start a chat" {
		t.Errorf("the message is %v", got)
	}
	boss.wants(200, "", "PUT", path+"/message", `{"message":"Please call us."}`)
	boss.wants(400, "InvalidParameterException", "PUT", path+"/message", `{"message":"`+strings.Repeat("x", 501)+`"}`)
	w.restart()
	if got := reader.wants(200, "", "GET", path+"/message", "").json["message"]; got != "Please call us." {
		t.Errorf("the message is %v", got)
	}
	_, err = w.chats.Start(ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Bo", CustomerID: "bo-17"})
	if !center.Is(err, center.AccessDenied) || err.Error() != "Please call us." {
		t.Errorf("a blocked customer: %v", err)
	}

	// Who may not, may not.
	ann := w.program("ann", `"instance":"here"`)
	for _, door := range []struct{ method, path, body string }{
		{"GET", path, ""}, {"POST", path + "/find", `{"customerId":"a"}`}, {"GET", path + "/message", ""},
		{"POST", path, `{"customerId":"a"}`}, {"DELETE", path + "/" + id, ""}, {"PUT", path + "/message", `{"message":"a"}`},
	} {
		ann.wants(403, "AccessDeniedException", door.method, door.path, door.body)
		if door.method != "GET" && !strings.HasSuffix(door.path, "/find") {
			reader.wants(403, "AccessDeniedException", door.method, door.path, door.body)
		}
	}

	boss.wants(200, "", "DELETE", path+"/"+id, "")
	boss.wants(404, "ResourceNotFoundException", "DELETE", path+"/"+id, "")
	if got := list(reader); !slices.Equal(got, []string{"bo-17"}) {
		t.Errorf("blocked are %q", got)
	}
	entries := w.audited("blocked-customer")
	if len(entries) != 3 || !strings.HasPrefix(entries[0], "boss 192.0.2.1 agent:BlockCustomer create "+string(instance)+" "+id) ||
		!strings.HasPrefix(entries[2], "boss 192.0.2.1 agent:UnblockCustomer delete "+string(instance)+" "+id) || !strings.Contains(entries[0], `"reason":"threats"`) {
		t.Errorf("the audit log has %q", entries)
	}
	for _, told := range append(entries, w.log.String()) {
		for _, customer := range []string{"ada@example.com", "bo-17"} {
			if strings.Contains(told, customer) {
				t.Errorf("a log has the CustomerId: %s", told)
			}
		}
	}
}

func TestQuickResponsesOfAgents(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "elsewhere")
	author := w.permitted(instance, "author", center.PermitQuickCreate)
	editor := w.permitted(instance, "editor", center.PermitQuickEdit)
	remover := w.permitted(instance, "remover", center.PermitQuickDelete)
	reader := w.permitted(instance, "reader", center.PermitQuickView)
	stranger := w.permitted(elsewhere, "stranger", center.PermitQuickCreate, center.PermitQuickDelete, center.PermitAgent)
	ann := w.program("ann", `"instance":"here"`)
	const path = "/agent/v1/quick-responses"
	search := func(c *client, body string) (found []map[string]any) {
		t.Helper()
		for _, r := range c.wants(200, "", "POST", path+"/search", body).json["results"].([]any) {
			found = append(found, r.(map[string]any))
		}
		return found
	}
	exist := func(c *client) bool {
		t.Helper()
		return c.wants(200, "", "GET", path+"/exist", "").json["exist"].(bool)
	}
	if exist(ann) || len(search(ann, "")) != 0 {
		t.Error("there are quick responses before one was made")
	}
	basic := string(center.BasicRoutingProfileID(instance))
	made := author.wants(200, "", "POST", path, `{"name":"Order","shortcutKey":"O1","content":"Your order is {{Attributes.order}}, I am {{Agent.FirstName}}. {{Attributes.gone}}","routingProfiles":["`+basic+`"],"contentType":"markdown","channels":["Chat"],"language":"en_US","description":"about orders"}`).json
	id := made["quickResponseId"].(string)
	author.wants(200, "", "POST", path, `{"name":"Hello","content":"Hello!","contentType":"application/x.quickresponse;format=plain"}`)
	author.wants(200, "", "POST", path, `{"name":"Draft","content":"Hello?","isActive":false}`)
	one := int64(1)
	other := &center.RoutingProfile{
		Head: center.Head[center.RoutingProfileID]{Name: "Sales"}, DefaultOutboundQueue: center.QueueID(center.SeededID(instance, "queue", center.BasicQueueName)),
		Concurrencies: []center.MediaConcurrency{{Channel: center.ChannelChat, Concurrency: &one}},
	}
	w.must(w.catalog.CreateRoutingProfile(context.Background(), instance, other, nil, nil))
	author.wants(200, "", "POST", path, `{"name":"Sales only","content":"Buy!","routingProfiles":["`+w.catalog.Partition.InstanceARN(instance)+"/routing-profile/"+string(other.ID)+`"]}`)

	if !exist(ann) || exist(stranger) {
		t.Error("whether there are quick responses")
	}
	names := func(all []map[string]any) (names []string) {
		for _, r := range all {
			names = append(names, r["name"].(string))
		}
		return names
	}
	if got := names(search(ann, "")); !slices.Equal(got, []string{"Hello", "Order"}) {
		t.Errorf("found %q", got)
	}
	ada := w.customer()
	ada.offerTo("ann")
	found := search(ann, fmt.Sprintf(`{"query":"/#o1","contactId":%q}`, ada.contact))
	if len(found) != 1 {
		t.Fatalf("found %v", found)
	}
	const filled = "Your order is 4711, I am First. {{Attributes.gone}}"
	contents := found[0]["contents"].(map[string]any)
	if contents["markdown"].(map[string]any)["content"] != filled || contents["plainText"].(map[string]any)["content"] != filled || found[0]["contentType"] != "application/x.quickresponse;format=markdown" ||
		fmt.Sprint(found[0]["attributesInterpolated"], found[0]["attributesNotInterpolated"]) != "[Attributes.order Agent.FirstName] [Attributes.gone]" || found[0]["status"] != "CREATED" || found[0]["isActive"] != true {
		t.Errorf("found %v", found[0])
	}
	found = search(ann, `{"query":"order","attributes":{"order":"12","gone":"yes"}}`)
	if got := found[0]["contents"].(map[string]any)["plainText"].(map[string]any)["content"]; got != "Your order is 12, I am First. yes" {
		t.Errorf("filled in as %v", got)
	}
	ann.wants(404, "ContactNotFoundException", "POST", path+"/search", fmt.Sprintf(`{"contactId":%q}`, w.customer().contact))
	page := ann.wants(200, "", "POST", path+"/search", `{"maxResults":1}`).json
	next := ann.wants(200, "", "POST", path+"/search", fmt.Sprintf(`{"maxResults":1,"nextToken":%q}`, page["nextToken"])).json
	if next["nextToken"] != nil || next["results"].([]any)[0].(map[string]any)["name"] != "Order" {
		t.Errorf("the second page is %v", next)
	}
	ann.wants(400, "InvalidParameterException", "POST", path+"/search", `{"nextToken":"x"}`)
	ann.wants(400, "InvalidParameterException", "POST", path+"/search", `{"maxResults":0}`)

	// Changing, and what cannot be.
	for body, kind := range map[string]string{
		`{"name":"Hello","content":"x"}`: "409 DuplicateResourceException", `{"name":"New","content":"x","shortcutKey":"o1"}`: "409 DuplicateResourceException",
		`{"name":"New","content":""}`: "400 InvalidParameterException", `{"name":"New","content":"x","contentType":"html"}`: "400 InvalidParameterException",
		`{"name":"New","content":"x","routingProfiles":["33333333-1111-4111-8111-111111111111"]}`:                                                                    "404 ResourceNotFoundException",
		`{"name":"New","content":"x","routingProfiles":["arn:aws:connect:us-east-1:123456789012:instance/` + string(elsewhere) + `/routing-profile/` + basic + `"]}`: "404 ResourceNotFoundException",
	} {
		if a := author.ask("POST", path, body); fmt.Sprint(a.status, " ", a.kind()) != kind {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	editor.wants(200, "", "PUT", path+"/"+id, `{"name":"Order","shortcutKey":"O2","content":"Changed"}`)
	if got := reader.wants(200, "", "GET", path+"/"+id, "").json; got["shortcutKey"] != "O2" || got["groupingConfiguration"] != nil || !strings.HasSuffix(got["lastModifiedBy"].(string), string(w.named("editor"))) {
		t.Errorf("it is %v", got)
	}
	author.wants(200, "", "POST", path, `{"name":"Again","shortcutKey":"O1","content":"x"}`)

	// A file, and the file of all.
	bad := author.wants(400, "InvalidRequestException", "POST", path+"/import", `{"csv":"Name,Content\nHello,x\n,y\n"}`)
	if want := "Nothing was imported. The file has 2 problems:\nrow 2, Name: is that of a quick response that exists; import with replace to change it\nrow 3, Name: is required"; bad.message() != want {
		t.Errorf("the problems are %q", bad.message())
	}
	if done := author.wants(200, "", "POST", path+"/import", `{"csv":"Name,Content\nHello,Hi\nNew,x\n","replace":true}`).json; done["created"] != 1.0 || done["updated"] != 1.0 {
		t.Errorf("imported %v", done)
	}
	w.restart()
	csv := reader.wants(200, "", "GET", path+"/export", "").json["csv"].(string)
	if !strings.HasPrefix(csv, "Name,Description,Shortcut key,Routing profile,Content,Content type,Channels,Language,Active\nAgain,,O1,,x,plain,,,true\n") || strings.Count(csv, "\n") != 7 {
		t.Errorf("the file is %s", csv)
	}
	all := reader.wants(200, "", "GET", path+"?maxResults=1000", "").json["quickResponses"].([]any)
	if len(all) != 6 {
		t.Errorf("%d are there", len(all))
	}

	// Who may not, may not; another instance has none of it.
	for _, door := range []struct {
		method, path, body string
		open               []*client
	}{
		{"GET", path, "", []*client{author, editor, remover, reader}},
		{"GET", path + "/" + id, "", []*client{author, editor, remover, reader}},
		{"GET", path + "/export", "", []*client{author, editor, remover, reader}},
		{"POST", path, `{"name":"X","content":"x"}`, []*client{author}},
		{"POST", path + "/import", `{"csv":"Name,Content\nY,x\n"}`, []*client{author}},
		{"PUT", path + "/" + id, `{"name":"Order","content":"x"}`, []*client{author, editor}},
		{"DELETE", path + "/" + id, "", []*client{remover}},
	} {
		for _, who := range []*client{ann, reader, editor, author, remover} { // the last one may delete
			if slices.Contains(door.open, who) {
				who.wants(200, "", door.method, door.path, door.body)
			} else {
				who.wants(403, "AccessDeniedException", door.method, door.path, door.body)
			}
		}
	}
	reader.wants(403, "AccessDeniedException", "POST", path+"/search", "")
	id = all[1].(map[string]any)["quickResponseId"].(string)
	stranger.wants(404, "ResourceNotFoundException", "GET", path+"/"+id, "")
	stranger.wants(404, "ResourceNotFoundException", "PUT", path+"/"+id, `{"name":"Order","content":"x"}`)
	stranger.wants(404, "ResourceNotFoundException", "DELETE", path+"/"+id, "")
	if got := search(stranger, ""); len(got) != 0 {
		t.Errorf("another instance finds %v", got)
	}
	if entries := w.audited("quick-response"); len(entries) == 0 || !strings.HasPrefix(entries[0], "author 192.0.2.1 agent:CreateQuickResponse create") {
		t.Errorf("the audit log has %q", entries)
	}
	if entries := w.audited("quick-response-shortcut"); len(entries) != 0 {
		t.Errorf("the audit log has %q", entries)
	}
}

func TestDefinitionsOfWidgets(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "elsewhere")
	w.customer() // makes the flow
	admin := w.permitted(instance, "admin", center.PermitWidgetCreate, center.PermitWidgetEdit, center.PermitWidgetDelete)
	reader := w.permitted(instance, "reader", center.PermitWidgetView)
	stranger := w.permitted(elsewhere, "stranger", center.PermitWidgetView, center.PermitWidgetEdit, center.PermitWidgetDelete)
	ann := w.program("ann", `"instance":"here"`)
	const path = "/agent/v1/widgets"
	definition := func(name, more string) string {
		return fmt.Sprintf(`{"name":%q,"flow":%q,"domains":["https://Example.com/"]%s}`, name, w.flow, more)
	}
	made := admin.wants(200, "", "POST", path, definition("Shop", `,"security":true,"minutes":120,"contentTypes":["text/plain"],"styles":{"buttonColor":"#1457BD","buttonIcon":"white"},"texts":{"header":"Help"},"language":"de_DE","persistent":"FROM_SEGMENT"`)).json
	id := made["id"].(string)
	if fmt.Sprint(made["domains"]) != "[https://example.com]" || !strings.HasSuffix(made["flow"].(string), "/contact-flow/"+string(w.flow)) || !strings.HasSuffix(made["arn"].(string), "/widget/"+id) {
		t.Errorf("it is %v", made)
	}
	for body, kind := range map[string]string{
		definition("Shop", ""):                                            "409 DuplicateResourceException",
		`{"name":"X","flow":"x","domains":["https://a"]}`:                 "404 ResourceNotFoundException",
		definition("X", `,"form":"33333333-1111-4111-8111-111111111111"`): "404 ResourceNotFoundException",
		`{"name":"X","domains":["https://a"],"flow":"arn:aws:connect:us-east-1:123456789012:instance/` + string(elsewhere) + `/contact-flow/` + string(w.flow) + `"}`: "404 ResourceNotFoundException",
		definition("X", `,"styles":{"buttonColor":"red"}`): "400 InvalidParameterException",
		definition("X", `,"minutes":1`):                    "400 InvalidParameterException",
		definition("X", `,"persistent":"ALL"`):             "400 InvalidParameterException",
		definition("X", `,"colour":"red"`):                 "400 InvalidParameterException",
		`{"name":"X","flow":"x"}`:                          "400 InvalidParameterException",
	} {
		if a := admin.ask("POST", path, body); fmt.Sprint(a.status, " ", a.kind()) != kind {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	// Keys: two, shown once, and sealed.
	key := func() (key, secret string) {
		t.Helper()
		k := admin.wants(200, "", "POST", path+"/"+id+"/keys", "").json
		return k["id"].(string), k["key"].(string)
	}
	first, secret := key()
	second, _ := key()
	if len(secret) != 44 {
		t.Errorf("a key has %d characters", len(secret))
	}
	admin.wants(402, "QuotaExceededException", "POST", path+"/"+id+"/keys", "")
	admin.wants(200, "", "PUT", path+"/"+id, definition("Shop", `,"survey":true`))
	w.restart()
	shown := reader.wants(200, "", "GET", path+"/"+id, "")
	if keys := shown.json["keys"].([]any); len(keys) != 2 || strings.Contains(shown.text, secret) || shown.json["survey"] != true || shown.json["security"] != false || shown.json["minutes"] != nil {
		t.Errorf("it is %s", shown.text)
	}
	ctx := context.Background()
	keys, err := w.catalog.WidgetKeys(ctx, instance, id)
	w.must(err)
	opened, err := w.catalog.OpenWidgetKey(instance, &keys[0])
	w.must(err)
	if !hmac.Equal([]byte(opened), []byte(secret)) {
		t.Error("the first key opens as another one")
	}
	if _, err := w.catalog.OpenWidgetKey(elsewhere, &keys[0]); err == nil {
		t.Error("it opens in another instance")
	}
	admin.wants(200, "", "DELETE", path+"/"+id+"/keys/"+first, "")
	admin.wants(404, "ResourceNotFoundException", "DELETE", path+"/"+id+"/keys/"+first, "")
	admin.wants(200, "", "POST", path, definition("Help", ""))
	if got := len(reader.wants(200, "", "GET", path, "").json["widgets"].([]any)); got != 2 {
		t.Errorf("%d widgets", got)
	}

	for _, door := range []struct {
		method, path, body string
		reads              bool
	}{
		{"GET", path, "", true}, {"GET", path + "/" + id, "", true}, {"POST", path, definition("X", ""), false}, {"PUT", path + "/" + id, definition("X", ""), false},
		{"POST", path + "/" + id + "/keys", "", false}, {"DELETE", path + "/" + id + "/keys/" + second, "", false}, {"DELETE", path + "/" + id, "", false},
	} {
		ann.wants(403, "AccessDeniedException", door.method, door.path, door.body)
		if !door.reads {
			reader.wants(403, "AccessDeniedException", door.method, door.path, door.body)
		}
		if door.path != path {
			stranger.wants(404, "ResourceNotFoundException", door.method, door.path, strings.ReplaceAll(door.body, string(w.flow), string(w.welcome(elsewhere))))
		}
	}
	if got := len(stranger.wants(200, "", "GET", path, "").json["widgets"].([]any)); got != 0 {
		t.Errorf("another instance has %d widgets", got)
	}
	admin.wants(200, "", "DELETE", path+"/"+id, "")
	if keys, err := w.catalog.WidgetKeys(ctx, instance, id); err != nil || len(keys) != 0 {
		t.Errorf("keys of a deleted widget: %d, %v", len(keys), err)
	}
	entries := append(w.audited("widget"), w.audited("widget-key")...)
	if len(w.audited("widget-key")) != 4 || strings.Contains(strings.Join(entries, ""), secret) || strings.Contains(w.log.String(), secret) || strings.Contains(strings.Join(entries, ""), "sealed") {
		t.Errorf("the audit log has %q", entries)
	}
}

// welcome is a flow that an instance has from its beginning.
func (w *world) welcome(at center.InstanceID) center.FlowID {
	w.Helper()
	all, err := catalog.Flows.List(context.Background(), w.catalog, at, "", 1, func(f *center.ContactFlow) bool { return f.Startable() == nil })
	w.must(err)
	return all[0].ID
}

// A supervisor's change of a status is as the metrics page has it: at once, refused while a contact is what the agent is busy with,
// without the supervisor in what the agent's stream tells, and with the supervisor in the audit log.
func TestSupervisorsChangeStatuses(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "elsewhere")
	mia := w.permitted(instance, "mia", center.PermitRealTimeMetrics, center.PermitStatuses)
	stranger := w.permitted(elsewhere, "stranger", center.PermitMetrics, center.PermitStatuses)
	metrics := w.permitted(instance, "metrics", center.PermitMetrics)
	views := w.permitted(instance, "views", center.PermitStatuses)
	ann := w.program("ann", `"instance":"here"`)
	path := "/agent/v1/agents/" + string(w.named("ann")) + "/state"
	state := func() string {
		t.Helper()
		s := ann.wants(200, "", "GET", "/agent/v1/snapshot", "").json["snapshot"].(map[string]any)
		name := s["state"].(map[string]any)["name"].(string)
		if next, ok := s["nextState"].(map[string]any); ok {
			name += " then " + next["name"].(string)
		}
		return name
	}
	socket := ann.connect()
	// She has never worked, and is Available all the same.
	mia.wants(200, "", "PUT", path, `{"name":"Available"}`)
	if got := state(); got != "Available" {
		t.Fatalf("she is %s", got)
	}
	frame := socket.take("the change", func(f frame) bool { return strings.Contains(string(f.Content), `"what":"status"`) })
	if text := string(frame.Content); strings.Contains(text, "mia") || strings.Contains(text, string(w.named("mia"))) {
		t.Errorf("her stream tells who has done it: %s", text)
	}
	mia.wants(200, "", "PUT", path, `{"name":"Available"}`) // nothing changes
	ada := w.customer()
	contact := "/agent/v1/contacts/" + string(ada.contact)
	refused := func(when string) {
		t.Helper()
		a := mia.wants(409, "InvalidStateException", "PUT", path, `{"name":"Offline"}`)
		if !strings.HasPrefix(a.message(), "Error changing agent status") || state() != "Available" {
			t.Errorf("%s: %s, and she is %s", when, a.message(), state())
		}
	}
	ada.offerTo("ann")
	refused("Incoming")
	ann.wants(200, "", "POST", contact+"/accept", "")
	refused("On contact")
	ann.wants(200, "", "POST", contact+"/leave", "")
	refused("After Contact Work")
	ann.wants(200, "", "POST", contact+"/clear", "")
	bea := w.customer()
	bea.offerTo("ann")
	w.advance(21 * time.Second)
	refused("Missed")
	ann.wants(200, "", "POST", "/agent/v1/contacts/"+string(bea.contact)+"/clear", "")
	mia.wants(200, "", "PUT", path, `{"name":"Offline"}`)
	if got := state(); got != "Offline" {
		t.Errorf("she is %s", got)
	}

	for _, who := range []*client{ann, metrics, views} {
		who.wants(403, "AccessDeniedException", "PUT", path, `{"name":"Available"}`)
	}
	stranger.wants(404, "ResourceNotFoundException", "PUT", path, `{"name":"Available"}`)
	mia.wants(404, "ResourceNotFoundException", "PUT", path, `{"name":"Lunch"}`)
	mia.wants(400, "InvalidParameterException", "PUT", path, `{}`)
	lunch := &center.AgentStatus{Head: center.Head[center.AgentStatusID]{Name: "Lunch"}, Type: center.StatusCustom, State: center.StatusDisabled}
	_, err := catalog.AgentStatuses.Create(context.Background(), w.catalog, instance, lunch, catalog.ClientToken{})
	w.must(err)
	mia.wants(400, "InvalidRequestException", "PUT", path, `{"name":"Lunch"}`)
	mia.wants(404, "ResourceNotFoundException", "PUT", "/agent/v1/agents/33333333-1111-4111-8111-111111111111/state", `{"name":"Offline"}`)

	entries := w.audited("agent-state")
	if len(entries) != 2 {
		t.Fatalf("the audit log has %q", entries)
	}
	for i, want := range []string{`"status":"Offline"} {`, `"status":"Available"} {`} {
		if !strings.HasPrefix(entries[i], "mia 192.0.2.1 agent:SetStateOfAgent update "+string(instance)+" "+string(w.named("ann"))) || !strings.Contains(entries[i], want) {
			t.Errorf("the audit log has %q", entries[i])
		}
	}
}

// serviceExamples are those of blocking, quick responses and widgets: they belong to the instance.
func (w *walk) serviceExamples() map[string]example {
	ctx := context.Background()
	blocked := func(w *walk) things {
		b, err := w.catalog.Block(ctx, instance, center.BlockedCustomer{CustomerID: w.newID()})
		w.must(err)
		return things{"block": b.ID}
	}
	quick := func(w *walk) things {
		r := &center.QuickResponse{Head: center.Head[center.QuickResponseID]{Name: w.newID()}, Content: "Hello", Format: center.QuickPlain}
		w.must(w.catalog.CreateQuickResponse(ctx, instance, r))
		return things{"quickResponse": string(r.ID)}
	}
	widget := func(w *walk) things {
		d := &center.Widget{Head: center.Head[center.WidgetID]{Name: w.newID()}, Flow: w.welcome(instance), Domains: []string{"https://example.com"}}
		w.must(w.catalog.CreateWidget(ctx, instance, d))
		return things{"widget": string(d.ID), "flow": string(d.Flow)}
	}
	key := func(w *walk) things {
		t := widget(w)
		k, _, err := w.catalog.AddWidgetKey(ctx, instance, t["widget"], "")
		w.must(err)
		t["key"] = strings.TrimPrefix(k.ID, t["widget"]+"/")
		return t
	}
	const shop = `{"name":"Shop","flow":"{flow}","domains":["https://example.com"]}`
	return map[string]example{
		"POST blocked-customers":                 {body: `{"customerId":"ada"}`},
		"POST blocked-customers/find":            {body: `{"customerId":"ada"}`},
		"DELETE blocked-customers/{block}":       {ready: blocked, shared: true},
		"POST quick-responses":                   {body: `{"name":"Hello","content":"Hello"}`},
		"GET quick-responses/{quickResponse}":    {ready: quick, shared: true},
		"PUT quick-responses/{quickResponse}":    {ready: quick, body: `{"name":"Changed","content":"Hello"}`, shared: true},
		"DELETE quick-responses/{quickResponse}": {ready: quick, shared: true},
		"POST quick-responses/import":            {body: `{"csv":"Name,Content\nImported,Hello\n"}`},
		"POST widgets":                           {body: strings.ReplaceAll(shop, "{flow}", string(w.welcome(instance)))},
		"GET widgets/{widget}":                   {ready: widget, shared: true},
		"PUT widgets/{widget}":                   {ready: widget, body: strings.ReplaceAll(shop, "Shop", "Changed"), shared: true},
		"DELETE widgets/{widget}":                {ready: widget, shared: true},
		"POST widgets/{widget}/keys":             {ready: widget, shared: true},
		"DELETE widgets/{widget}/keys/{key}":     {ready: key, shared: true},
	}
}
