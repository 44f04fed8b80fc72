package center

import (
	"slices"
	"strings"
	"testing"
)

func TestWidgetAllows(t *testing.T) {
	w := Widget{Head: Head[WidgetID]{Name: "Shop"}, Flow: "f", Domains: []string{"https://Example.com/shop", "http://localhost:3000", "https://example.com:443", "https://a.test:8443"}}
	if err := w.Check(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"https://example.com", "http://localhost:3000", "https://a.test:8443"}; !slices.Equal(w.Domains, want) {
		t.Errorf("domains %q, want %q", w.Domains, want)
	}
	for origin, want := range map[string]bool{
		"https://example.com": true, "https://shop.example.com": true, "https://a.b.example.com": true, "https://EXAMPLE.com": true, "https://example.com:443": true,
		"http://example.com": false, "https://example.com:8443": false, "https://notexample.com": false, "https://example.com.evil.test": false, "https://com": false,
		"http://localhost:3000": true, "http://localhost": false, "http://localhost:3001": false, "http://sub.localhost:3000": true,
		"https://a.test:8443": true, "https://b.a.test:8443": true, "https://a.test": false,
		"null": false, "": false, "file://": false, "https://example.com@evil.test": false, ".example.com": false,
	} {
		if got := w.Allows(origin); got != want {
			t.Errorf("%q: %t, want %t", origin, got, want)
		}
	}
}

func TestWidgetsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		edit func(*Widget)
		want string
	}{
		{func(*Widget) {}, ""},
		{func(w *Widget) {
			w.ContentTypes, w.Minutes, w.Language, w.Persistent = []string{TextPlain, Interactive}, 60, "de_DE", FromSegment
			w.Styles = WidgetStyles{ButtonColor: "#1457bd", ButtonIcon: "white", Background: "#fff", Typeface: `Arial, "Segoe UI"`, LogoURL: "https://cdn.test/logo.svg"}
			w.Texts = WidgetTexts{Header: "Help", SystemName: "Shop", Placeholder: "Write here"}
		}, ""},
		{func(w *Widget) { w.Name = "" }, "name is required"},
		{func(w *Widget) { w.Flow = "" }, "flow is required"},
		{func(w *Widget) { w.Domains = nil }, "domains must have 1 to 50 origins, got 0"},
		{func(w *Widget) { w.Domains = make([]string, 51) }, "domains must have 1 to 50 origins, got 51"},
		{func(w *Widget) { w.Domains = []string{"https://a.test", "example.com"} }, "domains[1] must be an origin such as https://example.com, got "},
		{func(w *Widget) { w.Domains = []string{"https://*.example.com"} }, "domains[0] must be an origin such as https://example.com, got "},
		{func(w *Widget) { w.ContentTypes = []string{Interactive} }, "contentTypes must have text/plain"},
		{func(w *Widget) { w.ContentTypes = []string{"text/html"} }, "contentTypes may have "},
		{func(w *Widget) { w.Minutes = 59 }, "minutes must be 60 to 10080"},
		{func(w *Widget) { w.Language = "en" }, "language must be a language and a region, such as en_US"},
		{func(w *Widget) { w.Persistent = "ALL" }, "persistent must be ENTIRE_PAST_SESSION or FROM_SEGMENT"},
		{func(w *Widget) { w.Styles.HeaderColor = "red;}" }, "styles.headerColor must be a colour such as #1457BD"},
		{func(w *Widget) { w.Styles.ButtonIcon = "blue" }, "styles.buttonIcon must be white or black"},
		{func(w *Widget) { w.Styles.Typeface = "x; color: red" }, "styles.typeface must have at most 100 "},
		{func(w *Widget) { w.Styles.LogoURL = "http://cdn.test/logo.svg" }, "styles.logoUrl must begin with https://"},
		{func(w *Widget) { w.Texts.BotName = strings.Repeat("b", 27) }, "texts.botName must have at most 26 characters, got 27"},
	} {
		w := Widget{Head: Head[WidgetID]{Name: "Shop"}, Flow: "f", Domains: []string{"https://example.com"}}
		c.edit(&w)
		got := ""
		if err := w.Check(); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
