package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/store"
)

// Contacts that are not the caller's: found by a search or by their customer, and read when they are over.

// finds is what searching for contacts needs, and reads what reading their transcripts does.
var (
	finds = [][]string{{center.PermitContacts, center.PermitOwnContacts}}
	reads = [][]string{{center.PermitTranscripts, center.PermitRecordings}}
)

var historyRoutes = []route{
	row("POST", "history", finds, "Searches for contacts, as SearchContacts does, among those that the caller may find.", (*call).searchHistory).refuses(center.AccessDenied),
	row("GET", "history/{contact}/transcript", reads, "Shows a page of the transcript of a contact that is over. The audit log has that it was read.", (*call).readTranscript).
		refuses(center.ContactNotFound, center.InvalidState),
	row("GET", "contacts/{contact}/others", agents, "Shows the other contacts of the customer of a contact, the latest first.", (*call).listOthers).refuses(center.ContactNotFound),
}

// historyInput has the members of SearchContacts, as far as they can find a chat.
type historyInput struct {
	Range    *timeRangeInput `json:"TimeRange" rule:"required"`
	Criteria criteriaInput   `json:"SearchCriteria"`
	Sort     *sortInput      `json:"Sort" about:"Of the latest contacts first when it is left out."`
	Max      *int            `json:"MaxResults" rule:"min=1,max=100"`
	Next     string          `json:"NextToken" rule:"max=4096"`
}

type timeRangeInput struct {
	Type  string   `json:"Type" rule:"required,enum=INITIATION_TIMESTAMP|SCHEDULED_TIMESTAMP|CONNECTED_TO_AGENT_TIMESTAMP|DISCONNECT_TIMESTAMP|ENQUEUE_TIMESTAMP"`
	Start *float64 `json:"StartTime" rule:"required,min=0,max=253402300799" about:"Seconds since 1970."`
	End   *float64 `json:"EndTime" rule:"required,min=0,max=253402300799" about:"Seconds since 1970."`
}

type sortInput struct {
	Field string `json:"FieldName" rule:"required,enum=INITIATION_TIMESTAMP|SCHEDULED_TIMESTAMP|CONNECTED_TO_AGENT_TIMESTAMP|DISCONNECT_TIMESTAMP|INITIATION_METHOD|CHANNEL|EXPIRY_TIMESTAMP"`
	Order string `json:"Order" rule:"required,enum=ASCENDING|DESCENDING"`
}

type criteriaInput struct {
	Customers  []string        `json:"CustomerIds" rule:"max=100" about:"SearchContacts has no such criterion."`
	Agents     []string        `json:"AgentIds" rule:"max=100" about:"Ids or ARNs of the agents who have handled the contact."`
	Queues     []string        `json:"QueueIds" rule:"max=100" about:"Ids or ARNs."`
	Methods    []string        `json:"InitiationMethods" rule:"max=20"`
	Groups     groupsInput     `json:"AgentHierarchyGroups"`
	Name       *nameInput      `json:"Name"`
	Attributes *valuesInput    `json:"SearchableContactAttributes" about:"Needs the permission ContactAttributes.View."`
	Segments   *valuesInput    `json:"SearchableSegmentAttributes"`
	Times      *moreTimesInput `json:"AdditionalTimeRange"`
	Tags       *tagFilterInput `json:"ContactTags"`
}

type groupsInput struct {
	L1 []string `json:"L1Ids" rule:"max=10"`
	L2 []string `json:"L2Ids" rule:"max=10"`
	L3 []string `json:"L3Ids" rule:"max=10"`
	L4 []string `json:"L4Ids" rule:"max=10"`
	L5 []string `json:"L5Ids" rule:"max=10"`
}

type nameInput struct {
	Texts []string `json:"SearchText" rule:"max=100"`
	Match string   `json:"MatchType" rule:"required,enum=MATCH_ALL|MATCH_ANY|MATCH_EXACT|MATCH_NONE"`
}

type valuesInput struct {
	Criteria []keyInput `json:"Criteria" rule:"max=15"`
	Match    string     `json:"MatchType" rule:"enum=MATCH_ALL|MATCH_ANY|MATCH_EXACT|MATCH_NONE"`
}

type keyInput struct {
	Key    string   `json:"Key" rule:"required,max=100"`
	Values []string `json:"Values" rule:"max=20" about:"One of them; none finds nothing."`
}

