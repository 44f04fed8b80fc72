package ui

import (
	"net/http"
	"strings"
)

// passwordPolicy lets the page for choosing a password run its own script and ask its own server, and nothing else.
const passwordPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Password serves the page for choosing a password at a path, with its style at PATH.css and its script at PATH.js.
func Password(path string) http.Handler {
	mux := http.NewServeMux()
	for _, end := range []string{"", ".css", ".js"} {
		name := "password" + end
		if end == "" {
			name = "password.html"
		}
		mux.HandleFunc("GET "+path+end, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, name) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", passwordPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if !strings.Contains(r.URL.Path[len(path):], ".") {
			h.Set("Cache-Control", "no-store")
		}
		mux.ServeHTTP(w, r)
	})
}
