package clients

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// badNetwork stands between a client and the server, and can lose all WebSockets of the client while everything else
// goes through.
type badNetwork struct {
	server string

	mu      sync.Mutex
	sockets map[net.Conn]bool
	open    chan struct{} // closed while sockets may be opened
}

func startBadNetwork(t testing.TB, s server) (*badNetwork, server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &badNetwork{server: s.endpoint[len("http://"):], sockets: map[net.Conn]bool{}, open: make(chan struct{})}
	close(n.open)
	t.Cleanup(func() {
		listener.Close()
		n.lose()
		n.mend()
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go n.carry(client)
		}
	}()
	s.endpoint = "http://" + listener.Addr().String()
	return n, s
}

// lose cuts every socket, and keeps new ones waiting until mend.
func (n *badNetwork) lose() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.open:
		n.open = make(chan struct{})
	default:
	}
	for socket := range n.sockets {
		socket.Close()
	}
	clear(n.sockets)
}

func (n *badNetwork) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.open:
	default:
		close(n.open)
	}
}

func (n *badNetwork) carry(client net.Conn) {
	defer client.Close()
	head := make([]byte, 4096)
	size, err := client.Read(head)
	if err != nil {
		return
	}
	head = head[:size]
	if bytes.Contains(bytes.ToLower(head), []byte("upgrade: websocket")) {
		n.mu.Lock()
		open := n.open
		n.mu.Unlock()
		<-open
		n.mu.Lock()
		n.sockets[client] = true
		n.mu.Unlock()
	}
	upstream, err := net.Dial("tcp", n.server)
	if err != nil {
		return
	}
	defer upstream.Close()
	if _, err := upstream.Write(head); err != nil {
		return
	}
	go func() {
		io.Copy(upstream, client) //nolint:errcheck // either side may end it
		upstream.Close()
	}()
	io.Copy(client, upstream) //nolint:errcheck // either side may end it
}
