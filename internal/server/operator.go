package server

import (
	"encoding/json"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"runtime/debug"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// operatorRoutes are the operator's things, on a listener of their own: they show what no customer may see. What was
// said, attribute values, customers' ids and tokens are not even here.
func (s *Server) operatorRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", s.live)
	mux.HandleFunc("GET /health/ready", s.ready)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /debug/{$}", debugHome)
	mux.HandleFunc("GET /debug/hub", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.hub.Stats()) })
	mux.HandleFunc("GET /debug/operations", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.api.Counters()) })
	mux.HandleFunc("GET /debug/contact/{id}", s.debugContact)
	mux.HandleFunc("GET /debug/routing", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.router.Stats()) })
	mux.HandleFunc("GET /debug/routing/{id}", s.debugRouting)
	mux.HandleFunc("POST /debug/free", func(http.ResponseWriter, *http.Request) { debug.FreeOSMemory() })
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return local(mux)
}

func debugHome(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><title>parley debug</title><h1>parley debug</h1>
<ul>
<li><a href="/metrics">metrics</a>: all figures, for Prometheus
<li><a href="operations">operations</a>: how often each was called, refused, failed
<li><a href="hub">hub</a>: sockets and their queues
<li>contact/<i>contact id</i>: a chat's participants, its place in the flow, its timers
<li><a href="routing">routing</a>: what the router of this node has done
<li>routing/<i>contact id</i>: why a contact waits, and why each agent does not get it
<li><a href="pprof/">pprof</a>: where time and memory go; POST /debug/free collects garbage and returns free memory to the system
</ul>
`))
}

// debugContact shows a chat: who is in it, where its flow stands, what waits for its time.
func (s *Server) debugContact(w http.ResponseWriter, r *http.Request) {
	d, err := s.overview.Detail(r.Context(), center.ContactID(r.PathValue("id")))
	s.writeDebug(w, d, err)
}

func (s *Server) writeDebug(w http.ResponseWriter, v any, err error) {
	var refused *center.Error
	switch {
	case errors.As(err, &refused) && refused.Code == center.NotFound:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": refused.Message})
	case err != nil:
		s.cfg.Log.Error("debug page failed", "error", err)
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": "the log says why"})
	default:
		writeJSON(w, http.StatusOK, v)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the client is gone, or it is not
}

// httpLog carries what net/http has to say to the log: panics as the errors they are, and what it says of connections
// at a level nobody is woken by.
func httpLog(l *slog.Logger) *log.Logger { return log.New(httpLines{l}, "", 0) }

type httpLines struct{ log *slog.Logger }

func (h httpLines) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if strings.HasPrefix(text, "http: panic") {
		h.log.Error(text)
	} else {
		h.log.Debug(text)
	}
	return len(line), nil
}
