package outside

import (
	"net/url"
	"strings"
	"testing"
)

// A password is read as it was meant, or the URL is refused without a word of it.
func FuzzURLPassword(f *testing.F) {
	for _, between := range []string{"", ":", "@", "/", "?", "#", "%", "%zz", "%2F", " ", "\t", "\\", "[", "]", "@h:1/", "/@", "//", "?a=", "ü", "\xff"} {
		f.Add(between)
	}
	f.Fuzz(func(t *testing.T, between string) {
		for _, word := range []string{"hunter2", "2024"} { // the other one could be a port
			text := "http://parley:" + word + between + "canary@functions.example:8080/invoke"
			err := CheckURL(text)
			if err != nil {
				if strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "canary") {
					t.Errorf("%q is refused with %v", text, err)
				}
				continue
			}
			if u, err := url.Parse(text); err != nil || u.Host != "functions.example:8080" || u.Path != "/invoke" || u.User.Username() != "parley" {
				t.Errorf("%q is taken as %+v, %v", text, u, err)
			}
		}
	})
}

func TestURLs(t *testing.T) {
	for text, good := range map[string]bool{
		"http://127.0.0.1:9000/2015-03-31/functions/f": true, "https://functions.example/@tenant/f": true, "http://a:b@functions.example/f": true,
		"http://[::1]:9000/": true, "http://[::1]:9000/@tenant": false, "http://a:b@functions.example/@tenant": false,
		"ftp://functions.example": false, "functions.example:9000": false, "http://": false, "http://functions.example/#f": false, "": false,
	} {
		if err := CheckURL(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
