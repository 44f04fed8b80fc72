package center

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// WidgetID names a widget. It is what the snippet on a site has as the id of its script.
type WidgetID string

// Widget is the definition of a chat widget that sites show: what Amazon Connect keeps of a communications widget.
// Source: admin guide, "Add a chat user interface to your website hosted by Amazon Connect".
type Widget struct {
	Head[WidgetID]
	// Flow is the flow that its chats start with. It was there when the widget was saved.
	Flow FlowID `json:"flow"`
	// Domains are the sites that may show it, as origins: their subdomains may too.
	Domains []string `json:"domains"`
	// Security says that a chat starts only with a token that one of the widget's keys has signed.
	Security bool `json:"security,omitempty"`
	// ContentTypes are those that a chat may have at most; none: all.
	ContentTypes []string `json:"contentTypes,omitempty"`
	// Minutes is how long its chats may be, at most and by default; 0: as StartChatContact has it.
	Minutes  int    `json:"minutes,omitempty"`
	Language string `json:"language,omitempty"` // of its words
	Receipts bool   `json:"receipts,omitempty"` // customers see that messages were delivered and read
	// Survey says that the agent leaves first when the customer ends the chat, so that its flow can ask questions.
	Survey bool `json:"survey,omitempty"`
	// Persistent is how a customer's next chat goes on from the last one; "": it does not.
	Persistent string `json:"persistent,omitempty"`
	// Form is the view that customers fill in before the chat, "" for none. It was there when the widget was saved.
	Form       ViewID       `json:"form,omitempty"`
	Styles     WidgetStyles `json:"styles,omitzero"`
	Texts      WidgetTexts  `json:"texts,omitzero"`
	Created    time.Time    `json:"created"`
	ModifiedBy UserID       `json:"modifiedBy,omitempty"`
}

// WidgetStyles are the looks of a widget; what is "" is as the page has it. Colours are #RGB or #RRGGBB.
type WidgetStyles struct {
	ButtonColor    string `json:"buttonColor,omitempty"`
	ButtonIcon     string `json:"buttonIcon,omitempty"` // white or black
	HeaderColor    string `json:"headerColor,omitempty"`
	Background     string `json:"backgroundColor,omitempty"`
	AgentBubble    string `json:"agentBubbleColor,omitempty"`
	CustomerBubble string `json:"customerBubbleColor,omitempty"`
	Typeface       string `json:"typeface,omitempty"`
	LogoURL        string `json:"logoUrl,omitempty"`
	LogoAlt        string `json:"logoAlt,omitempty"`
}

