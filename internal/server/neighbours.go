package server

import (
	"context"
	"time"
)

// lookAround is how often a node looks for others, and whether it is still counted itself.
const lookAround = 10 * time.Second

// attend has this node counted among those that serve from the database. A node without a bus says so when there are
// others, once: what they take reaches its sockets only when the hub compares with the store.
func (s *Server) attend(ctx context.Context) {
	if !isPostgres(s.cfg.Database) {
		return
	}
	look := time.NewTicker(lookAround)
	defer look.Stop()
	said := s.cfg.Nodes != nil
	for {
		n, err := s.store.Nodes(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.cfg.Log.Debug("other nodes were not counted", "error", err)
		case n > 1 && !said:
			said = true
			s.cfg.Log.Warn("other nodes serve from this database, and this one has no bus: what they take reaches its sockets up to two seconds late; see --bus", "nodes", n)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}
