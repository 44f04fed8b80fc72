package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// of makes a customer one of an id.
func of(customer string) func(*center.StartChat) {
	return func(cmd *center.StartChat) { cmd.CustomerID = customer }
}

// served is a chat of a customer that an agent has answered, ended and cleared.
func (c *client) served(name, customer string) *customer {
	c.Helper()
	ada := c.customer(of(customer))
	ada.offerTo(name)
	path := "/agent/v1/contacts/" + string(ada.contact)
	c.wants(200, "", "POST", path+"/accept", "")
	ada.say("I am " + customer)
	c.wants(200, "", "POST", path+"/notes", note("met "+customer))
	c.wants(200, "", "POST", path+"/end", "")
	c.wants(200, "", "POST", path+"/clear", "")
	c.advance(time.Second)
	return ada
}

// connection is the token by which a customer's client sends and reads.
func (w *world) connection(c *customer) string {
	w.Helper()
	con, err := w.chats.Connection(context.Background(), c.who, false)
	w.must(err)
	return con.Token
}

// foundIn are the ids of the contacts of an answer.
func foundIn(a *answer) (ids []center.ContactID) {
	for _, f := range a.json["Contacts"].([]any) {
		ids = append(ids, center.ContactID(f.(map[string]any)["Id"].(string)))
	}
	return ids
}

func within(criteria string, more ...string) string {
	return fmt.Sprintf(`{"TimeRange":{"Type":"INITIATION_TIMESTAMP","StartTime":%d,"EndTime":%d},"SearchCriteria":{%s}%s}`,
		start.Unix()-60, start.Unix()+3600, criteria, strings.Join(append([]string{""}, more...), ","))
}

func audited(w *world, action string) (all []store.AuditEntry) {
	w.Helper()
	entries, err := w.store.Audit(context.Background(), store.AuditPlace{}, 1000)
	w.must(err)
	for _, e := range entries {
		if e.Action == action {
			all = append(all, e)
		}
	}
	return all
}

