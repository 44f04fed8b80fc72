package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// onceToken is the ClientToken of a request to make a resource. The resource is made together with a row that remembers
// the token, so that the same request is answered with the same resource, on every node.
type onceToken struct {
	kind    string // of the rows
	token   string // "" for none: every request is its own
	request string // a hash of all that was asked for
}

// newOnceToken takes the request's hash of its JSON.
func newOnceToken(kind, token string, request ...any) (onceToken, error) {
	all, err := json.Marshal(request)
	return onceToken{kind, token, claimKey(string(all))}, err
}

// made is what a token's row says.
type made struct {
	ID      string `json:"id"`
	Request string `json:"request"`
}

// row is what to insert beside the resource.
func (o onceToken) row(at center.InstanceID, id string, now time.Time) ([]store.Resource, error) {
	if o.token == "" {
		return nil, nil
	}
	body, err := json.Marshal(made{id, o.request})
	return []store.Resource{{Instance: at, Kind: o.kind, ID: claimKey(o.token), Body: body, Created: now, Modified: now}}, err
}

// made finds the resource that the request has made already. A token that came with another request is refused.
func (c *Chats) made(ctx context.Context, at center.InstanceID, o onceToken) (id string, known bool, err error) {
	if o.token == "" {
		return "", false, nil
	}
	row, err := c.Store.Resource(ctx, at, o.kind, claimKey(o.token))
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	var m made
	if err := json.Unmarshal(row.Body, &m); err != nil {
		return "", false, c.Store.Damaged("resource", fmt.Errorf("the row of a ClientToken: %w", err))
	}
	if m.Request != o.request {
		return "", false, center.Refuse(center.Conflict, "ClientToken was used before, with another request")
	}
	return m.ID, true, nil
}
