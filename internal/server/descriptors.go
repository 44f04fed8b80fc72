package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/parley-chat/parley/internal/outside"
)

// descriptors warns when the process or the system has run out of file descriptors. net/http accepts again a moment
// later and says so at debug level only, while new connections wait unanswered.
type descriptors struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	warned time.Time
	failed int // since the last warning
}

// warnEvery bounds the warnings about one shortage.
const warnEvery = time.Minute

// check takes the outcome of whatever opens a file descriptor.
func (d *descriptors) check(err error) {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed++
	now := d.now()
	if !d.warned.IsZero() && now.Sub(d.warned) < warnEvery {
		return
	}
	d.log.Warn("out of file descriptors: new connections wait or fail; raise the limit (ulimit -n, LimitNOFILE of systemd)",
		"failed", d.failed, "error", err)
	d.warned, d.failed = now, 0
}

// listener returns l with its Accept checked.
func (d *descriptors) listener(l net.Listener) net.Listener { return checkedListener{l, d} }

type checkedListener struct {
	net.Listener
	descriptors *descriptors
}

func (l checkedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.descriptors.check(err)
	return c, err
}

// dial returns dial, or the network's if nil, with its errors checked.
func (d *descriptors) dial(dial outside.Dial) outside.Dial {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		d.check(err)
		return c, err
	}
}