// An agent sees the other contacts of a customer who is here, and reads them when the security profile permits it.
func TestOtherContactsOfACustomer(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "there")
	w.user(elsewhere, "eve", center.SecurityAdmin)
	bob := w.user(instance, "bob", center.SecurityAgent)
	ann, his := w.program("ann", `"instance":"here"`), w.program("bob", `"instance":"here"`)
	var before []center.ContactID
	for range 5 {
		before = append(before, ann.served("ann", "ada").contact)
	}
	stranger := ann.served("ann", "eve").contact
	ann.served("ann", "")
	slices.Reverse(before)

	ada := w.customer(of("ada"))
	others := "/agent/v1/contacts/" + string(ada.contact) + "/others"
	his.wants(404, "ContactNotFoundException", "GET", others, "")
	ada.offerTo("bob")
	a := his.wants(200, "", "GET", others, "")
	if got := foundIn(a); !slices.Equal(got, before) {
		t.Errorf("others are %v, want %v", got, before)
	}
	newest := a.json["Contacts"].([]any)[0].(map[string]any)
	if agent := newest["AgentInfo"].(map[string]any); agent["Username"] != "ann" || agent["Name"] != "First Last" || newest["DisconnectTimestamp"] == nil ||
		newest["QueueInfo"].(map[string]any)["Name"] != center.BasicQueueName || newest["TranscriptReadable"] != false {
		t.Errorf("the newest is %v", newest)
	}
	var paged []center.ContactID
	for next := ""; ; {
		a := his.wants(200, "", "GET", others+"?maxResults=2&nextToken="+next, "")
		paged = append(paged, foundIn(a)...)
		if next, _ = a.json["NextToken"].(string); next == "" {
			break
		}
	}
	if !slices.Equal(paged, before) {
		t.Errorf("page by page they are %v, want %v", paged, before)
	}
	token := his.wants(200, "", "GET", others+"?maxResults=2", "").json["NextToken"].(string)
	for query, field := range map[string]string{"maxResults=0": "maxResults", "maxResults=x": "maxResults", "maxResults=101": "maxResults", "nextToken=made-up": "NextToken", "nextToken=" + strings.Repeat("x", 5000): "nextToken"} {
		if a := his.wants(400, "InvalidParameterException", "GET", others+"?"+query, ""); !strings.Contains(a.message(), field) {
			t.Errorf("%.20s: %s", query, a.message())
		}
	}
	// A token of one customer's is none of another's, and who has no contact of a customer sees nothing.
	other := w.customer(of("eve"))
	other.offerTo("bob")
	his.wants(400, "InvalidParameterException", "GET", "/agent/v1/contacts/"+string(other.contact)+"/others?nextToken="+token, "")
	nobody := w.customer()
	nobody.offerTo("bob")
	if a := his.wants(200, "", "GET", "/agent/v1/contacts/"+string(nobody.contact)+"/others", ""); len(foundIn(a)) != 0 {
		t.Errorf("a customer without an id has others: %s", a.text)
	}

	// Their transcripts need a permission.
	transcript := func(id center.ContactID) string { return "/agent/v1/history/" + string(id) + "/transcript" }
	his.wants(403, "AccessDeniedException", "GET", transcript(before[0]), "")
	w.permits(bob, center.PermitTranscripts)
	if a := his.wants(200, "", "GET", others, ""); a.json["Contacts"].([]any)[0].(map[string]any)["TranscriptReadable"] != true {
		t.Errorf("with the permission: %s", a.text)
	}
	if got := told(his.wants(200, "", "GET", transcript(before[0]), "")); !slices.Equal(got, []string{"I am ada", "[met ada]"}) {
		t.Errorf("the transcript is %q", got)
	}
	if got := audited(w, "agent:ReadTranscript"); len(got) != 1 || got[0].Who != "bob" || got[0].From != "192.0.2.1" || got[0].Change != store.Read || got[0].Kind != "contact" || got[0].ID != string(before[0]) {
		t.Errorf("audited %+v", got)
	}
	// bob has no contact of this one's customer, nor a permission to find others' contacts, once it is cleared.
	his.wants(200, "", "GET", transcript(stranger), "")
	his.wants(200, "", "POST", "/agent/v1/contacts/"+string(other.contact)+"/reject", "")
	his.wants(404, "ContactNotFoundException", "GET", transcript(stranger), "")
	hers := w.program("eve", `"instance":"there"`)
	hers.wants(404, "ContactNotFoundException", "GET", transcript(before[0]), "")
	hers.wants(404, "ContactNotFoundException", "GET", others, "")
	his.wants(409, "InvalidStateException", "GET", transcript(ada.contact), "") // it goes on
	customer := w.client()
	for _, token := range []string{ada.token, w.connection(ada)} {
		customer.token = token
		for _, path := range []string{others, transcript(before[0]), "/agent/v1/permissions"} {
			customer.wants(401, "UnauthorizedException", "GET", path, "")
		}
		customer.wants(401, "UnauthorizedException", "POST", "/agent/v1/contacts/"+string(ada.contact)+"/notes", note("mine"))
	}

	// A restricted user without a group sees what it has handled itself.
	restricts := w.permits(bob, center.PermitRestricted)
	if a := his.wants(200, "", "GET", others, ""); len(foundIn(a)) != 0 {
		t.Errorf("a restricted user sees %s", a.text)
	}
	his.wants(404, "ContactNotFoundException", "GET", transcript(before[0]), "")
	w.revokes(bob, restricts)

	// Another id is another customer. An erased chat is no contact of the customer's.
	w.restart()
	if got := foundIn(his.wants(200, "", "GET", others, "")); !slices.Equal(got, before) {
		t.Errorf("after a restart %v", got)
	}
	_, err := w.store.EraseChat(context.Background(), center.StreamID(before[0]), start.Add(time.Hour))
	w.must(err)
	if got := foundIn(his.wants(200, "", "GET", others, "")); !slices.Equal(got, before[1:]) {
		t.Errorf("after an erasure %v", got)
	}
	his.wants(404, "ContactNotFoundException", "GET", transcript(before[0]), "")
	w.must(w.chats.Update(context.Background(), instance, before[1], center.ContactData{CustomerID: new(string)}))
	if got := foundIn(his.wants(200, "", "GET", others, "")); !slices.Equal(got, before[2:]) {
		t.Errorf("after one is somebody else's %v", got)
	}
}

