package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// ClientToken makes a request to make a resource one that can be repeated: the resource is made together with a row that
// remembers the token, so that the same request is answered with the same resource, on every node. The zero value is no
// token: every request is its own.
type ClientToken struct {
	token   string
	request string // a digest of all that was asked for
}

// NewClientToken is the token of a request for all that request consists of.
func NewClientToken(token string, request ...any) (ClientToken, error) {
	if token == "" {
		return ClientToken{}, nil
	}
	all, err := json.Marshal(request)
	return ClientToken{token, center.Digest(string(all))}, err
}

// made is what a token's row says.
type made struct {
	ID      string `json:"id"`
	Request string `json:"request"`
}

// tokenRows is what the rows are called that remember the tokens of a kind.
func tokenRows(kind string) string { return kind + "-token" }

// remember adds the token's row to those of the resource.
func (t ClientToken) remember(rows []store.Resource, at center.InstanceID, kind, id string, now time.Time) ([]store.Resource, error) {
	if t.token == "" {
		return rows, nil
	}
	body, err := json.Marshal(made{id, t.request})
	return append(rows, store.Resource{Instance: at, Kind: tokenRows(kind), ID: center.Digest(t.token), Body: body, Created: now, Modified: now}), err
}

// made finds the resource that a request has made already. A token that came with another request is refused.
func (c *Catalog) made(ctx context.Context, at center.InstanceID, kind string, t ClientToken) (id string, known bool, err error) {
	if t.token == "" {
		return "", false, nil
	}
	row, err := c.Store.Resource(ctx, at, tokenRows(kind), center.Digest(t.token))
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
	if m.Request != t.request {
		return "", false, center.Refuse(center.Conflict, "ClientToken was used before, with another request")
	}
	return m.ID, true, nil
}
