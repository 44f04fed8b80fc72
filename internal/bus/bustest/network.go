// Package bustest is a bus between nodes that is as bad as a bus may be: it drops, doubles, delays and so reorders
// the news, by a seeded rule.
//
// It is for tests of several nodes in one process. It depends on center and bus; it never loses or changes what a
// node tells itself, as no bus between nodes does.
package bustest

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/center"
)

// Faults are probabilities, for each publication and each other node.
type Faults struct {
	Drop   float64
	Double float64
	// Delay of up to MaxDelay, in which later news overtakes.
	Delay    float64
	MaxDelay time.Duration
}

// Network connects nodes.
type Network struct {
	mu     sync.Mutex
	rand   *rand.Rand
	faults Faults
	nodes  []*Node
	closed bool

	dropped, doubled, delayed int
}

// New returns a network without nodes. The same seed and the same publications make the same faults.
func New(seed uint64, f Faults) *Network {
	return &Network{rand: rand.New(rand.NewPCG(seed, seed)), faults: f}
}

// Node is one node's bus.
type Node struct {
	*bus.Local
	network *Network
}

// Node adds a node.
func (n *Network) Node() *Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	node := &Node{bus.NewLocal(), n}
	n.nodes = append(n.nodes, node)
	return node
}

// Publish tells the node's own listeners, and the other nodes as badly as the rule says.
func (node *Node) Publish(chat center.StreamID, items []center.Item) {
	node.Local.Publish(chat, items)
	for _, d := range node.network.plan(node) {
		deliver := func() {
			if !node.network.isClosed() {
				d.to.Local.Publish(chat, items)
			}
		}
		if d.after == 0 {
			deliver()
		} else {
			time.AfterFunc(d.after, deliver)
		}
	}
}

type delivery struct {
	to    *Node
	after time.Duration
}

func (n *Network) plan(from *Node) []delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	var plan []delivery
	for _, to := range n.nodes {
		if to == from {
			continue
		}
		if n.rand.Float64() < n.faults.Drop {
			n.dropped++
			continue
		}
		copies := 1
		if n.rand.Float64() < n.faults.Double {
			copies = 2
			n.doubled++
		}
		for range copies {
			d := delivery{to: to}
			if n.rand.Float64() < n.faults.Delay {
				d.after = 1 + time.Duration(n.rand.Int64N(int64(max(n.faults.MaxDelay, 1))))
				n.delayed++
			}
			plan = append(plan, d)
		}
	}
	return plan
}

// Faults returns how often each fault was done.
func (n *Network) Faults() (dropped, doubled, delayed int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dropped, n.doubled, n.delayed
}

// Close loses what is still on its way.
func (n *Network) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
}

func (n *Network) isClosed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed
}
