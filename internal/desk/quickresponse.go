package desk

import (
	"context"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// What managing quick responses needs. Who may create may also view and edit (admin guide, "Assign permissions to manage quick
// responses").
var (
	seesQuick    = [][]string{{center.PermitQuickView, center.PermitQuickCreate, center.PermitQuickEdit, center.PermitQuickDelete}}
	createsQuick = [][]string{{center.PermitQuickCreate}}
	editsQuick   = [][]string{{center.PermitQuickEdit, center.PermitQuickCreate}}
	deletesQuick = [][]string{{center.PermitQuickDelete}}
)

var quickRoutes = []route{
	row("GET", "quick-responses", seesQuick, "Lists the quick responses.", (*call).listQuick),
	row("POST", "quick-responses", createsQuick, "Makes a quick response.", (*call).createQuick).refuses(center.Duplicate, center.NotFound, center.QuotaExceeded),
	row("GET", "quick-responses/{quickResponse}", seesQuick, "Shows a quick response.", (*call).showQuick).refuses(center.NotFound),
	row("PUT", "quick-responses/{quickResponse}", editsQuick, "Puts a quick response in the place of one.", (*call).updateQuick).refuses(center.Duplicate, center.NotFound),
	row("DELETE", "quick-responses/{quickResponse}", deletesQuick, "Deletes a quick response.", (*call).deleteQuick).refuses(center.NotFound),
	row("POST", "quick-responses/import", createsQuick, "Reads quick responses from a CSV file, all or none.", (*call).importQuick).upTo(maxImportBody).refuses(center.InvalidRequest, center.QuotaExceeded, center.Conflict),
	row("GET", "quick-responses/export", seesQuick, "Writes all quick responses as a CSV file.", (*call).exportQuick),
	row("GET", "quick-responses/exist", agents, "Says whether the instance has quick responses.", (*call).quickExist),
	row("POST", "quick-responses/search", agents, "Finds the quick responses of the caller's routing profile, filled in for a contact.", (*call).searchQuick).refuses(center.ContactNotFound),
}

// maxImportBody is enough for as many quick responses as a file may have.
const maxImportBody = 8 << 20

// quickView is a quick response as Amazon Q in Connect shows it.
// Source: API reference, QuickResponseData and QuickResponseSearchResultData.
type quickView struct {
	ID           center.QuickResponseID `json:"quickResponseId"`
	ARN          string                 `json:"quickResponseArn"`
	Base         center.InstanceID      `json:"knowledgeBaseId" about:"The id of the instance: it has one collection of quick responses."`
	BaseARN      string                 `json:"knowledgeBaseArn"`
	Name         string                 `json:"name"`
	Description  string                 `json:"description,omitempty"`
	Shortcut     string                 `json:"shortcutKey,omitempty"`
	ContentType  string                 `json:"contentType"`
	Contents     quickContents          `json:"contents"`
	Active       bool                   `json:"isActive"`
	Channels     []string               `json:"channels"`
	Language     string                 `json:"language,omitempty"`
	Grouping     *quickGrouping         `json:"groupingConfiguration,omitempty" about:"The routing profiles whose agents find it; absent: all agents do."`
	Status       string                 `json:"status"`
	Created      float64                `json:"createdTime"`
	Modified     float64                `json:"lastModifiedTime"`
	ModifiedBy   string                 `json:"lastModifiedBy,omitempty" about:"The ARN of a user."`
	Interpolated []string               `json:"attributesInterpolated,omitempty" about:"Names in placeholders that were filled in."`
	Missing      []string               `json:"attributesNotInterpolated,omitempty" about:"Names in placeholders that have no value: these stay in the content."`
}

type quickContents struct {
	Plain    *quickContent `json:"plainText,omitempty"`
	Markdown *quickContent `json:"markdown,omitempty"`
}

type quickContent struct {
	Content string `json:"content"`
}

type quickGrouping struct {
	Criteria string   `json:"criteria"`
	Values   []string `json:"values" about:"ARNs of routing profiles."`
}

func (c *call) quickViewOf(r *center.QuickResponse, content string) quickView {
	at := c.who.Instance
	base := "arn:aws:wisdom:" + c.Partition.Region + ":" + c.Partition.Account
	v := quickView{
		ID: r.ID, ARN: base + ":quick-response/" + string(at) + "/" + string(r.ID), Base: at, BaseARN: base + ":knowledge-base/" + string(at),
		Name: r.Name, Description: r.Description, Shortcut: r.Shortcut, ContentType: center.QuickContentType(r.Format),
		Contents: quickContents{Plain: &quickContent{content}}, Active: !r.Inactive, Channels: r.Channels, Language: r.Language,
		Status: "CREATED", Created: seconds(r.Created), Modified: seconds(r.Modified),
	}
	if len(v.Channels) == 0 {
		v.Channels = center.QuickChannels // clients take it as given
	}
	if r.Format == center.QuickMarkdown {
		v.Contents.Markdown = v.Contents.Plain
	}
	if len(r.Profiles) > 0 {
		v.Grouping = &quickGrouping{Criteria: "RoutingProfileArn", Values: make([]string, len(r.Profiles))}
		for i, id := range r.Profiles {
			v.Grouping.Values[i] = c.Partition.InstanceARN(at) + "/routing-profile/" + string(id)
		}
	}
	if r.ModifiedBy != "" {
		v.ModifiedBy = c.Partition.InstanceARN(at) + "/agent/" + string(r.ModifiedBy)
	}
	return v
}

// quickInput is a quick response as it is given.
type quickInput struct {
	Name        string   `json:"name" rule:"required,max=100"`
	Description string   `json:"description" rule:"max=255"`
	Shortcut    string   `json:"shortcutKey" rule:"max=10" about:"What agents type to find it; unique whatever the case of its letters."`
	Content     string   `json:"content" rule:"required,max=1024" about:"May have placeholders: {{Attributes.NAME}}, {{Agent.FirstName}}, {{Agent.LastName}}, {{Agent.Username}}."`
	ContentType string   `json:"contentType" about:"plain or markdown, or Amazon Q in Connect's media types for them; absent: plain."`
	Active      *bool    `json:"isActive" about:"Whether agents find it; absent: they do."`
	Channels    []string `json:"channels" about:"Chat and Email; absent: all."`
	Language    string   `json:"language" about:"Such as en_US."`
	Profiles    []string `json:"routingProfiles" rule:"max=20" about:"ids or ARNs; absent: all agents find it."`
}

type quickIDInput struct {
	ID string `path:"quickResponse" about:"The id of a quick response."`
}

func (c *call) quickFrom(in *quickInput) (r center.QuickResponse, err error) {
	r = center.QuickResponse{
		Head:    center.Head[center.QuickResponseID]{Name: in.Name, Description: in.Description},
		Content: in.Content, Format: strings.TrimPrefix(in.ContentType, center.QuickContentType("")), Shortcut: in.Shortcut, Inactive: in.Active != nil && !*in.Active,
		Channels: in.Channels, Language: in.Language, ModifiedBy: c.who.User,
	}
	if r.Format == "" {
		r.Format = center.QuickPlain
	}
	for _, p := range in.Profiles {
		if err := c.ofInstance("routingProfiles", p); err != nil {
			return r, err
		}
		r.Profiles = append(r.Profiles, center.RoutingProfileID(catalog.RoutingProfiles.ParseID(p)))
	}
	return r, nil
}

type quickListOutput struct {
	Quick []quickView `json:"quickResponses"`
	Next  string      `json:"nextToken,omitempty"`
}

func (c *call) listQuick(in pageInput) (*quickListOutput, error) {
	all, err := catalog.QuickResponses.List(c.r.Context(), c.Catalog, c.who.Instance, in.Next, in.limit()+1, nil)
	if err != nil {
		return nil, err
	}
	page, next := pageOf(all, in.limit(), func(r *center.QuickResponse) string { return string(r.ID) })
	out := &quickListOutput{Quick: make([]quickView, len(page)), Next: next}
	for i := range page {
		out.Quick[i] = c.quickViewOf(&page[i], page[i].Content)
	}
	return out, nil
}

func (c *call) createQuick(in quickInput) (*quickView, error) {
	r, err := c.quickFrom(&in)
	if err != nil {
		return nil, err
	}
	if err := c.Catalog.CreateQuickResponse(c.by(c.r.Context(), c.who.Name, "CreateQuickResponse"), c.who.Instance, &r); err != nil {
		return nil, err
	}
	v := c.quickViewOf(&r, r.Content)
	return &v, nil
}

func (c *call) showQuick(in quickIDInput) (*quickView, error) {
	r, err := catalog.QuickResponses.Get(c.r.Context(), c.Catalog, c.who.Instance, in.ID)
	if err != nil {
		return nil, err
	}
	v := c.quickViewOf(r, r.Content)
	return &v, nil
}

type quickUpdateInput struct {
	quickIDInput
	quickInput
}

func (c *call) updateQuick(in quickUpdateInput) (*quickView, error) {
	to, err := c.quickFrom(&in.quickInput)
	if err != nil {
		return nil, err
	}
	r, err := c.Catalog.UpdateQuickResponse(c.by(c.r.Context(), c.who.Name, "UpdateQuickResponse"), c.who.Instance, in.ID, to)
	if err != nil {
		return nil, err
	}
	v := c.quickViewOf(r, r.Content)
	return &v, nil
}

func (c *call) deleteQuick(in quickIDInput) (empty, error) {
	return empty{}, catalog.QuickResponses.Delete(c.by(c.r.Context(), c.who.Name, "DeleteQuickResponse"), c.Catalog, c.who.Instance, in.ID)
}

type quickImportInput struct {
	CSV     string `json:"csv" rule:"required" about:"The file. Its first row names the columns."`
	Replace bool   `json:"replace" about:"Whether quick responses whose names exist are replaced; else such a row is a problem."`
}

type quickImportOutput struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
}

