package center

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ApprovedOrigin is an origin that an instance approves of: its pages may call the instance's participant operations. It is
// kept as it was given.
type ApprovedOrigin struct {
	Origin string `json:"origin"`
	Associated
}

// Key names the origin among those of its instance.
func (o *ApprovedOrigin) Key() string { return o.Origin }

// Check refuses what is no origin.
func (o *ApprovedOrigin) Check() error { return CheckOrigin(o.Origin) }

// CheckOrigin refuses what names no origin. A path is of no effect, and is kept: AWS documents that an entry identifies the
// scheme, host and port alone (amazon-connect-streams, "Whitelisting").
func CheckOrigin(s string) error {
	if _, ok := CanonicalOrigin(s); !ok {
		return Refuse(InvalidParameter, "Origin must be http:// or https://, a host in ASCII and at most a port and a path, such as https://www.example.com; got %d characters that are not", utf8.RuneCountInString(s))
	}
	return nil
}

// hostName is a name, an IPv4 address, or an IPv6 address in brackets.
var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])$`)

// CanonicalOrigin is how browsers spell the origin of a URL (RFC 6454, section 6.2): scheme and host in lower case, and the
// port unless it is the scheme's own. ok is false for what names no origin of a page on the web.
func CanonicalOrigin(s string) (origin string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(s, "#") {
		return "", false
	}
	standard, web := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if !web || port == "" && strings.HasSuffix(u.Host, ":") {
		return "", false
	}
	if strings.HasPrefix(u.Host, "[") {
		host = "[" + host + "]"
	}
	if !hostName.MatchString(host) {
		return "", false
	}
	if port != "" && port != standard {
		host += ":" + port
	}
	return u.Scheme + "://" + host, true
}

// OwnOrigin returns the origin of a server's own pages: of its public URL, or of the host that a request asks where it has none.
func OwnOrigin(publicURL, host string, tls bool) string {
	if publicURL == "" {
		publicURL = "http://" + host
		if tls {
			publicURL = "https://" + host
		}
	}
	origin, _ := CanonicalOrigin(publicURL)
	return origin
}
