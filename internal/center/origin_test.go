package center

import "testing"

func TestCanonicalOrigin(t *testing.T) {
	for given, want := range map[string]string{
		"https://shop.example":           "https://shop.example",
		"HTTPS://Shop.EXAMPLE":           "https://shop.example",
		"https://shop.example/":          "https://shop.example",
		"https://shop.example/a/page":    "https://shop.example",
		"https://shop.example:443":       "https://shop.example",
		"http://shop.example:80/":        "http://shop.example",
		"http://shop.example:443":        "http://shop.example:443",
		"https://shop.example:8443":      "https://shop.example:8443",
		"http://localhost:3000":          "http://localhost:3000",
		"http://127.0.0.1:4510":          "http://127.0.0.1:4510",
		"http://[::1]:4510":              "http://[::1]:4510",
		"https://xn--shp-tna.example":    "https://xn--shp-tna.example",
		"https://my_app.example":         "https://my_app.example",
		"":                               "",
		"null":                           "",
		"*":                              "",
		"https://":                       "",
		"https://*.example":              "",
		"shop.example":                   "",
		"//shop.example":                 "",
		"ftp://shop.example":             "",
		"file:///home":                   "",
		"https:shop.example":             "",
		"https://shop.example:":          "",
		"https://shop.example:x":         "",
		"https://shop.example?":          "",
		"https://shop.example?a":         "",
		"https://shop.example#":          "",
		"https://me@shop.example":        "",
		"https://shöp.example":           "",
		"https://shop.example evil":      "",
		"https://a.example, https://b.c": "",
		"https://-.example":              "",
		"https://[::1%25eth0]":           "",
		"https://a\x00.example":          "",
	} {
		got, ok := CanonicalOrigin(given)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", given, got, ok, want)
		}
		if err := CheckOrigin(given); (err == nil) != ok {
			t.Errorf("%q: %v", given, err)
		}
	}
}
