package server

import (
	"encoding/json"
	"log"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"runtime"
)

// operatorRoutes are the operator's things, on a listener of their own: they show what no customer may see.
func (s *Server) operatorRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", s.live)
	mux.HandleFunc("GET /health/ready", s.ready)
	mux.HandleFunc("GET /debug/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!doctype html><title>parley debug</title><h1>parley debug</h1>
<ul><li><a href="hub">hub</a>: sockets and queues<li><a href="runtime">runtime</a>: memory and goroutines<li><a href="pprof/">pprof</a></ul>`))
	})
	mux.HandleFunc("GET /debug/hub", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.hub.Stats()) })
	mux.HandleFunc("GET /debug/runtime", func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		writeJSON(w, map[string]any{
			"goroutines": runtime.NumGoroutine(), "heapBytes": m.HeapAlloc, "sysBytes": m.Sys, "gcs": m.NumGC,
		})
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the client is gone, or it is not
}

// httpLog carries what net/http has to say about connections to the log, at a level nobody is woken by.
func httpLog(l *slog.Logger) *log.Logger { return slog.NewLogLogger(l.Handler(), slog.LevelDebug) }
