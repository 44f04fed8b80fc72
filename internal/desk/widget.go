package desk

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// What the definitions of widgets need. Keys are part of editing.
var (
	seesWidgets    = [][]string{{center.PermitWidgetView, center.PermitWidgetCreate, center.PermitWidgetEdit, center.PermitWidgetDelete}}
	createsWidgets = [][]string{{center.PermitWidgetCreate}}
	editsWidgets   = [][]string{{center.PermitWidgetEdit}}
	deletesWidgets = [][]string{{center.PermitWidgetDelete}}
)

var widgetRoutes = []route{
	row("GET", "widgets", seesWidgets, "Lists the definitions of widgets.", (*call).listWidgets),
	row("POST", "widgets", createsWidgets, "Makes the definition of a widget.", (*call).createWidget).refuses(ofWidgets...).refuses(center.QuotaExceeded),
	row("GET", "widgets/{widget}", seesWidgets, "Shows the definition of a widget.", (*call).showWidget).refuses(center.NotFound),
	row("PUT", "widgets/{widget}", editsWidgets, "Puts a definition in the place of one.", (*call).updateWidget).refuses(ofWidgets...),
	row("DELETE", "widgets/{widget}", deletesWidgets, "Deletes the definition of a widget, with its keys.", (*call).deleteWidget).refuses(center.NotFound),
	row("POST", "widgets/{widget}/keys", editsWidgets, "Makes a key that tokens for the widget are signed with.", (*call).addWidgetKey).refuses(center.NotFound, center.QuotaExceeded),
	row("DELETE", "widgets/{widget}/keys/{key}", editsWidgets, "Deletes a key.", (*call).deleteWidgetKey).refuses(center.NotFound),
}

var ofWidgets = []center.Code{center.Duplicate, center.NotFound, center.InvalidRequest}

// widgetInput is a definition as it is given.
type widgetInput struct {
	Name         string              `json:"name" rule:"required,max=127"`
	Description  string              `json:"description" rule:"max=250"`
	Flow         string              `json:"flow" rule:"required,max=500" about:"The id or the ARN of the flow that chats start with."`
	Domains      []string            `json:"domains" rule:"required,max=50" about:"Origins of the sites that may show the widget, such as https://example.com; their subdomains may too."`
	Security     bool                `json:"security" about:"Whether a chat starts only with a token that a key of the widget has signed."`
	ContentTypes []string            `json:"contentTypes" rule:"max=10" about:"Those that a chat may have at most; absent: all."`
	Minutes      *int                `json:"minutes" rule:"min=60,max=10080" about:"How long a chat may be; absent: 1500."`
	Language     string              `json:"language" about:"Of the widget's words, such as en_US."`
	Receipts     bool                `json:"receipts" about:"Whether customers see that messages were delivered and read."`
	Survey       bool                `json:"survey" about:"Whether the agent leaves first when the customer ends the chat, so that the flow can ask questions."`
	Persistent   string              `json:"persistent" rule:"enum=ENTIRE_PAST_SESSION|FROM_SEGMENT" about:"How the next chat of a customer goes on from the last one; absent: it does not."`
	Form         string              `json:"form" rule:"max=500" about:"The id or the ARN of the view that customers fill in before a chat."`
	Styles       center.WidgetStyles `json:"styles" about:"Looks; colours are #RGB or #RRGGBB."`
	Texts        center.WidgetTexts  `json:"texts" about:"Words in place of the page's own."`
}

type widgetIDInput struct {
	ID string `path:"widget" about:"The id of a widget."`
}

type widgetView struct {
	ID           center.WidgetID     `json:"id"`
	ARN          string              `json:"arn"`
	Name         string              `json:"name"`
	Description  string              `json:"description,omitempty"`
	Flow         string              `json:"flow" about:"The ARN of the flow."`
	Domains      []string            `json:"domains"`
	Security     bool                `json:"security"`
	ContentTypes []string            `json:"contentTypes,omitempty"`
	Minutes      int                 `json:"minutes,omitempty"`
	Language     string              `json:"language,omitempty"`
	Receipts     bool                `json:"receipts"`
	Survey       bool                `json:"survey"`
	Persistent   string              `json:"persistent,omitempty"`
	Form         string              `json:"form,omitempty" about:"The ARN of the view."`
	Styles       center.WidgetStyles `json:"styles"`
	Texts        center.WidgetTexts  `json:"texts"`
	Created      float64             `json:"createdTime"`
	Modified     float64             `json:"lastModifiedTime"`
	ModifiedBy   string              `json:"lastModifiedBy,omitempty" about:"The ARN of a user."`
	Keys         []widgetKeyView     `json:"keys,omitempty" about:"Without their secrets; not in lists."`
}

type widgetKeyView struct {
	ID      string  `json:"id"`
	Created float64 `json:"createdTime"`
}

