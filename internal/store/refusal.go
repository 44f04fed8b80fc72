package store

import (
	"errors"

	"github.com/parley-chat/parley/internal/center"
)

// ErrNotFound is the answer of reads, updates and deletes by id when nothing is there.
var ErrNotFound = errors.New("store: not found")

// Conflict says that the stream has moved on (or is not there, or is there already): decide again on a new snapshot.
type Conflict struct{ Stream center.StreamID }

func (e *Conflict) Error() string { return "stream " + string(e.Stream) + " has moved on" }

// TokenTaken says that an item with this token is already in the stream. Item is that one.
type TokenTaken struct{ Item center.Item }

func (e *TokenTaken) Error() string { return "item token is taken by " + string(e.Item.ID) }

// ClaimTaken says that a live claim is held already. Claim is that one.
type ClaimTaken struct{ Claim center.Claim }

func (e *ClaimTaken) Error() string { return "claim " + e.Claim.Kind + " is taken" }

// Stale says that the due row a Change answers is gone or was put anew: there is nothing to answer any more.
type Stale struct{ Due center.Due }

func (e *Stale) Error() string {
	return "due row " + e.Due.Key + " of stream " + string(e.Due.Stream) + " is gone"
}

// errCommitted is the refusal of a Change that is committed already: its answer is nil.
var errCommitted = errors.New("store: committed already")

// refused tells an answer about one job, which leaves its neighbours alone, from a failure of the engine.
func refused(err error) bool {
	switch err.(type) {
	case *Conflict, *TokenTaken, *ClaimTaken, *Stale, *Missing, *InUse, *center.Error:
		return true
	}
	return err == errCommitted || err == ErrStale || err == ErrUsed || errors.Is(err, ErrNotFound)
}

func unavailable(cause error) error {
	return &center.Error{Code: center.Unavailable, Message: "Nothing can be stored at the moment. Try again later.", Cause: cause}
}

// fault is a refusal for a mistake of ours, or for a statement that its values made fail.
func fault(cause error) error {
	return &center.Error{Code: center.Internal, Message: "Internal error", Cause: cause}
}