// A search finds what the user may find: all contacts, or those that the user has handled.
func TestSearchOfContacts(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "there")
	w.user(elsewhere, "eve", center.SecurityAdmin)
	w.user(instance, "boss", center.SecurityAdmin)
	w.user(instance, "kim", center.SecurityAgent)
	bob := w.user(instance, "bob", center.SecurityAgent)
	w.permits(bob, center.PermitOwnContacts, center.PermitTranscripts)
	ann, his, hers, mia := w.program("ann", `"instance":"here"`), w.program("bob", `"instance":"here"`), w.program("kim", `"instance":"here"`), w.program("boss", `"instance":"here"`)
	const search = "/agent/v1/history"
	byAnn, byBob := ann.served("ann", "ada").contact, his.served("bob", "bea").contact
	waiting := w.customer(of("ada")).contact

	hers.wants(403, "AccessDeniedException", "POST", search, within(""))
	hers.wants(403, "AccessDeniedException", "GET", search+"/"+string(byAnn)+"/transcript", "")
	for criteria, want := range map[string][]center.ContactID{
		``: {waiting, byBob, byAnn}, `"CustomerIds":["ada"]`: {waiting, byAnn}, `"CustomerIds":["ada","bea"],"AgentIds":["` + string(bob.ID) + `"]`: {byBob},
		`"SearchableContactAttributes":{"Criteria":[{"Key":"order","Values":["4711"]}]}`:                                                                   {waiting, byBob, byAnn},
		`"AdditionalTimeRange":{"MatchType":"MATCH_ALL","Criteria":[{"TimestampCondition":{"Type":"DISCONNECT_TIMESTAMP","ConditionType":"NOT_EXISTS"}}]}`: {waiting},
		`"InitiationMethods":["TRANSFER"]`: nil, `"QueueIds":["` + center.SeededID(instance, "queue", center.BasicQueueName) + `"]`: {waiting, byBob, byAnn},
		`"ContactTags":{"TagCondition":{"TagKey":"none"}}`: nil, `"Name":{"SearchText":["x"],"MatchType":"MATCH_ALL"}`: nil,
		`"SearchableSegmentAttributes":{"Criteria":[{"Key":"connect:Subtype","Values":["connect:Chat"]}],"MatchType":"MATCH_ANY"}`: {waiting, byBob, byAnn},
	} {
		a := mia.wants(200, "", "POST", search, within(criteria))
		if got := foundIn(a); !slices.Equal(got, want) || a.json["TotalCount"] != float64(len(want)) {
			t.Errorf("%s finds %v of %v, want %v", criteria, got, a.json["TotalCount"], want)
		}
	}
	if got := foundIn(his.wants(200, "", "POST", search, within(""))); !slices.Equal(got, []center.ContactID{byBob}) {
		t.Errorf("who may find their own finds %v", got)
	}
	his.wants(403, "AccessDeniedException", "POST", search, within(`"SearchableContactAttributes":{"Criteria":[{"Key":"order","Values":["4711"]}]}`))
	his.wants(200, "", "GET", search+"/"+string(byBob)+"/transcript", "")
	his.wants(404, "ContactNotFoundException", "GET", search+"/"+string(byAnn)+"/transcript", "")
	if got := told(mia.wants(200, "", "GET", search+"/"+string(byAnn)+"/transcript", "")); !slices.Equal(got, []string{"I am ada", "[met ada]"}) {
		t.Errorf("the transcript is %q", got)
	}
	mia.wants(409, "InvalidStateException", "GET", search+"/"+string(waiting)+"/transcript", "")
	mia.wants(404, "ContactNotFoundException", "GET", search+"/33333333-1111-4111-8111-111111111111/transcript", "")
	mia.wants(400, "InvalidParameterException", "GET", search+"/"+string(byAnn)+"/transcript?maxResults=1000", "")
	eve := w.program("eve", `"instance":"there"`)
	if got := foundIn(eve.wants(200, "", "POST", search, within(""))); len(got) != 0 {
		t.Errorf("another instance finds %v", got)
	}
	eve.wants(404, "ContactNotFoundException", "GET", search+"/"+string(byAnn)+"/transcript", "")
	if got := audited(w, "agent:ReadTranscript"); len(got) != 2 {
		t.Errorf("%d readings are audited, want 2", len(got))
	}

	// Page by page, as a transcript too.
	page := mia.wants(200, "", "POST", search, within("", `"MaxResults":2`))
	next, _ := page.json["NextToken"].(string)
	rest := mia.wants(200, "", "POST", search, within("", `"MaxResults":2`, fmt.Sprintf(`"NextToken":%q`, next)))
	if got := append(foundIn(page), foundIn(rest)...); !slices.Equal(got, []center.ContactID{waiting, byBob, byAnn}) || rest.json["NextToken"] != nil {
		t.Errorf("page by page %v", got)
	}
	his.wants(400, "InvalidParameterException", "POST", search, within("", `"MaxResults":2`, fmt.Sprintf(`"NextToken":%q`, next))) // it is another search
	var read []string
	for next := ""; ; {
		a := mia.wants(200, "", "GET", search+"/"+string(byAnn)+"/transcript?maxResults=1&nextToken="+next, "")
		read = append(read, told(a)...)
		if next, _ = a.json["NextToken"].(string); next == "" {
			break
		}
	}
	if !slices.Equal(read, []string{"I am ada", "[met ada]"}) {
		t.Errorf("item by item the transcript is %q", read)
	}

	for body, field := range map[string]string{
		`{}`: "TimeRange", `{"TimeRange":{"Type":"NOON","StartTime":1,"EndTime":2}}`: "TimeRange.Type", `{"TimeRange":{"Type":"INITIATION_TIMESTAMP","EndTime":2}}`: "TimeRange.StartTime",
		`{"TimeRange":{"Type":"INITIATION_TIMESTAMP","StartTime":-1,"EndTime":2}}`: "TimeRange.StartTime", `{"TimeRange":{"Type":"INITIATION_TIMESTAMP","StartTime":3,"EndTime":2}}`: "StartTime",
		`{"TimeRange":{"Type":"INITIATION_TIMESTAMP","StartTime":1e300,"EndTime":2}}`: "TimeRange.StartTime", `{"TimeRange":{"Type":"INITIATION_TIMESTAMP","StartTime":0,"EndTime":100000000}}`: "1344",
		within(`"AgentIds":[""]`): "AgentIds[0]", within(`"CustomerIds":["` + strings.Repeat("x", 129) + `"]`): "CustomerIds[0]", within(`"InitiationMethods":["x"]`): "InitiationMethods",
		within(`"ContactAnalysis":{"Transcript":{"Criteria":[]}}`): "unknown member", within(`"Name":{"SearchText":["x"],"MatchType":"x"}`): "Name.MatchType",
		within(`"SearchableContactAttributes":{"Criteria":[{"Key":"","Values":[]}]}`): "Key", within(`"AdditionalTimeRange":{"MatchType":"MATCH_ALL","Criteria":[{}]}`): "AdditionalTimeRange.Criteria",
		within(`"ContactTags":{"TagCondition":{"TagKey":""}}`): "TagKey", within("", `"Sort":{"FieldName":"x","Order":"ASCENDING"}`): "Sort.FieldName", within("", `"MaxResults":101`): "MaxResults",
		within("", `"NextToken":"x"`): "NextToken", within(`"AgentIds":["` + strings.Repeat(`a","`, 100) + `a"]`): "AgentIds",
	} {
		if a := mia.wants(400, "InvalidParameterException", "POST", search, body); !strings.Contains(a.message(), field) {
			t.Errorf("%.90s: %s", body, a.message())
		}
	}
}
