package center_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

func TestTag(t *testing.T) {
	six := map[string]string{"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""}
	for _, c := range []struct {
		name   string
		have   map[string]string
		set    map[string]string
		remove []string
		want   map[string]string // nil: refused
	}{
		{"the first", nil, map[string]string{"Team": "Blue 1"}, nil, map[string]string{"Team": "Blue 1"}},
		{"written over", map[string]string{"a": "1", "b": "2"}, map[string]string{"a": "3"}, nil, map[string]string{"a": "3", "b": "2"}},
		{"taken away", map[string]string{"a": "1", "b": "2"}, nil, []string{"a", "nothing"}, map[string]string{"b": "2"}},
		{"six", nil, six, nil, six},
		{"a seventh", six, map[string]string{"g": ""}, nil, nil},
		{"one for another", six, map[string]string{"g": ""}, []string{"a"}, map[string]string{"b": "", "c": "", "d": "", "e": "", "f": "", "g": ""}},
		{"the service's own", nil, map[string]string{"aws:connect:instanceId": "x"}, nil, nil},
		{"a space in the key", nil, map[string]string{"a b": "x"}, nil, nil},
		{"no key", nil, map[string]string{"": "x"}, nil, nil},
		{"a digit in the key", nil, map[string]string{"a1": "x"}, nil, map[string]string{"a1": "x"}},
		{"a long key", nil, map[string]string{strings.Repeat("k", 129): "x"}, nil, nil},
		{"a long value", nil, map[string]string{"k": strings.Repeat("ö", 257)}, nil, nil},
		{"the longest value", nil, map[string]string{"k": strings.Repeat("ö", 256)}, nil, map[string]string{"k": strings.Repeat("ö", 256)}},
	} {
		chat := chatOfOne()
		chat.Contacts[0].Tags = c.have
		d := draft(chat, noon)
		err := d.Tag("c1", c.set, c.remove)
		if got := d.Chat.Contacts[0].Tags; (err != nil) != (c.want == nil) || err == nil && !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v", c.name, got, err)
		}
		if !maps.Equal(chat.Contacts[0].Tags, c.have) {
			t.Errorf("%s: the contact that was seen has changed", c.name)
		}
	}
}

func TestSetContactData(t *testing.T) {
	text := func(n int) *string { s := strings.Repeat("ü", n); return &s }
	for _, c := range []struct {
		name string
		set  center.ContactData
		ok   bool
	}{
		{"all there is", center.ContactData{
			Name: text(1024), Description: text(4096), LanguageCode: text(20), CustomerID: text(128), WisdomSession: text(10),
			References: map[string]center.Reference{"Order": {Value: "https://example.com", Type: "URL"}},
		}, true},
		{"a long name", center.ContactData{Name: text(1025)}, false},
		{"a long description", center.ContactData{Description: text(4097)}, false},
		{"a long customer id", center.ContactData{CustomerID: text(129)}, false},
		{"a long reference", center.ContactData{References: map[string]center.Reference{"x": {Value: *text(4097)}}}, false},
		{"a reference without a name", center.ContactData{References: map[string]center.Reference{"": {}}}, false},
	} {
		chat := chatOfOne()
		d := draft(chat, noon)
		if err := d.SetContactData("c1", c.set); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What is not given stays, and references are added to those that are there.
func TestSetContactDataMerges(t *testing.T) {
	d := draft(chatOfOne(), noon)
	fr, url := "fr-FR", map[string]center.Reference{"a": {Value: "1", Type: "STRING"}}
	for _, set := range []center.ContactData{{LanguageCode: &fr, References: url}, {References: map[string]center.Reference{"b": {Value: "2", Type: "STRING"}}}} {
		if err := d.SetContactData("c1", set); err != nil {
			t.Fatal(err)
		}
	}
	c := d.Chat.Current()
	if c.Name != "Order" || c.LanguageCode != "fr-FR" || len(c.References) != 2 || len(url) != 1 {
		t.Errorf("got %+v", c)
	}
}

// Flows may go on writing references for as long as the chat lasts.
func TestReferencesOfAContactHaveALimit(t *testing.T) {
	d := draft(chatOfOne(), noon)
	long := strings.Repeat("x", 512)
	write := func(name, value, valueType string) error {
		return d.SetContactData("c1", center.ContactData{References: map[string]center.Reference{name: {Value: value, Type: valueType}}})
	}
	for _, name := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		if err := write(name, long, "STRING"); err != nil {
			t.Fatal(name, err)
		}
	}
	if err := write("8", long, "STRING"); err == nil {
		t.Error("the eighth of 512 bytes was taken")
	}
	if err := write("8", "", long); err == nil {
		t.Error("a type of 512 bytes was taken")
	}
	if err := write("7", "short", "STRING"); err != nil {
		t.Error(err)
	}
	if err := write("8", long, "STRING"); err != nil {
		t.Error("there is room again:", err)
	}
}
