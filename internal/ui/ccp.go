package ui

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"
)

// Frame says who may have the Contact Control Panel in a frame, and where its socket is.
type Frame struct {
	Ancestors []string // origins
	Socket    string   // ws://HOST
}

// CCPFiles is the path below which the files of the Contact Control Panel are.
const CCPFiles = "/ccp-v2/static/"

// ccpPage and ccpFiles are the page built from web/ccp, and the files that it loads with their tags.
var ccpPage, ccpFiles = readCCP()

type taggedFile struct {
	kind, tag string
	content   []byte
}

func readCCP() (page []byte, all map[string]taggedFile) {
	all = map[string]taggedFile{}
	for name, kind := range map[string]string{"ccp.js": "text/javascript; charset=utf-8", "ccp.css": "text/css; charset=utf-8", "index.html": ""} {
		content, err := fs.ReadFile(files, "static/ccp/"+name)
		if err != nil {
			panic(err) // it is embedded in ui.go
		}
		if kind == "" {
			page = content
			continue
		}
		sum := sha256.Sum256(content)
		all[CCPFiles+name] = taggedFile{kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, content}
	}
	return page, all
}

// CCP shows the Contact Control Panel. It has no X-Frame-Options: frames are what it is for.
func CCP(w http.ResponseWriter, _ *http.Request, frame Frame) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' "+frame.Socket+
		"; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'self' "+strings.Join(frame.Ancestors, " "))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(ccpPage) // or the client is gone
}

// CCPFile serves [CCPFiles]. Frames are made anew often: a browser asks whether a file has changed, and gets it once.
func CCPFile() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := ccpFiles[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		protect(w)
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", f.tag)
		h.Set("Content-Type", f.kind)
		if r.Header.Get("If-None-Match") == f.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(f.content) // or the client is gone
	})
}

const signedOutPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Signed out</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="` + CCPFiles + `ccp.css">
</head>
<body><main class="gate"><h1>Signed out</h1><p>You are signed out. Chats that you were in stay as they are.</p><p><a href="/login">Sign in again</a></p></main></body>
</html>
`

// SignedOut shows that a session has ended.
func SignedOut(w http.ResponseWriter) {
	protect(w)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(signedOutPage)) // or the client is gone
}
