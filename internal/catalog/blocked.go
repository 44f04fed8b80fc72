package catalog

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// blockedCustomers are the customers who may not start chats in an instance.
var blockedCustomers = &Kind[center.BlockedCustomer]{
	rows: "blocked-customer", word: "BLOCKED_CUSTOMER",
	key:   (*center.BlockedCustomer).Key,
	stamp: func(*center.BlockedCustomer, func() string, time.Time) {},
	check: (*center.BlockedCustomer).Check,
	taken: "the customer is blocked already",
}

// Block blocks a customer, and returns the block.
func (c *Catalog) Block(ctx context.Context, at center.InstanceID, b center.BlockedCustomer) (*center.BlockedCustomer, error) {
	b.ID, b.Since = center.BlockID(at, b.CustomerID), c.Now().UTC()
	if _, err := blockedCustomers.Create(ctx, c, at, &b, ClientToken{}); err != nil {
		return nil, err
	}
	return &b, nil
}

// Unblock takes the block with an id away.
func (c *Catalog) Unblock(ctx context.Context, at center.InstanceID, id string) error {
	return blockedCustomers.Delete(ctx, c, at, id)
}

// BlockedCustomers returns up to limit blocks after the one with the given id, in the order of ids, which is no order of
// customers or times.
func (c *Catalog) BlockedCustomers(ctx context.Context, at center.InstanceID, after string, limit int) ([]center.BlockedCustomer, error) {
	return blockedCustomers.List(ctx, c, at, after, limit, nil)
}

// BlockOf returns the block of a customer.
func (c *Catalog) BlockOf(ctx context.Context, at center.InstanceID, customer string) (*center.BlockedCustomer, error) {
	return blockedCustomers.Get(ctx, c, at, center.BlockID(at, customer))
}

// SetBlockedMessage sets what an instance answers to blocked customers; "" is the default message.
func (c *Catalog) SetBlockedMessage(ctx context.Context, at center.InstanceID, message string) error {
	return instances.Update(ctx, c, "", string(at), 0, func(i *center.Instance) error { return i.SetBlockedMessage(message) })
}

// firstBlock is not behind any id of a block, which is a UUID.
const firstBlock = "0"

// blockOf is where [Catalog.Opening] looks for blocks: at the one of the customer that a chat names, else from the first one
// on. A chat that will be no known customer's asks for none.
func blockOf(cmd *center.StartChat) *store.InstanceRef {
	from := store.InstanceRef{Instance: cmd.Instance, Ref: store.Ref{Kind: blockedCustomers.rows, ID: firstBlock}}
	switch {
	case cmd.CustomerID != "":
		from.ID = center.BlockID(cmd.Instance, cmd.CustomerID)
	case cmd.Persistent == nil && cmd.Related == "":
		return nil
	}
	return &from
}

// MayStart refuses a chat of a blocked customer, the one that its request names or that it will be of. It asks the store only
// where the Opening does not say it: an instance that has blocked nobody costs no further read.
func (c *Catalog) MayStart(ctx context.Context, o *Opening, customer string) error {
	if customer == "" || o.block == nil {
		return nil
	}
	switch id := center.BlockID(o.instance.ID, customer); {
	case id == o.block.ID:
		return o.instance.Blocked()
	case id < o.block.ID: // which is the first
		return nil
	}
	return c.unblocked(ctx, o.instance, customer)
}

// Unblocked refuses what a customer may not do who is blocked; "" is not known, and not blocked.
func (c *Catalog) Unblocked(ctx context.Context, at center.InstanceID, customer string) error {
	if customer == "" {
		return nil
	}
	i, err := c.Instance(ctx, at)
	if err != nil {
		return err
	}
	return c.unblocked(ctx, i, customer)
}

func (c *Catalog) unblocked(ctx context.Context, i *center.Instance, customer string) error {
	blocked, err := exists(c.Store.Resource(ctx, i.ID, blockedCustomers.rows, center.BlockID(i.ID, customer)))
	if err == nil && blocked {
		return i.Blocked()
	}
	return err
}
