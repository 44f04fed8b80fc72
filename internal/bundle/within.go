package bundle

import (
	"bytes"
	"io"
	"net/http"
)

// Within is a transport to a handler in the same process: nothing is opened for others to connect to.
func Within(h http.Handler) http.RoundTripper { return within{h} }

type within struct{ handler http.Handler }

func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.Host = r.URL.RequestURI(), r.URL.Host
	in.URL.Scheme, in.URL.Host = "", ""
	if in.Body == nil {
		in.Body = http.NoBody
	}
	a := &answer{header: http.Header{}}
	w.handler.ServeHTTP(a, in)
	if a.status == 0 {
		a.status = http.StatusOK
	}
	header := http.Header{}
	for name, values := range a.header {
		for _, v := range values {
			header.Add(name, v) // in the spelling that a client reads off the wire
		}
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()), Request: r,
	}, nil
}

// answer gathers what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}
