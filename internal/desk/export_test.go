package desk

import (
	"context"
	"strings"
)

// Fill takes all places of the gate, until its caller lets go of them.
func (d *Desk) Fill() (empty func()) {
	for range cap(d.gate.waiting) {
		d.gate.waiting <- struct{}{}
	}
	return func() {
		for range cap(d.gate.waiting) {
			<-d.gate.waiting
		}
	}
}

// CloseEnded is what a node with sockets does every five seconds.
func (d *Desk) CloseEnded(ctx context.Context) error { return d.closeEnded(ctx) }

// Limits of the package, for tests.
const (
	HashesAtOnce  = hashesAtOnce
	HashesWaiting = hashesWaiting
	Burst         = burst
)

// Computed is how many snapshots were computed for sockets.
func (d *Desk) Computed() int64 { return d.computed.Load() }

// OperationID is the name of a route.
func OperationID(rt Route) string { return operationID(rt.Method, strings.TrimPrefix(rt.Path, Prefix)) }