// WidgetTexts are words of a widget; what is "" is as the page has it.
type WidgetTexts struct {
	Header      string `json:"header,omitempty"`
	SystemName  string `json:"systemName,omitempty"`
	BotName     string `json:"botName,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
	EndChat     string `json:"endChat,omitempty"`
	CloseChat   string `json:"closeChat,omitempty"`
}

// Permissions of security profiles that widgets ask for. What Amazon Connect calls them is not published: these are parley's own.
const (
	PermitWidgetView   = "CommunicationsWidgets.View"
	PermitWidgetCreate = "CommunicationsWidgets.Create"
	PermitWidgetEdit   = "CommunicationsWidgets.Edit"
	PermitWidgetDelete = "CommunicationsWidgets.Delete"
)

// Bounds of widgets. Sources: the page above (50 domains), "Pass custom properties to override the defaults in the communications
// widget" (names of 26, texts of 256 and addresses of 2,048 characters), and for the minutes StartChatContact. That of a header is
// ours: Amazon's is a recommendation.
const (
	MaxWidgetKeys        = 2
	maxWidgetDomains     = 50
	maxWidgetName        = 127
	maxWidgetDescription = 250
	maxWidgetDisplayName = 26
	maxWidgetText        = 256
	maxWidgetURL         = 2048
	minChatMinutes       = 60
	maxChatMinutes       = 10080
)

var (
	widgetColor    = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)
	widgetTypeface = regexp.MustCompile(`^[a-zA-Z0-9 ,"'-]{1,100}$`)
)

// Check refuses a widget that cannot be, and writes its domains as browsers spell origins.
func (w *Widget) Check() error {
	for _, text := range []struct {
		name, value string
		least, most int
	}{
		{"name", w.Name, 1, maxWidgetName}, {"description", w.Description, 0, maxWidgetDescription}, {"flow", string(w.Flow), 1, maxWidgetText},
		{"styles.logoUrl", w.Styles.LogoURL, 0, maxWidgetURL}, {"styles.logoAlt", w.Styles.LogoAlt, 0, maxWidgetURL},
		{"texts.header", w.Texts.Header, 0, maxWidgetText}, {"texts.systemName", w.Texts.SystemName, 0, maxWidgetDisplayName},
		{"texts.botName", w.Texts.BotName, 0, maxWidgetDisplayName}, {"texts.placeholder", w.Texts.Placeholder, 0, maxWidgetText},
		{"texts.endChat", w.Texts.EndChat, 0, maxWidgetText}, {"texts.closeChat", w.Texts.CloseChat, 0, maxWidgetText},
	} {
		switch n := utf8.RuneCountInString(text.value); {
		case n < text.least:
			return Refuse(InvalidParameter, "%s is required", text.name)
		case n > text.most:
			return Refuse(InvalidParameter, "%s must have at most %d characters, got %d", text.name, text.most, n)
		}
	}
	if err := w.checkDomains(); err != nil {
		return err
	}
	if err := w.checkChat(); err != nil {
		return err
	}
	return w.Styles.check()
}

func (w *Widget) checkDomains() error {
	if n := len(w.Domains); n == 0 || n > maxWidgetDomains {
		return Refuse(InvalidParameter, "domains must have 1 to %d origins, got %d", maxWidgetDomains, n)
	}
	var all []string
	for i, d := range w.Domains {
		origin, ok := CanonicalOrigin(d)
		if !ok {
			return Refuse(InvalidParameter, "domains[%d] must be an origin such as https://example.com, got %s", i, Printable(d))
		}
		if !slices.Contains(all, origin) {
			all = append(all, origin)
		}
	}
	w.Domains = all
	return nil
}

func (w *Widget) checkChat() error {
	for _, t := range w.ContentTypes {
		if t != Interactive && !slices.Contains(sendable, t) {
			return Refuse(InvalidParameter, "contentTypes may have %s and %s", strings.Join(sendable, ", "), Interactive)
		}
	}
	switch {
	case len(w.ContentTypes) > 0 && !slices.Contains(w.ContentTypes, TextPlain):
		return Refuse(InvalidParameter, "contentTypes must have text/plain")
	case w.Minutes != 0 && (w.Minutes < minChatMinutes || w.Minutes > maxChatMinutes):
		return Refuse(InvalidParameter, "minutes must be %d to %d", minChatMinutes, maxChatMinutes)
	case w.Language != "" && !quickLanguage.MatchString(w.Language):
		return Refuse(InvalidParameter, "language must be a language and a region, such as en_US")
	case w.Persistent != "" && w.Persistent != EntirePastSession && w.Persistent != FromSegment:
		return Refuse(InvalidParameter, "persistent must be %s or %s", EntirePastSession, FromSegment)
	}
	return nil
}

func (s *WidgetStyles) check() error {
	for _, color := range []struct{ name, value string }{
		{"buttonColor", s.ButtonColor}, {"headerColor", s.HeaderColor}, {"backgroundColor", s.Background},
		{"agentBubbleColor", s.AgentBubble}, {"customerBubbleColor", s.CustomerBubble},
	} {
		if color.value != "" && !widgetColor.MatchString(color.value) {
			return Refuse(InvalidParameter, "styles.%s must be a colour such as #1457BD", color.name)
		}
	}
	switch {
	case s.ButtonIcon != "" && s.ButtonIcon != "white" && s.ButtonIcon != "black":
		return Refuse(InvalidParameter, "styles.buttonIcon must be white or black")
	case s.Typeface != "" && !widgetTypeface.MatchString(s.Typeface):
		return Refuse(InvalidParameter, "styles.typeface must have at most 100 letters, digits, spaces, commas, quotes and dashes")
	case s.LogoURL != "" && !strings.HasPrefix(s.LogoURL, "https://"):
		return Refuse(InvalidParameter, "styles.logoUrl must begin with https://")
	}
	return nil
}

// Allows says whether a page of an origin may show the widget: one of its domains, or a subdomain of one, with the same scheme and
// port.
func (w *Widget) Allows(origin string) bool {
	origin, ok := CanonicalOrigin(origin)
	if !ok {
		return false
	}
	scheme, host, _ := strings.Cut(origin, "://")
	return slices.ContainsFunc(w.Domains, func(d string) bool {
		of, domain, _ := strings.Cut(d, "://")
		return of == scheme && (host == domain || strings.HasSuffix(host, "."+domain))
	})
}

// WidgetKey is a key that tokens for a widget are signed with. Its secret is sealed.
type WidgetKey struct {
	ID      string    `json:"id"`
	Sealed  []byte    `json:"sealed"`
	Created time.Time `json:"created"`
	By      UserID    `json:"by,omitempty"`
}
