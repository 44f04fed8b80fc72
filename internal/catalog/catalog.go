package catalog

import (
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Config is what a [Catalog] is made of; all fields are required but Quotas.
type Config struct {
	Store     *store.Store
	Now       func() time.Time // contact time
	NewID     func() string    // a new UUID
	Partition center.Partition
	// Quotas says whether Amazon Connect's default quotas of resources hold.
	Quotas bool
	// KnownHash is the hash of a password that everybody knows, in the PHC string format: no user signs in with it. Empty: there
	// is none.
	KnownHash string
	// Sealer seals the secrets of one-time codes, and what clients keep while they sign in; nil where nobody does.
	Sealer Sealer
}

// Catalog is what the instances of one store are configured with. All methods may be called from any goroutine.
type Catalog struct {
	Config
	programs  programs
	decoded   decoded
	passwords passwords
}

// New returns a Catalog ready for use.
func New(c Config) *Catalog { return &Catalog{Config: c, passwords: newPasswords()} }
