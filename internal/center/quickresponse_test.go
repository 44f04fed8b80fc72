package center

import (
	"slices"
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	attributes := map[string]string{"Customer": "Ada", "order-id": "4711", "empty": "", "tricky": "{{Attributes.Customer}} $1 **x**"}
	agent := map[string]string{"FirstName": "Jane"}
	for _, c := range []struct {
		content, want   string
		filled, missing []string
	}{
		{"Hello", "Hello", nil, nil},
		{"Hello {{Attributes.Customer}}, I am {{Agent.FirstName}}.", "Hello Ada, I am Jane.", []string{"Attributes.Customer", "Agent.FirstName"}, nil},
		{"{{ Attributes.Customer }}{{Attributes.Customer}}", "AdaAda", []string{"Attributes.Customer"}, nil},
		{"{{\tAttributes.order-id\n}}", "4711", []string{"Attributes.order-id"}, nil},
		{"{{Attributes.Nobody}} {{Customer}} {{}} {{Attributes.empty}}", "{{Attributes.Nobody}} {{Customer}} {{}} {{Attributes.empty}}", nil, []string{"Attributes.Nobody", "Customer", "", "Attributes.empty"}},
		{"{{Attributes.tricky}}", "{{Attributes.Customer}} $1 **x**", []string{"Attributes.tricky"}, nil},
		{"{{attributes.Customer}}", "{{attributes.Customer}}", nil, []string{"attributes.Customer"}},
		{"{Attributes.Customer} {{Attributes.Customer} {{{Attributes.Customer}}}", "{Attributes.Customer} {{Attributes.Customer} {Ada}", []string{"Attributes.Customer"}, nil},
		{"{{Attributes.Agent.FirstName}}{{Agent.LastName}}", "{{Attributes.Agent.FirstName}}{{Agent.LastName}}", nil, []string{"Attributes.Agent.FirstName", "Agent.LastName"}},
		{"Ä {{Attributes.Customer}} 日", "Ä Ada 日", []string{"Attributes.Customer"}, nil},
	} {
		got := Fill(c.content, attributes, agent)
		if got.Content != c.want || !slices.Equal(got.Filled, c.filled) || !slices.Equal(got.Missing, c.missing) {
			t.Errorf("%q: %+v, want %q %q %q", c.content, got, c.want, c.filled, c.missing)
		}
	}
}

// Whatever the content is, what is not filled in is there as it was.
func FuzzFill(f *testing.F) {
	for _, seed := range []string{"{{Attributes.a}}", "{{{{Attributes.a}}}}", "{{Attributes.a", "\xff{{Attributes.\xff}}", strings.Repeat("{", 1024)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if got := Fill(content, nil, nil); got.Content != content || got.Filled != nil {
			t.Errorf("%q became %+v", content, got)
		}
	})
}

func quick(name, shortcut, content, description string, edit ...func(*QuickResponse)) QuickResponse {
	r := QuickResponse{Head: Head[QuickResponseID]{ID: QuickResponseID(name), Name: name, Description: description}, Content: content, Format: QuickPlain, Shortcut: shortcut}
	for _, f := range edit {
		f(&r)
	}
	return r
}

func TestFindQuickResponses(t *testing.T) {
	all := []QuickResponse{
		quick("Welcome", "W", "Hello, how can I help?", "First words"),
		quick("Parcel is late", "late", "Your parcel will come later.", "Returns and parcels"),
		quick("Goodbye", "", "Thank you and welcome back!", ""),
		quick("Late refund", "R1", "A refund takes 3 days", "late"),
		quick("Hidden", "late2", "late", "", func(r *QuickResponse) { r.Inactive = true }),
		quick("Of others", "late3", "late", "", func(r *QuickResponse) { r.Profiles = []RoutingProfileID{"p2", "p3"} }),
		quick("By mail", "late4", "late", "", func(r *QuickResponse) { r.Channels = []string{"Email"} }),
	}
	for _, c := range []struct {
		profile RoutingProfileID
		text    string
		want    []string
	}{
		{"p1", "", []string{"Goodbye", "Late refund", "Parcel is late", "Welcome"}},
		{"p1", "w", []string{"Welcome", "Goodbye", "Parcel is late"}},
		{"p1", "/#W", []string{"Welcome", "Goodbye", "Parcel is late"}},
		{"p1", " /# late ", []string{"Parcel is late", "Late refund"}},
		{"p2", "late", []string{"Parcel is late", "Of others", "Late refund"}},
		{"p1", "welcome", []string{"Welcome", "Goodbye"}},
		{"p1", "is parcel", []string{"Parcel is late"}},
		{"p1", "RETURNS", []string{"Parcel is late"}},
		{"p1", "first", []string{"Welcome"}},
		{"p1", "none of them", nil},
	} {
		var got []string
		for _, r := range FindQuickResponses(all, c.text, c.profile, "Chat") {
			got = append(got, r.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %q: %q, want %q", c.profile, c.text, got, c.want)
		}
	}
}

func TestQuickResponseProblems(t *testing.T) {
	good := func(r *QuickResponse) {}
	for _, c := range []struct {
		edit func(*QuickResponse)
		want string
	}{
		{good, ""},
		{func(r *QuickResponse) { r.Name = strings.Repeat("ä", 100); r.Content = strings.Repeat("日", 1024) }, ""},
		{func(r *QuickResponse) { r.Name = strings.Repeat("ä", 101) }, "name must have at most 100 characters, got 101"},
		{func(r *QuickResponse) { r.Name = "" }, "name is required"},
		{func(r *QuickResponse) { r.Content = "" }, "content is required"},
		{func(r *QuickResponse) { r.Content = strings.Repeat("日", 1025) }, "content must have at most 1024 characters, got 1025"},
		{func(r *QuickResponse) { r.Content = "caf\xe9" }, "content must be UTF-8"},
		{func(r *QuickResponse) { r.Shortcut = "12345678901" }, "shortcutKey must have at most 10 characters, got 11"},
		{func(r *QuickResponse) { r.Shortcut = "a b" }, "shortcutKey must have no spaces and none of / and #"},
		{func(r *QuickResponse) { r.Description = strings.Repeat("x", 256) }, "description must have at most 255 characters, got 256"},
		{func(r *QuickResponse) { r.Format = "html" }, "contentType must be plain or markdown"},
		{func(r *QuickResponse) { r.Channels = []string{"Chat", "Chat"} }, "channels may have Chat and Email, each once"},
		{func(r *QuickResponse) { r.Channels = []string{"Voice"} }, "channels may have Chat and Email, each once"},
		{func(r *QuickResponse) { r.Language = "english" }, "language must be a language and a region, such as en_US"},
		{func(r *QuickResponse) { r.Profiles = make([]RoutingProfileID, 21) }, "routingProfiles may have at most 20 routing profiles, got 21; none means all agents"},
	} {
		r := quick("Welcome", "W", "Hello", "", c.edit)
		got := ""
		if err := r.Check(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	wrong := quick("", "a b", "", "", func(r *QuickResponse) { r.Format = "" })
	if all := wrong.Problems(); len(all) != 4 {
		t.Errorf("%d problems: %v", len(all), all)
	}
}