type moreTimesInput struct {
	Criteria []timeInput `json:"Criteria" rule:"max=20"`
	Match    string      `json:"MatchType" rule:"required,enum=MATCH_ALL|MATCH_ANY|MATCH_EXACT|MATCH_NONE"`
}

type timeInput struct {
	Range     *timeRangeInput `json:"TimeRange" about:"This or TimestampCondition."`
	Condition *timeCondition  `json:"TimestampCondition"`
}

type timeCondition struct {
	Type      string `json:"Type" rule:"required,enum=INITIATION_TIMESTAMP|SCHEDULED_TIMESTAMP|CONNECTED_TO_AGENT_TIMESTAMP|DISCONNECT_TIMESTAMP|ENQUEUE_TIMESTAMP"`
	Condition string `json:"ConditionType" rule:"required,enum=NOT_EXISTS"`
}

type tagFilterInput struct {
	Or  []tagsInput `json:"OrConditions" rule:"max=20" about:"One of the three members."`
	And []tagInput  `json:"AndConditions" rule:"max=20"`
	One *tagInput   `json:"TagCondition"`
}

type tagsInput = []tagInput

type tagInput struct {
	Key   string  `json:"TagKey" rule:"required,max=128"`
	Value *string `json:"TagValue" rule:"max=256"`
}

type othersInput struct {
	contactInput
	Max  int    `query:"maxResults" rule:"min=1,max=100"`
	Next string `query:"nextToken" rule:"max=4096"`
}

// historyOutput is an answer of SearchContacts, with a little more of each contact.
type historyOutput struct {
	Contacts []foundContact `json:"Contacts"`
	Total    *int64         `json:"TotalCount,omitempty"` // of a search
	Next     string         `json:"NextToken,omitempty"`
}

type foundContact struct {
	ARN          string                  `json:"Arn"`
	ID           center.ContactID        `json:"Id"`
	Initial      center.ChatID           `json:"InitialContactId"`
	Previous     center.ContactID        `json:"PreviousContactId,omitempty"`
	Method       string                  `json:"InitiationMethod,omitempty"`
	Channel      string                  `json:"Channel"`
	Initiated    float64                 `json:"InitiationTimestamp"`
	Disconnected float64                 `json:"DisconnectTimestamp,omitempty"`
	Name         string                  `json:"Name,omitempty"`
	Tags         map[string]string       `json:"Tags,omitempty"`
	Segments     map[string]foundSegment `json:"SegmentAttributes,omitempty"`
	Queue        *foundQueue             `json:"QueueInfo,omitempty"`
	Agent        *foundAgent             `json:"AgentInfo,omitempty"`
	Readable     bool                    `json:"TranscriptReadable"` // by the caller
}

type foundSegment struct {
	Text *string `json:"ValueString,omitempty"`
}

type foundQueue struct {
	ID       center.QueueID `json:"Id"`
	Name     string         `json:"Name,omitempty"` // while there is such a queue
	Enqueued float64        `json:"EnqueueTimestamp"`
}

type foundAgent struct {
	ID        string  `json:"Id"`
	Username  string  `json:"Username,omitempty"` // while there is such a user
	Name      string  `json:"Name,omitempty"`
	Connected float64 `json:"ConnectedToAgentTimestamp"`
}

// maxFound is how many contacts a page has unless fewer are asked for.
const maxFound = 100

// searchHistory is SearchContacts, for what the caller may find.
func (c *call) searchHistory(in historyInput) (*historyOutput, error) {
	ctx := c.r.Context()
	s, err := in.search()
	if err != nil {
		return nil, err
	}
	if in.Criteria.Attributes != nil {
		if err := mayEach(&c.who, rights[rightAttributes]); err != nil {
			return nil, err
		}
	}
	groups, err := c.groups(ctx)
	if err != nil {
		return nil, err
	}
	s.Instance = c.who.Instance
	if s.Scope, err = c.who.Contacts(groups); err != nil {
		return nil, err
	}
	limit := maxFound
	if in.Max != nil {
		limit = *in.Max
	}
	page, err := c.Insight.Search(ctx, s, limit, in.Next)
	if err != nil {
		return nil, err
	}
	out, err := c.foundOut(ctx, page)
	if err == nil {
		out.Total = &page.Total
	}
	return out, err
}