func (c *call) importQuick(in quickImportInput) (*quickImportOutput, error) {
	if in.Replace {
		if err := c.who.May(center.PermitQuickEdit, center.PermitQuickCreate); err != nil {
			return nil, err
		}
	}
	done, err := c.Catalog.ImportQuickResponses(c.by(c.r.Context(), c.who.Name, "ImportQuickResponses"), c.who.Instance, []byte(in.CSV), in.Replace, c.who.User)
	return &quickImportOutput{done.Created, done.Updated}, err
}

type quickExportOutput struct {
	CSV string `json:"csv"`
}

func (c *call) exportQuick(empty) (*quickExportOutput, error) {
	text, err := c.Catalog.ExportQuickResponses(c.r.Context(), c.who.Instance)
	return &quickExportOutput{string(text)}, err
}

type quickExistOutput struct {
	Exist bool `json:"exist"`
}

// quickExist is qrIntegrationExists of agents' clients.
func (c *call) quickExist(empty) (*quickExistOutput, error) {
	_, any, err := c.Catalog.QuickResponsesFor(c.r.Context(), c.who.Instance, "", c.user.RoutingProfile, center.QuickChannels[0])
	return &quickExistOutput{any}, err
}

type quickSearchInput struct {
	Query      string            `json:"query" rule:"max=1024" about:"Words, or a shortcut key; absent: all."`
	Contact    string            `json:"contactId" rule:"max=256" about:"One of the caller's contacts, whose attributes fill in placeholders."`
	Attributes map[string]string `json:"attributes" about:"Attributes that go before those of the contact."`
	Max        *int              `json:"maxResults" rule:"min=1,max=100" about:"How many at most; 25 if it is absent."`
	Next       string            `json:"nextToken" rule:"max=20" about:"The nextToken of the page before."`
}

