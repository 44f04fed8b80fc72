package bundle

import "testing"

// Signatures are made of paths in which all but unreserved characters are escaped.
func TestEscape(t *testing.T) {
	const from, want = "AZaz09-._~ :/@$&+,;=!'()*ü", "AZaz09-._~%20%3A%2F%40%24%26%2B%2C%3B%3D%21%27%28%29%2A%C3%BC"
	if got := escape(from); got != want {
		t.Errorf("%s is escaped as %s", from, got)
	}
	q := prepare("DescribePredefinedAttribute", args{"InstanceId": anID, "Name": "a:b"})
	if want := "/predefined-attributes/" + anID + "/a%3Ab"; q.target != want {
		t.Errorf("the target is %s, want %s", q.target, want)
	}
}
