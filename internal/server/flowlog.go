package server

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/parley-chat/parley/internal/chat"
)

// flowLogWaiting is how many lines may wait for the disk. More are dropped, and counted: chats wait for no log.
const flowLogWaiting = 4096

// flowLog appends the flow log's lines to a file, JSON each.
type flowLog struct {
	to      io.WriteCloser
	log     *slog.Logger
	lines   chan chat.FlowLogLine
	dropped atomic.Int64
	closing sync.Once
	quit    chan struct{}
	done    chan error
}

// openFlowLog opens a file for appending, readable by its owner only; "-" is the standard output.
func openFlowLog(name string, log *slog.Logger) (*flowLog, error) {
	to := io.WriteCloser(stdout{})
	if name != "-" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("--flow-log: open the flow log: %w", err)
		}
		to = f
	}
	return startFlowLog(to, log), nil
}

func startFlowLog(to io.WriteCloser, log *slog.Logger) *flowLog {
	l := &flowLog{
		to: to, log: log, lines: make(chan chat.FlowLogLine, flowLogWaiting), quit: make(chan struct{}), done: make(chan error, 1),
	}
	go func() { l.done <- l.run() }()
	return l
}

// stdout is not ours to close.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
func (stdout) Close() error                { return nil }

// Write takes a line, unless too many wait.
func (l *flowLog) Write(line chat.FlowLogLine) {
	select {
	case l.lines <- line:
	default:
		l.dropped.Add(1)
	}
}

// run writes lines until the log is closed, and what is left then. A line is in the file as soon as no other waits.
func (l *flowLog) run() error {
	out := bufio.NewWriterSize(l.to, 64<<10)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	write := func(line chat.FlowLogLine) {
		if err := errors.Join(e.Encode(line), l.flush(out)); err != nil {
			l.log.Error("flow log", "error", err)
			out.Reset(l.to) // the writer would refuse all that follows
		}
	}
	for {
		select {
		case line := <-l.lines:
			write(line)
			continue
		case <-l.quit:
		}
		for len(l.lines) > 0 {
			write(<-l.lines)
		}
		return l.to.Close()
	}
}

// flush writes what is buffered when no line waits, and says how many were dropped.
func (l *flowLog) flush(out *bufio.Writer) error {
	if len(l.lines) > 0 {
		return nil
	}
	if n := l.dropped.Swap(0); n > 0 {
		l.log.Warn("lines of the flow log were dropped: too many waited", "lines", n)
	}
	return out.Flush()
}

// close writes what waits and closes the file; no line comes after it. Doing so twice, or without a log, is fine.
func (l *flowLog) close() (err error) {
	if l == nil {
		return nil
	}
	l.closing.Do(func() {
		close(l.quit)
		err = <-l.done
	})
	return err
}
