package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How stopping goes: sockets are sent away over sendAway, while connections are still accepted, because some clients
// never recover from a refused one, and because whoever balances load must have seen that this node is not ready; then
// nothing more is accepted, and what is under way has until stopWithin. Without a socket nothing more is accepted at once:
// there is no client that would come back. In development nobody is made to wait.
//
// A connection that has waited for its next request since before the stop could get it in the instant it is closed,
// and its client would lose the answer. Most clients drop such a connection themselves, Node's after 4 s, so it is
// left open that long.
const (
	sendAway   = 3 * time.Second
	leaveIdle  = 4500 * time.Millisecond
	stopWithin = 10 * time.Second
	// leaveWithin is how long Leave may take, which writes the whole instance. A second signal, which a terminal and a program
	// in between may send both, does not keep it from that; a third one ends it.
	leaveWithin = 10 * time.Minute
)

// Limits of slow or silent clients.
const (
	headerTimeout  = 10 * time.Second
	readTimeout    = 60 * time.Second
	writeTimeout   = 60 * time.Second
	idleTimeout    = 120 * time.Second
	maxHeaderBytes = 32 << 10
)

// unauthenticated is how many bytes of requests are held at most whose callers are not known yet, over all listeners:
// four of the largest flows, or a thousand smaller requests.
const unauthenticated = 4 << 20

// collecting lets the collector run once at a time.
var collecting atomic.Bool

// collect frees what unauthenticated requests have left behind. With much memory in use, the collector would wait for
// several times as much garbage.
func collect() {
	if collecting.CompareAndSwap(false, true) {
		go func() {
			defer collecting.Store(false)
			runtime.GC()
		}()
	}
}

// Listeners are where a server is reached.
type Listeners struct {
	Public net.Listener
	// Other is a second public address, without TLS; nil for none.
	Other net.Listener
	// Operator is for /metrics and /debug/, on loopback; nil for none.
	Operator net.Listener
	TLS      *tls.Config // of Public; nil for plain HTTP
}

// Run serves until stop is done, then stops in good order and closes the store. A second signal on again stops at
// once, but for Leave, which a third one ends.
func (s *Server) Run(stop context.Context, again <-chan os.Signal, l Listeners) error {
	public, operator := s.newHTTP(http.HandlerFunc(s.serve), s.web.changed), s.newHTTP(s.operatorRoutes(), nil)
	work, endWork := context.WithCancel(context.Background())
	defer endWork()

	var running sync.WaitGroup
	running.Go(func() { s.Work(work) })
	running.Go(func() { s.attend(work) })
	failed := make(chan error, 3)
	serve := func(h *http.Server, ln net.Listener, tlsConfig *tls.Config) {
		ln = s.door.Listen(s.scarce.listener(ln))
		if tlsConfig != nil {
			ln = tls.NewListener(ln, tlsConfig)
		}
		if err := h.Serve(ln); !errors.Is(err, http.ErrServerClosed) && !s.shut.Load() {
			failed <- err
		}
	}
	go serve(public, l.Public, l.TLS)
	doors := []net.Listener{l.Public}
	if l.Other != nil {
		go serve(public, l.Other, nil)
		doors = append(doors, l.Other)
	}
	if l.Operator != nil {
		go serve(operator, l.Operator, nil)
	}

	var err error
	select {
	case <-stop.Done():
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	}
	s.cfg.Log.Info("stopping")
	patience, abandon := context.WithCancel(context.Background())
	defer abandon()
	deadline, cancel := context.WithTimeout(patience, stopWithin)
	defer cancel()
	go func() {
		for _, hurry := range []func(){cancel, abandon} {
			select {
			case <-again:
				hurry()
			case <-patience.Done():
				return
			}
		}
	}()
	s.drain(deadline, public, doors, !s.cfg.Dev && err == nil)
	_ = operator.Close()
	endWork()
	running.Wait()
	s.tellUnasked()
	leaving, cancelLeaving := context.WithTimeout(patience, leaveWithin)
	defer cancelLeaving()
	return errors.Join(err, s.leave(leaving), s.Close())
}

// serve answers a request. While the process stops, each answer tells its client to come by a new connection next time.
// Connections that wait for their next request are not cut: one that is cut under it looks like a server that is gone.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	s.handler.ServeHTTP(w, r)
}

// drain sends everybody away and waits for what is under way. It waits for what there is and for nothing else: the
// sockets, and the connections that could get another request.
func (s *Server) drain(ctx context.Context, public *http.Server, doors []net.Listener, patient bool) {
	s.draining.Store(true)
	idle := time.Now().Add(leaveIdle)
	var spread time.Duration
	if patient && s.hub.Stats().Sockets > 0 {
		spread = sendAway
	}
	accepting := time.NewTimer(spread)
	defer accepting.Stop()
	s.hub.SendAway(ctx, spread)
	select {
	case <-accepting.C:
	case <-ctx.Done():
	}
	// From here on new connections are not accepted: they wait in the backlog of an inherited listener for the next
	// process, or are refused.
	s.shut.Store(true)
	for _, l := range doors {
		_ = l.Close()
	}
	if err := s.hub.Close(ctx, 0); err != nil {
		s.cfg.Log.Warn("sockets were cut off", "error", err)
	}
	if patient {
		s.web.empty(ctx, idle)
	}
	if err := public.Shutdown(ctx); err != nil {
		_ = public.Close()
	}
}

// web counts the connections of HTTP, sockets aside.
type web struct {
	mu    sync.Mutex
	open  int
	ended chan struct{} // closed when a connection ends; nil while nobody waits for that
}

func (w *web) changed(_ net.Conn, to http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch to {
	case http.StateNew:
		w.open++
		return
	case http.StateClosed, http.StateHijacked:
		w.open--
	default:
		return
	}
	if w.ended != nil {
		close(w.ended)
		w.ended = nil
	}
}

// empty waits until no connection is left, at most until the given time.
func (w *web) empty(ctx context.Context, until time.Time) {
	late := time.NewTimer(time.Until(until))
	defer late.Stop()
	for {
		w.mu.Lock()
		if w.open == 0 {
			w.mu.Unlock()
			return
		}
		if w.ended == nil {
			w.ended = make(chan struct{})
		}
		ended := w.ended
		w.mu.Unlock()
		select {
		case <-ended:
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) newHTTP(h http.Handler, changed func(net.Conn, http.ConnState)) *http.Server {
	server := &http.Server{
		ErrorLog: httpLog(s.cfg.Log),
		Handler:  h, ConnState: changed, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
	s.door.Guard(server)
	return server
}

// Listen opens the public address, or takes the listener that a service manager passed (systemd socket activation:
// LISTEN_PID names this process and LISTEN_FDS is at least 1). A passed listener outlives the process, so that over a
// restart connections wait and none is refused.
func Listen(address string) (net.Listener, error) {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return net.Listen("tcp", address)
	}
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil || n < 1 {
		return nil, fmt.Errorf("LISTEN_PID is set but LISTEN_FDS is %q", os.Getenv("LISTEN_FDS"))
	}
	const first = 3 // SD_LISTEN_FDS_START
	syscall.CloseOnExec(first)
	f := os.NewFile(first, "LISTEN_FDS")
	defer f.Close() //nolint:errcheck // FileListener has its own copy
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("take the listener of LISTEN_FDS: %w", err)
	}
	return ln, nil
}
