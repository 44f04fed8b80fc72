package chat

import (
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// flows runs the flows of chats: within a turn it gives a flow what has happened, carries out what the flow wants, and
// looks up what it must know for that. It commits nothing.
type flows struct {
	archive
	catalog   *catalog.Catalog
	partition center.Partition
	sealer    Sealer
	wall      func() time.Time
	trace     bool

	functions Functions
	bots      Bots
	systems   Systems
	signIns   SignIns
	figures   Figures
}

func newFlows(c Config) *flows {
	return &flows{
		archive: archive{c.Store}, catalog: c.Catalog, partition: c.Partition, sealer: c.Sealer, wall: c.Wall, trace: c.Trace,
		functions: c.Functions, bots: c.Bots, systems: c.Systems, signIns: c.SignIns, figures: c.Figures,
	}
}
