package server

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A server that accepts any credentials must not accept them from any page: a browser on this machine sends it
// whatever a page from anywhere asks for. Two things give such a page away. Its Origin, which browsers add to whatever
// may change something, is neither this server nor this machine. And where its name was pointed at this machine only
// after it was loaded (DNS rebinding), the Host is that name.
//
// Participants' operations are left out: pages on other origins are what they are for, and their tokens, which no
// browser adds by itself, are always asked for.

// fromHere refuses what a foreign page sends.
func (s *Server) fromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if strings.HasPrefix(path, "/participant/") || strings.HasPrefix(path, "/health/") {
			next.ServeHTTP(w, r)
			return
		}
		if why := s.foreign(r); why != "" {
			refuse(w, why)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign says what is foreign about a request, "" if nothing.
func (s *Server) foreign(r *http.Request) string {
	public, _ := url.Parse(s.cfg.PublicURL) // Check has parsed it
	own := func(host string) bool {
		return thisMachine(host) || public.Host != "" && strings.EqualFold(host, public.Host)
	}
	if onLoopback(r) && !own(r.Host) && net.ParseIP(hostname(r.Host)) == nil {
		return "the Host is none of this machine's names; if it is one, start with --public-url http://HOST"
	}
	if !ownOrigin(r, own) {
		return "the Origin is another site's; only pages of this machine may call a server that accepts any credentials"
	}
	return ""
}

// ownOrigin reports whether a request has no Origin, that of the host it asks, or one on an own host.
func ownOrigin(r *http.Request, own func(host string) bool) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	origin, err := url.Parse(origins[0])
	return len(origins) == 1 && err == nil && origin.Host != "" && (own(origin.Host) || strings.EqualFold(origin.Host, r.Host))
}

// onLoopback says that a request came over the loopback interface. Others may use any name for this machine.
func onLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.IP.IsLoopback()
}

// thisMachine says that a host, with or without a port, is always this machine (RFC 6761, section 6.3).
func thisMachine(host string) bool {
	name := strings.ToLower(strings.TrimSuffix(hostname(host), "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	return net.ParseIP(name).IsLoopback()
}

// hostname is a host without its port and brackets.
func hostname(host string) string { return (&url.URL{Host: host}).Hostname() }

// refuse answers 403 in a form that people, scripts and AWS's clients read.
func refuse(w http.ResponseWriter, why string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Amzn-ErrorType", "AccessDeniedException")
	w.WriteHeader(http.StatusForbidden)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "AccessDeniedException", "message": why, "error": why}) // or the client is gone
}

// local refuses what came by a name that is not this machine's, and what a page of another site sends.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !thisMachine(r.Host):
			refuse(w, "the Host is none of this machine's names")
		case !ownOrigin(r, thisMachine):
			refuse(w, "the Origin is another site's; only pages of this machine may ask here")
		default:
			next.ServeHTTP(w, r)
		}
	})
}