func (c *call) widgetFrom(in *widgetInput) (w center.Widget, err error) {
	for _, of := range []struct{ member, arn string }{{"flow", in.Flow}, {"form", in.Form}} {
		if err := c.ofInstance(of.member, of.arn); err != nil {
			return w, err
		}
	}
	w = center.Widget{
		Head: center.Head[center.WidgetID]{Name: in.Name, Description: in.Description}, Flow: center.FlowID(catalog.Flows.ParseID(in.Flow)),
		Domains: in.Domains, Security: in.Security, ContentTypes: in.ContentTypes, Language: in.Language, Receipts: in.Receipts, Survey: in.Survey,
		Persistent: in.Persistent, Form: center.ViewID(catalog.Views.ParseID(in.Form)), Styles: in.Styles, Texts: in.Texts, ModifiedBy: c.who.User,
	}
	if in.Minutes != nil {
		w.Minutes = *in.Minutes
	}
	return w, nil
}

func (c *call) widgetViewOf(w *center.Widget) widgetView {
	at := c.who.Instance
	instance := c.Partition.InstanceARN(at)
	v := widgetView{
		ID: w.ID, ARN: catalog.Widgets.ARN(c.Partition, at, w), Name: w.Name, Description: w.Description, Flow: instance + "/contact-flow/" + string(w.Flow),
		Domains: w.Domains, Security: w.Security, ContentTypes: w.ContentTypes, Minutes: w.Minutes, Language: w.Language, Receipts: w.Receipts, Survey: w.Survey,
		Persistent: w.Persistent, Styles: w.Styles, Texts: w.Texts, Created: seconds(w.Created), Modified: seconds(w.Modified),
	}
	if w.Form != "" {
		v.Form = instance + "/view/" + string(w.Form)
	}
	if w.ModifiedBy != "" {
		v.ModifiedBy = instance + "/agent/" + string(w.ModifiedBy)
	}
	return v
}

type widgetListOutput struct {
	Widgets []widgetView `json:"widgets"`
	Next    string       `json:"nextToken,omitempty"`
}

func (c *call) listWidgets(in pageInput) (*widgetListOutput, error) {
	all, err := catalog.Widgets.List(c.r.Context(), c.Catalog, c.who.Instance, in.Next, in.limit()+1, nil)
	if err != nil {
		return nil, err
	}
	page, next := pageOf(all, in.limit(), func(w *center.Widget) string { return string(w.ID) })
	out := &widgetListOutput{Widgets: make([]widgetView, len(page)), Next: next}
	for i := range page {
		out.Widgets[i] = c.widgetViewOf(&page[i])
	}
	return out, nil
}

func (c *call) createWidget(in widgetInput) (*widgetView, error) {
	w, err := c.widgetFrom(&in)
	if err != nil {
		return nil, err
	}
	if err := c.Catalog.CreateWidget(c.by(c.r.Context(), c.who.Name, "CreateWidget"), c.who.Instance, &w); err != nil {
		return nil, err
	}
	v := c.widgetViewOf(&w)
	return &v, nil
}

func (c *call) showWidget(in widgetIDInput) (*widgetView, error) {
	ctx, at := c.r.Context(), c.who.Instance
	w, err := catalog.Widgets.Get(ctx, c.Catalog, at, catalog.Widgets.ParseID(in.ID))
	if err != nil {
		return nil, err
	}
	keys, err := c.Catalog.WidgetKeys(ctx, at, string(w.ID))
	if err != nil {
		return nil, err
	}
	v := c.widgetViewOf(w)
	for i := range keys {
		v.Keys = append(v.Keys, widgetKeyView{keyOf(keys[i].ID), seconds(keys[i].Created)})
	}
	return &v, nil
}

// keyOf is the id of a key among those of its widget.
func keyOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

type widgetUpdateInput struct {
	widgetIDInput
	widgetInput
}

func (c *call) updateWidget(in widgetUpdateInput) (*widgetView, error) {
	w, err := c.widgetFrom(&in.widgetInput)
	if err != nil {
		return nil, err
	}
	if err := c.Catalog.UpdateWidget(c.by(c.r.Context(), c.who.Name, "UpdateWidget"), c.who.Instance, catalog.Widgets.ParseID(in.ID), &w); err != nil {
		return nil, err
	}
	v := c.widgetViewOf(&w)
	return &v, nil
}

func (c *call) deleteWidget(in widgetIDInput) (empty, error) {
	return empty{}, catalog.Widgets.Delete(c.by(c.r.Context(), c.who.Name, "DeleteWidget"), c.Catalog, c.who.Instance, catalog.Widgets.ParseID(in.ID))
}

type widgetKeyOutput struct {
	widgetKeyView
	Key string `json:"key" about:"44 characters, used as text. It is not shown again."`
}

func (c *call) addWidgetKey(in widgetIDInput) (*widgetKeyOutput, error) {
	key, secret, err := c.Catalog.AddWidgetKey(c.by(c.r.Context(), c.who.Name, "AddWidgetKey"), c.who.Instance, catalog.Widgets.ParseID(in.ID), c.who.User)
	if err != nil {
		return nil, err
	}
	return &widgetKeyOutput{widgetKeyView{keyOf(key.ID), seconds(key.Created)}, secret}, nil
}

type deleteWidgetKeyInput struct {
	widgetIDInput
	Key string `path:"key" about:"The id of a key."`
}

func (c *call) deleteWidgetKey(in deleteWidgetKeyInput) (empty, error) {
	return empty{}, c.Catalog.DeleteWidgetKey(c.by(c.r.Context(), c.who.Name, "DeleteWidgetKey"), c.who.Instance, catalog.Widgets.ParseID(in.ID), in.Key)
}
