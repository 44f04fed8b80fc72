package center

import "testing"

func TestParseView(t *testing.T) {
	const id = "11111111-2222-4333-8444-55555555555a"
	for text, want := range map[string]ViewRef{
		"form":    {"form", ""},
		"form:1":  {"form", "1"},
		id:        {id, ""},
		id + ":7": {id, "7"},
		"11111111-2222-4333-8444-55555555555A:$SAVED":                                                   {id, "$SAVED"},
		"arn:aws:connect:us-east-1:aws:view/form:1":                                                     {"form", "1"},
		"arn:aws:connect:us-east-1:aws:view/after-contact-work":                                         {"after-contact-work", ""},
		"arn:aws:connect:us-east-1:123456789012:instance/22222222-2222/view/" + id + ":$LATEST":         {id, "$LATEST"},
		"arn:aws:connect:us-east-1:123456789012:instance/22222222-2222/contact-flow/" + id + ":$LATEST": {"arn", "aws:connect:us-east-1:123456789012:instance/22222222-2222/contact-flow/" + id + ":$LATEST"},
	} {
		if got := ParseView(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	p := Partition{Account: "123456789012", Region: "eu-west-1"}
	if got, want := p.ViewARN("i", ViewRef{id, "$LATEST"}), "arn:aws:connect:eu-west-1:123456789012:instance/i/view/"+id+":$LATEST"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := p.ManagedViewARN(ViewRef{"form", "1"}), "arn:aws:connect:eu-west-1:aws:view/form:1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestViewRefAt(t *testing.T) {
	for _, c := range []struct {
		ref             ViewRef
		version, want   string
		number          int
		numberIsVersion bool
	}{
		{ViewRef{"form", ""}, "", "form", 0, false},
		{ViewRef{"form", ""}, "Latest", "form", 0, false},
		{ViewRef{"form", ""}, "1", "form:1", 1, true},
		{ViewRef{"form", "2"}, "1", "form:2", 2, true},
		{ViewRef{"form", ""}, "$SAVED", "form:$SAVED", 0, false},
		{ViewRef{"form", "007"}, "", "form:007", 0, false},
		{ViewRef{"form", "0"}, "", "form:0", 0, false},
	} {
		got := c.ref.At(c.version)
		if n, ok := got.Number(); got.String() != c.want || n != c.number || ok != c.numberIsVersion {
			t.Errorf("%v at %q: %s %d %v", c.ref, c.version, got, n, ok)
		}
	}
}

// Numbers of versions rise and are never given again; the same content gets no second one.
func TestNumbersOfViewVersions(t *testing.T) {
	v := View{ID: "v", Saved: "a"}
	number := func(highest *Version, expected string) (Version, error) {
		next := Version{Content: expected}
		err := v.NextVersion(highest, &next)
		return next, err
	}
	if _, err := number(nil, ""); err == nil {
		t.Error("a version of what was never published")
	}
	v.Latest = "a"
	if _, err := number(nil, "b"); err == nil {
		t.Error("a version of another content than was expected")
	}
	first, err := number(nil, "a")
	if err != nil || first.Number != 1 || first.Content != "a" {
		t.Errorf("%+v, %v", first, err)
	}
	if again, err := number(&first, ""); err != nil || again.Number != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	v.Latest = "b"
	if second, err := number(&first, ""); err != nil || second.Number != 2 {
		t.Errorf("%+v, %v", second, err)
	}
	if third, err := number(&first, ""); err != nil || third.Number != 3 { // the second is deleted
		t.Errorf("%+v, %v", third, err)
	}
}

// A version has one way to be written, and what is written otherwise names none.
func TestViewVersionNumbers(t *testing.T) {
	for qualifier, want := range map[string]int{"1": 1, "12": 12, "": 0, "0": 0, "01": 0, "+1": 0, "-1": 0, "1x": 0, "$LATEST": 0, "99999999999999999999": 0} {
		r := ViewRef{ID: "form", Qualifier: qualifier}
		if n, ok := r.Number(); n != want || ok != (want > 0) {
			t.Errorf("%q: %d, %v", qualifier, n, ok)
		}
	}
}
