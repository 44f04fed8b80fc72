// Package ui serves the pages for people, embedded in the binary: the landing page, the plain chat page and the Contact
// Control Panel built from web/chat and web/ccp, the page for choosing a password, and the paths of contacts through their flows. It depends on nothing of ours; what a page shows of the
// server comes in as a [Page], [Contacts] or [Path].
package ui

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
)

//go:embed static landing.html landing.css paths.html paths.css password.html password.css password.js
var files embed.FS

// Page is what the landing page tells about the server.
type Page struct {
	Endpoint string
	Region   string
	Instance string // "" unless seeded
	Flow     string
	Dev      bool
}

// policy lets a page run its own scripts and talk to its own server, and nothing else: what people write in a chat
// is never run. The socket is on the loopback address in development, whatever name the page was opened by.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self' ws: wss: http://127.0.0.1:*; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// protect tells browsers the policy.
func protect(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// Handler serves "/", "/landing.css" and everything below "/chat/".
func Handler(page func(*http.Request) Page) http.Handler {
	landing := template.Must(template.ParseFS(files, "landing.html"))
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = landing.Execute(w, page(r)) // the client is gone, or it is not
	})
	mux.HandleFunc("GET /landing.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "landing.css")
	})
	mux.Handle("GET /chat/", http.FileServerFS(static))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w)
		mux.ServeHTTP(w, r)
	})
}
