package load

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"
)

// Socket is a WebSocket to a chat. It is for one goroutine at a time.
type Socket struct {
	conn  net.Conn
	read  *bufio.Reader
	frame []byte
}

// ClosedError is the server's close frame.
type ClosedError struct{ Code uint16 }

func (e *ClosedError) Error() string { return fmt.Sprintf("socket closed with %d", e.Code) }

// Frames of a client, masked with zeros: masking protects proxies on the way, and there are none.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

const subscribe = `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`

// OpenSocket opens the socket at a ws:// address, as CreateParticipantConnection answers it, and subscribes it to the
// chat. It returns when the subscription is answered.
func OpenSocket(address string, deadline time.Time) (*Socket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "ws" {
		return nil, fmt.Errorf("socket address has scheme %q, want ws", u.Scheme)
	}
	conn, err := net.DialTimeout("tcp", u.Host, time.Until(orFar(deadline)))
	if err != nil {
		return nil, err
	}
	s := &Socket{conn: conn, read: bufio.NewReaderSize(conn, 1024)}
	if err := s.open(u, deadline); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// handshake asks for the socket. Each header of more ends its line.
func (s *Socket) handshake(u *url.URL, more string, deadline time.Time) error {
	if err := s.conn.SetDeadline(deadline); err != nil {
		return err
	}
	handshake := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: bG9hZCBvZiBwYXJsZXkuLg==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", u.RequestURI(), u.Host, more)
	if _, err := s.conn.Write(handshake); err != nil {
		return err
	}
	return s.switched()
}

func (s *Socket) open(u *url.URL, deadline time.Time) error {
	if err := s.handshake(u, "", deadline); err != nil {
		return err
	}
	if _, err := s.conn.Write(appendFrame(nil, opText, []byte(subscribe))); err != nil {
		return err
	}
	answer, err := s.Next()
	if err != nil {
		return err
	}
	if !bytes.Contains(answer, []byte(`"status":"success"`)) {
		return fmt.Errorf("subscription answered with %s", answer)
	}
	return nil
}

// switched reads the answer to the handshake.
func (s *Socket) switched() error {
	status, err := s.read.ReadString('\n')
	if err != nil {
		return err
	}
	for line := status; line != "\r\n"; {
		if line, err = s.read.ReadString('\n'); err != nil {
			return err
		}
	}
	if len(status) < 12 || status[9:12] != "101" {
		return fmt.Errorf("handshake answered with %q", status)
	}
	return nil
}

// Until moves the deadline of reading and writing.
func (s *Socket) Until(deadline time.Time) error { return s.conn.SetDeadline(deadline) }

// Close closes the connection without a word, as a client that crashes does.
func (s *Socket) Close() error { return s.conn.Close() }

// Next returns the next text frame, which is good until the next call. Pings are answered on the way; a close is a
// [ClosedError].
func (s *Socket) Next() ([]byte, error) {
	for {
		op, err := s.readFrame()
		if err != nil {
			return nil, err
		}
		switch op {
		case opText:
			return s.frame, nil
		case opClose:
			if len(s.frame) < 2 {
				return nil, &ClosedError{}
			}
			return nil, &ClosedError{binary.BigEndian.Uint16(s.frame)}
		case opPing:
			if _, err := s.conn.Write(appendFrame(nil, opPong, s.frame)); err != nil {
				return nil, err
			}
		}
	}
}

var errFragment = errors.New("the server sent a fragment")

func (s *Socket) readFrame() (op byte, err error) {
	head, err := s.read.Peek(2)
	if err != nil {
		return 0, err
	}
	op, n, skip := head[0]&0x0F, int(head[1]), 2
	if head[0]&0x80 == 0 {
		return 0, errFragment
	}
	switch n {
	case 126:
		skip = 4
		if head, err = s.read.Peek(skip); err != nil {
			return 0, err
		}
		n = int(binary.BigEndian.Uint16(head[2:]))
	case 127:
		skip = 10
		if head, err = s.read.Peek(skip); err != nil {
			return 0, err
		}
		n = int(binary.BigEndian.Uint64(head[2:]))
	}
	if _, err := s.read.Discard(skip); err != nil {
		return 0, err
	}
	if cap(s.frame) < n {
		s.frame = make([]byte, n)
	}
	s.frame = s.frame[:n]
	_, err = io.ReadFull(s.read, s.frame)
	return op, err
}

// appendFrame appends a frame of at most 125 bytes, which is more than a client ever has to say.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op, 0x80|byte(len(payload)), 0, 0, 0, 0)
	return append(dst, payload...)
}
