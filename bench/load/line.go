package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Line is one kept-alive HTTP connection. It is for one goroutine.
type Line struct {
	address string
	conn    net.Conn
	read    *bufio.Reader
	write   []byte
	body    []byte
}

// Dial connects to host:port. Every exchange after that must be over by the deadline, if there is one.
func Dial(address string, deadline time.Time) (*Line, error) {
	conn, err := net.DialTimeout("tcp", address, time.Until(orFar(deadline)))
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(deadline); err != nil {
		conn.Close()
		return nil, err
	}
	return &Line{address: address, conn: conn, read: bufio.NewReaderSize(conn, 2048)}, nil
}

func orFar(deadline time.Time) time.Time {
	if deadline.IsZero() {
		return time.Now().Add(time.Minute)
	}
	return deadline
}

// Until moves the deadline.
func (l *Line) Until(deadline time.Time) error { return l.conn.SetDeadline(deadline) }

// Close closes the connection.
func (l *Line) Close() error { return l.conn.Close() }

// Request is a request's method, path and headers, written once for many sendings.
type Request struct{ head []byte }

// NewRequest returns a request. Each header is a line "Name: value".
func NewRequest(address, method, path string, headers ...string) Request {
	head := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n", method, path, address)
	for _, h := range headers {
		head = append(append(head, h...), "\r\n"...)
	}
	return Request{append(head, "Content-Length: "...)}
}

// Send writes a request with a body, in one write.
func (l *Line) Send(r Request, body []byte) error {
	l.write = append(l.write[:0], r.head...)
	l.write = strconv.AppendInt(l.write, int64(len(body)), 10)
	l.write = append(l.write, "\r\n\r\n"...)
	l.write = append(l.write, body...)
	_, err := l.conn.Write(l.write)
	return err
}

// errTooLong is an answer's header line beyond the reader's buffer.
var errTooLong = errors.New("header line too long")

// Answer reads the answer to the oldest request that has none yet. The body is good until the next call.
func (l *Line) Answer() (status int, body []byte, err error) {
	first, err := l.headerLine()
	if err != nil {
		return 0, nil, err
	}
	if len(first) < 12 || !bytes.HasPrefix(first, []byte("HTTP/1.1 ")) {
		return 0, nil, fmt.Errorf("not an HTTP/1.1 status line: %q", first)
	}
	if status, err = strconv.Atoi(string(first[9:12])); err != nil {
		return 0, nil, fmt.Errorf("status line %q: %w", first, err)
	}
	length, chunked, err := l.headers()
	switch {
	case err != nil:
		return 0, nil, err
	case chunked:
		err = l.readChunks()
	default:
		err = l.readBody(length)
	}
	return status, l.body, err
}

func (l *Line) headerLine() ([]byte, error) {
	line, err := l.read.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errTooLong
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// headers reads up to the empty line and returns how the body ends.
func (l *Line) headers() (length int, chunked bool, err error) {
	for {
		line, err := l.headerLine()
		if err != nil || len(line) == 0 {
			return length, chunked, err
		}
		if v, ok := header(line, "content-length:"); ok {
			if length, err = strconv.Atoi(string(v)); err != nil {
				return 0, false, err
			}
		} else if v, ok := header(line, "transfer-encoding:"); ok {
			chunked = bytes.EqualFold(v, []byte("chunked"))
		}
	}
}

// header returns the value of a header line, if it has this lower-case name.
func header(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}

func (l *Line) readBody(n int) error {
	if cap(l.body) < n {
		l.body = make([]byte, n)
	}
	l.body = l.body[:n]
	_, err := io.ReadFull(l.read, l.body)
	return err
}

func (l *Line) readChunks() error {
	var whole []byte
	for {
		line, err := l.headerLine()
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(line), 16, 24)
		if err != nil {
			return fmt.Errorf("chunk length %q: %w", line, err)
		}
		if err := l.readBody(int(n)); err != nil {
			return err
		}
		whole = append(whole, l.body...)
		if _, err := l.headerLine(); err != nil {
			return err
		}
		if n == 0 {
			l.body = whole
			return nil
		}
	}
}

// StatusError is an answer other than 2xx.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// Call sends a request and returns the body of its answer, which is good until the next call. An answer other than
// 2xx is a [StatusError].
func (l *Line) Call(r Request, body []byte) ([]byte, error) {
	if err := l.Send(r, body); err != nil {
		return nil, err
	}
	status, answer, err := l.Answer()
	if err != nil {
		return nil, err
	}
	if status/100 != 2 {
		return nil, &StatusError{status, string(answer)}
	}
	return answer, nil
}