type quickSearchOutput struct {
	Results []quickView `json:"results"`
	Next    string      `json:"nextToken,omitempty"`
}

// quickResults is how many a search finds if the caller does not say it (admin guide, "Enable Amazon Connect quick responses in a
// custom CCP").
const quickResults = 25

// searchQuick is qrSearchQuickResponses of agents' clients.
func (c *call) searchQuick(in quickSearchInput) (*quickSearchOutput, error) {
	ctx := c.r.Context()
	attributes, err := c.quickAttributes(ctx, &in)
	if err != nil {
		return nil, err
	}
	limit, from := quickResults, 0
	if in.Max != nil {
		limit = *in.Max
	}
	if in.Next != "" {
		if from, err = strconv.Atoi(in.Next); err != nil || from < 0 {
			return nil, center.Refuse(center.InvalidParameter, "nextToken must be the one of an earlier answer")
		}
	}
	found, _, err := c.Catalog.QuickResponsesFor(ctx, c.who.Instance, in.Query, c.user.RoutingProfile, center.QuickChannels[0])
	if err != nil {
		return nil, err
	}
	found = found[min(from, len(found)):]
	out := &quickSearchOutput{Results: []quickView{}}
	if len(found) > limit {
		found, out.Next = found[:limit], strconv.Itoa(from+limit)
	}
	agent := map[string]string{"FirstName": c.user.Identity.FirstName, "LastName": c.user.Identity.LastName, "Username": c.user.Name}
	for _, r := range found {
		filled := center.Fill(r.Content, attributes, agent)
		v := c.quickViewOf(r, filled.Content)
		v.Interpolated, v.Missing = filled.Filled, filled.Missing
		out.Results = append(out.Results, v)
	}
	return out, nil
}

// quickAttributes are those that fill in placeholders.
func (c *call) quickAttributes(ctx context.Context, in *quickSearchInput) (map[string]string, error) {
	if in.Contact == "" {
		return in.Attributes, nil
	}
	slot, err := c.own(in.Contact)
	if err != nil {
		return nil, err
	}
	of, _, err := c.Chats.Contact(ctx, c.who.Instance, slot.Contact)
	if center.Is(err, center.NotFound) {
		err = center.Refuse(center.ContactNotFound, "The chat of the contact %s was erased", slot.Contact)
	}
	if err != nil {
		return nil, err
	}
	all := attributesOf(of, slot)
	merged := make(map[string]string, len(all)+len(in.Attributes))
	for _, some := range []map[string]string{all, in.Attributes} {
		for name, value := range some {
			merged[name] = value
		}
	}
	return merged, nil
}
