package desk

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Only a proxy near by says where a request comes from, and only where one is expected.
func TestAddresses(t *testing.T) {
	for _, c := range []struct{ remote, public, forwarded, from, counted string }{
		{"10.0.0.2:1", "https://parley.test", "203.0.113.9, 198.51.100.7", "198.51.100.7", "198.51.100.7"},
		{"[::1]:1", "https://parley.test", "2001:db8:0:1:2::3", "2001:db8:0:1:2::3", "2001:db8:0:1::/64"},
		{"[::ffff:192.168.0.1]:1", "https://parley.test", "198.51.100.7", "198.51.100.7", "198.51.100.7"},
		{"[fd00::1]:1", "https://parley.test", "nowhere", "fd00::1", "fd00::/64"},
		{"127.0.0.1:1", "http://parley.test", "198.51.100.7", "127.0.0.1", "127.0.0.1"},
		{"203.0.113.5:1", "https://parley.test", "198.51.100.7", "203.0.113.5", "203.0.113.5"},
		{"[2001:db8::1]:1", "https://parley.test", "198.51.100.7", "2001:db8::1", "2001:db8::/64"},
		{"[fe80::1%eth0]:1", "https://parley.test", "198.51.100.7", "fe80::1%eth0", "fe80::/64"},
		{"@", "https://parley.test", "198.51.100.7", "@", "@"},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://parley.test/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.forwarded)
		from := (&call{Desk: &Desk{Config: Config{PublicURL: c.public}}, r: r}).from()
		if from != c.from || counted(from) != c.counted {
			t.Errorf("%s: from %s, counted for %s", c.remote, from, counted(from))
		}
	}
}