// listOthers shows the other contacts of the customer of one of the caller's contacts: those of the same CustomerId.
func (c *call) listOthers(in othersInput) (*historyOutput, error) {
	slot, err := c.own(in.Contact)
	if err != nil {
		return nil, err
	}
	ctx := c.r.Context()
	customer, err := c.customerOf(ctx, slot)
	if err != nil {
		return nil, err
	}
	groups, err := c.groups(ctx)
	if err != nil {
		return nil, err
	}
	page, err := c.Insight.OfCustomer(ctx, c.who.Instance, customer, slot.Chat, c.who.Restricted(groups), cmp.Or(in.Max, maxFound), in.Next)
	if err != nil {
		return nil, err
	}
	return c.foundOut(ctx, page)
}

// customerOf is the CustomerId of the chat of one of the caller's contacts, "" where there is none and for a contact that the
// caller did not get.
func (c *call) customerOf(ctx context.Context, slot *center.AgentContact) (string, error) {
	if slot.Failed() {
		return "", nil
	}
	of, _, err := c.Chats.Contact(ctx, c.who.Instance, slot.Contact)
	if center.Is(err, center.NotFound) { // it was erased
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return of.CustomerID, nil
}

// readTranscript shows a page of the transcript of a contact that is over, from its beginning on, and puts that into the audit
// log.
func (c *call) readTranscript(in transcriptInput) (*transcriptOutput, error) {
	ctx, at := c.r.Context(), c.who.Instance
	q := in.query()
	if q.Forward == nil {
		forward := true
		q.Forward, q.Ascending = &forward, in.Order != "DESCENDING"
	}
	id := center.ContactID(strings.ToLower(in.Contact))
	r, err := c.mayRead(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.Disconnected.IsZero() {
		return nil, center.Refuse(center.InvalidState, "The contact %s has not ended: monitor it to read it", id)
	}
	gone := func(err error) error {
		if center.Is(err, center.NotFound) {
			return center.Refuse(center.ContactNotFound, "The chat of the contact %s was erased", id)
		}
		return err
	}
	if _, _, err := c.Chats.Contact(ctx, at, id); err != nil {
		return nil, gone(err)
	}
	if err := c.Store.NoteRead(c.by(ctx, c.who.Name, "ReadTranscript"), store.InstanceRef{Instance: at, Ref: store.Ref{Kind: "contact", ID: string(id)}}); err != nil {
		return nil, err
	}
	page, err := c.Transcripts.Over(ctx, at, id, q)
	if err != nil {
		return nil, gone(err)
	}
	return transcriptOut(page), nil
}

// mayRead finds a contact of which the caller may see more than others: one that a search shows them, or one of a customer whom
// they have a contact with. For everybody else it does not exist.
func (c *call) mayRead(ctx context.Context, id center.ContactID) (center.ContactRecord, error) {
	missing := center.Refuse(center.ContactNotFound, "The user may see no contact %s", center.Printable(string(id)))
	r, err := c.Store.ContactRecord(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (r.Instance != c.who.Instance || !r.Shown) {
		return r, missing
	}
	if err != nil {
		return r, err
	}
	groups, err := c.groups(ctx)
	if err != nil {
		return r, err
	}
	if scope, err := c.who.Contacts(groups); err == nil && scope.Covers(r.Agent) {
		return r, nil
	}
	if scope := c.who.Restricted(groups); r.Customer != "" && scope.Covers(r.Agent) && c.who.Has(center.PermitAgent) {
		a, _, err := c.Staff.Agent(ctx, c.who.Instance, c.who.User)
		if err != nil {
			return r, err
		}
		for i := range a.Contacts {
			customer, err := c.customerOf(ctx, &a.Contacts[i])
			if err != nil && !errors.Is(err, center.ErrDamaged) {
				return r, err
			}
			if customer == r.Customer {
				return r, nil
			}
		}
	}
	return r, missing
}

// groups are the caller's hierarchy groups, from the first level on.
func (c *call) groups(ctx context.Context) ([]center.HierarchyGroupID, error) {
	w, err := c.Catalog.Worker(ctx, c.who.Instance, c.who.User)
	if err != nil {
		return nil, err
	}
	return w.Groups, nil
}

// foundOut is a page as it is shown, with the names of queues and agents.
func (c *call) foundOut(ctx context.Context, page *insight.Page) (*historyOutput, error) {
	at := c.who.Instance
	queues, agents := map[center.QueueID]string{}, map[string]*center.User{}
	for i := range page.Contacts {
		queues[page.Contacts[i].Queue], agents[page.Contacts[i].Agent] = "", nil
	}
	named, err := catalog.Queues.List(ctx, c.Catalog, at, "", len(queues), func(q *center.Queue) bool { _, ok := queues[q.ID]; return ok })
	if err != nil {
		return nil, err
	}
	for i := range named {
		queues[named[i].ID] = named[i].Name
	}
	users, err := catalog.Users.List(ctx, c.Catalog, at, "", len(agents), func(u *center.User) bool { _, ok := agents[string(u.ID)]; return ok })
	if err != nil {
		return nil, err
	}
	for i := range users {
		agents[string(users[i].ID)] = &users[i]
	}
	reads, attributes := mayAll(&c.who, reads), c.who.Has(center.PermitAttributes)
	out := &historyOutput{Contacts: make([]foundContact, len(page.Contacts)), Next: page.Next}
	for i := range page.Contacts {
		f := &page.Contacts[i]
		v := foundContact{
			ARN: c.Partition.ContactARN(at, f.ID), ID: f.ID, Initial: f.Chat, Previous: f.Previous, Method: f.InitiationMethod, Channel: "CHAT",
			Initiated: seconds(f.Initiated), Readable: reads && !f.Disconnected.IsZero(),
		}
		if !f.Disconnected.IsZero() {
			v.Disconnected = seconds(f.Disconnected)
		}
		if f.About != nil {
			v.Name, v.Tags = f.About.Name, f.About.Tags
			if attributes {
				v.Segments = segmentsOf(f.About.Segments)
			}
		}
		if !f.Enqueued.IsZero() {
			v.Queue = &foundQueue{f.Queue, queues[f.Queue], seconds(f.Enqueued)}
		}
		if !f.ConnectedToAgent.IsZero() {
			v.Agent = &foundAgent{ID: f.Agent, Connected: seconds(f.ConnectedToAgent)}
			if u := agents[f.Agent]; u != nil {
				v.Agent.Username, v.Agent.Name = u.Name, strings.TrimSpace(u.Identity.FirstName+" "+u.Identity.LastName)
			}
		}
		out.Contacts[i] = v
	}
	return out, nil
}

// segmentsOf are the segment attributes that are texts or numbers.
func segmentsOf(given map[string]center.SegmentAttribute) map[string]foundSegment {
	all := map[string]foundSegment{}
	for key, v := range given {
		switch {
		case v.ValueString != nil:
			all[key] = foundSegment{v.ValueString}
		case v.ValueInteger != nil:
			number := strconv.FormatInt(*v.ValueInteger, 10)
			all[key] = foundSegment{&number}
		}
	}
	return all
}

// search is what was asked for, without the instance and the scope.
func (in *historyInput) search() (*insight.Search, error) {
	s := &insight.Search{Range: in.Range.read()}
	if in.Sort != nil {
		s.Sort = insight.Sort{Field: in.Sort.Field, Order: in.Sort.Order}
	}
	var err error
	s.Criteria, err = in.Criteria.read()
	return s, err
}

func (c *criteriaInput) read() (out insight.Criteria, err error) {
	for _, list := range []struct {
		name    string
		values  []string
		longest int
	}{{"CustomerIds", c.Customers, 128}, {"AgentIds", c.Agents, 256}, {"QueueIds", c.Queues, 256}} {
		if err := bounded("SearchCriteria."+list.name, list.values, 1, list.longest); err != nil {
			return out, err
		}
	}
	for i, m := range c.Methods {
		if !slices.Contains(initiationMethods, m) {
			return out, center.Refuse(center.InvalidParameter, "SearchCriteria.InitiationMethods[%d] must be one of %s", i, strings.Join(initiationMethods, ", "))
		}
	}
	out = insight.Criteria{
		Customers: c.Customers, Agents: c.Agents, Queues: c.Queues, InitiationMethods: c.Methods,
		Groups: [...][]string{c.Groups.L1, c.Groups.L2, c.Groups.L3, c.Groups.L4, c.Groups.L5},
	}
	if n := c.Name; n != nil {
		if err := bounded("SearchCriteria.Name.SearchText", n.Texts, 0, 128); err != nil {
			return out, err
		}
		out.Names = insight.Match[string]{Type: n.Match, List: n.Texts}
	}
	if out.Attributes, err = c.Attributes.read("SearchCriteria.SearchableContactAttributes", 100); err != nil {
		return out, err
	}
	if out.SegmentAttributes, err = c.Segments.read("SearchCriteria.SearchableSegmentAttributes", 128); err != nil {
		return out, err
	}
	if out.Times, err = c.Times.read(); err != nil {
		return out, err
	}
	out.Tags, err = c.Tags.read()
	return out, err
}

// initiationMethods are those of the API model.
var initiationMethods = []string{
	"INBOUND", "OUTBOUND", "TRANSFER", "QUEUE_TRANSFER", "CALLBACK", "API", "DISCONNECT", "MONITOR", "EXTERNAL_OUTBOUND", "WEBRTC_API", "AGENT_REPLY", "FLOW",
}

func (v *valuesInput) read(name string, longest int) (m insight.Match[insight.Values], err error) {
	if v == nil {
		return m, nil
	}
	m.Type = v.Match
	for i, k := range v.Criteria {
		if err := bounded(fmt.Sprintf("%s.Criteria[%d].Values", name, i), k.Values, 0, longest); err != nil {
			return m, err
		}
		m.List = append(m.List, insight.Values{Key: k.Key, Values: k.Values})
	}
	return m, nil
}

func (t *moreTimesInput) read() (m insight.Match[insight.TimeCriterion], err error) {
	if t == nil {
		return m, nil
	}
	m.Type = t.Match
	for i, c := range t.Criteria {
		switch {
		case (c.Range == nil) == (c.Condition == nil):
			return m, center.Refuse(center.InvalidParameter, "SearchCriteria.AdditionalTimeRange.Criteria[%d] must have either TimeRange or TimestampCondition", i)
		case c.Range != nil:
			r := c.Range.read()
			m.List = append(m.List, insight.TimeCriterion{Range: &r})
		default:
			m.List = append(m.List, insight.TimeCriterion{Missing: c.Condition.Type})
		}
	}
	return m, nil
}

func (f *tagFilterInput) read() (lists [][]insight.Tag, err error) {
	if f == nil {
		return nil, nil
	}
	or, members := f.Or, 0
	if len(f.Or) > 0 {
		members++
	}
	if len(f.And) > 0 {
		or, members = [][]tagInput{f.And}, members+1
	}
	if f.One != nil {
		or, members = [][]tagInput{{*f.One}}, members+1
	}
	if members > 1 {
		return nil, center.Refuse(center.InvalidParameter, "SearchCriteria.ContactTags must have one of OrConditions, AndConditions and TagCondition, got %d", members)
	}
	for i, and := range or {
		if len(and) > maxTags {
			return nil, center.Refuse(center.InvalidParameter, "SearchCriteria.ContactTags.OrConditions[%d] must have at most %d members, got %d", i, maxTags, len(and))
		}
		all := make([]insight.Tag, len(and))
		for j, t := range and {
			if t.Key == "" { // of OrConditions, whose lists have no rules
				return nil, center.Refuse(center.InvalidParameter, "SearchCriteria.ContactTags.OrConditions[%d][%d].TagKey is required", i, j)
			}
			all[j] = insight.Tag{Key: t.Key, Value: t.Value}
		}
		lists = append(lists, all)
	}
	return lists, nil
}

// maxTags is how many tags a list of conditions names; the API model has no bound.
const maxTags = 20

func (r *timeRangeInput) read() insight.TimeRange {
	return insight.TimeRange{Type: r.Type, From: instantOf(*r.Start), To: instantOf(*r.End)}
}

// instantOf is a time that is given in seconds since 1970.
func instantOf(at float64) time.Time { return time.UnixMilli(int64(math.Round(at * 1000))).UTC() }

// bounded refuses a list with texts that are too short or too long.
func bounded(name string, values []string, shortest, longest int) error {
	for i, v := range values {
		if n := len([]rune(v)); n < shortest || n > longest {
			return center.Refuse(center.InvalidParameter, "%s[%d] must have %d to %d characters, got %d", name, i, shortest, longest, n)
		}
	}
	return nil
}
