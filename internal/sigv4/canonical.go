package sigv4

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest writes the text whose hash is signed. Path, host and
// payload are the caller's choice; everything else is the request's.
func (c Claim) canonicalRequest(path, host string, bodyLen int, payload string) ([]byte, error) {
	b := make([]byte, 0, 1024)
	b = append(b, c.request.Method...)
	b = append(b, '\n')
	b = appendEncoded(b, path, true)
	b = append(b, '\n')
	b = append(b, c.target.canonicalQuery()...)
	b = append(b, '\n')
	for _, name := range c.SignedHeaders {
		values, ok := c.headerValues(name, host, bodyLen)
		if !ok {
			return nil, invalid("'%s' is a 'SignedHeader' of the signature but not a header of the request.", name)
		}
		b = append(b, name...)
		b = append(b, ':')
		b = appendValues(b, values)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, strings.Join(c.SignedHeaders, ";")...)
	b = append(b, '\n')
	return append(b, payload...), nil
}

// headerValues returns the values of a signed header. Host is not among the
// headers of a net/http request, and Content-Length is lost where a proxy
// passes the body on in chunks.
func (c Claim) headerValues(name, host string, bodyLen int) ([]string, bool) {
	if name == "host" {
		return []string{host}, true
	}
	values, ok := c.request.Header[canonicalKey(name)]
	if !ok && name == "content-length" {
		return []string{strconv.Itoa(bodyLen)}, true
	}
	return values, ok
}

// canonicalKey spells a lower-case header name as net/http does.
func canonicalKey(name string) string {
	b := []byte(name)
	start := true
	for i, ch := range b {
		if start && 'a' <= ch && ch <= 'z' {
			b[i] = ch - 'a' + 'A'
		}
		start = ch == '-'
	}
	return string(b)
}

// appendValues joins the values of one header with commas, each trimmed and
// with runs of spaces made one.
func appendValues(b []byte, values []string) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		v = strings.TrimSpace(v)
		for j := range len(v) {
			if v[j] == ' ' && v[j-1] == ' ' { // v does not begin with a space
				continue
			}
			b = append(b, v[j])
		}
	}
	return b
}

// target is a request target taken apart. Its query is decoded as net/url
// does, so that what was signed is what handlers read.
type target struct {
	path   string // as it was sent
	params []param
}

type param struct{ key, value string } // decoded

func parseTarget(raw string) (target, error) {
	path, query, _ := strings.Cut(raw, "?")
	if !strings.HasPrefix(path, "/") {
		if _, rest, ok := strings.Cut(path, "://"); ok { // absolute form, as sent to a proxy
			_, rest, _ = strings.Cut(rest, "/")
			path = "/" + rest
		}
	}
	t := target{path: path}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, okKey := decodeQuery(key)
		value, okValue := decodeQuery(value)
		if !okKey || !okValue {
			return target{}, invalid("The query string is not validly percent-encoded at '%.100s'.", pair)
		}
		t.params = append(t.params, param{key, value})
	}
	return t, nil
}

// only returns the value of a parameter that may be given once.
func (t target) only(key string) (value string, ok bool, err error) {
	for _, p := range t.params {
		if p.key != key {
			continue
		}
		if ok {
			return "", false, incomplete("AWS query-string parameters must include '%s' only once.", key)
		}
		value, ok = p.value, true
	}
	return value, ok, nil
}

// canonicalQuery encodes and sorts the parameters, without the signature,
// which cannot sign itself. They are sorted as encoded: "a/b" comes before
// "a-b", because "%" does.
func (t target) canonicalQuery() []byte {
	if len(t.params) == 0 {
		return nil
	}
	encoded := make([]param, 0, len(t.params))
	for _, p := range t.params {
		if p.key != keySignature {
			encoded = append(encoded, param{
				string(appendEncoded(nil, p.key, false)),
				string(appendEncoded(nil, p.value, false)),
			})
		}
	}
	slices.SortFunc(encoded, func(a, b param) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.value, b.value))
	})
	var b []byte
	for i, p := range encoded {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.key...)
		b = append(b, '=')
		b = append(b, p.value...)
	}
	return b
}

// decodeQuery decodes percent-encoding and "+", which is a space.
func decodeQuery(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			if i+2 >= len(s) {
				return "", false
			}
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			b = append(b, byte(n))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b), true
}

// appendEncoded percent-encodes every byte of s that RFC 3986 reserves, with
// upper-case digits; in a path the slash stays.
func appendEncoded(b []byte, s string, isPath bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		ch := s[i]
		if unreserved(ch) || isPath && ch == '/' {
			b = append(b, ch)
		} else {
			b = append(b, '%', digits[ch>>4], digits[ch&15])
		}
	}
	return b
}

func unreserved(ch byte) bool {
	return 'a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' || '0' <= ch && ch <= '9' ||
		ch == '-' || ch == '.' || ch == '_' || ch == '~'
}

// normalizePath removes empty, "." and ".." segments and keeps a last slash.
// Encoded dots and slashes are text like any other.
func normalizePath(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	normal := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		normal += "/"
	}
	return normal
}

func withoutDefaultPort(host string) string {
	if h, ok := strings.CutSuffix(host, ":443"); ok {
		return h
	}
	return strings.TrimSuffix(host, ":80")
}
