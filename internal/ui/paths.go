package ui

import (
	"html/template"
	"net/http"
)

// Contacts is the page that lists contacts, for the paths that they took through their flows.
type Contacts struct {
	All []Contact
}

// Contact is a row of it.
type Contact struct {
	ID      string
	Started string
	Ended   string // "" while it goes on
	Where   string // the action that it is at, "" for none
	Steps   int    // that are remembered
}

// Path is the page of one contact: pictures of the flows it came through, and its steps.
type Path struct {
	Contact
	Pictures []Picture
	Steps    []Step
}

// Picture is a flow with the contact's path in it.
type Picture struct {
	Name string
	ID   string
	SVG  template.HTML
}

// Step is one action that the contact came by.
type Step struct {
	Number int
	Time   string
	Flow   string
	Action string
	Type   string
	Took   string // the branch
	Why    string
	Anchor string // id of the block in its picture, "" where there is none
}

// Show shows the page of contacts.
func (p *Contacts) Show(w http.ResponseWriter) { show(w, "contacts", p) }

// Show shows the page of one contact.
func (p *Path) Show(w http.ResponseWriter) { show(w, "path", p) }

var pathPages = template.Must(template.ParseFS(files, "paths.html"))

func show(w http.ResponseWriter, name string, page any) {
	protect(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = pathPages.ExecuteTemplate(w, name, page) // the client is gone, or it is not
}

// PathsStyle is the style sheet of these pages, with that of the pictures in them.
func PathsStyle(pictures string) http.Handler {
	own, err := files.ReadFile("landing.css")
	if err == nil {
		var more []byte
		more, err = files.ReadFile("paths.css")
		own = append(own, more...)
	}
	if err != nil {
		panic(err) // they are embedded above
	}
	sheet := append(own, pictures...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w)
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(sheet)
	})
}
