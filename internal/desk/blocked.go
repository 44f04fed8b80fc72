package desk

import (
	"context"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// seesBlocked is what looking at blocked customers needs, blocks what changing them does.
var (
	seesBlocked = [][]string{{center.PermitBlockedCustomers, center.PermitBlocking}}
	blocks      = [][]string{{center.PermitBlocking}}
)

// A CustomerId is in no path and no query: addresses end up in logs.
var blockedRoutes = []route{
	row("GET", "blocked-customers", seesBlocked, "Lists the blocked customers.", (*call).listBlocked),
	row("POST", "blocked-customers", blocks, "Blocks a customer.", (*call).block).refuses(center.Duplicate, center.ContactNotFound),
	row("POST", "blocked-customers/find", seesBlocked, "Says whether a customer is blocked.", (*call).findBlocked),
	row("DELETE", "blocked-customers/{block}", blocks, "Unblocks a customer.", (*call).unblock).refuses(center.NotFound),
	row("GET", "blocked-customers/message", seesBlocked, "Shows what StartChatContact answers for blocked customers.", (*call).showBlockedMessage),
	row("PUT", "blocked-customers/message", blocks, "Sets what StartChatContact answers for blocked customers.", (*call).setBlockedMessage),
}

// pageInput is what lists take.
type pageInput struct {
	Max  int    `query:"maxResults" rule:"min=1,max=1000" about:"How many at most; 100 if it is absent."`
	Next string `query:"nextToken" rule:"max=2048" about:"The nextToken of the page before."`
}

// defaultPage is how many members a page has if the caller does not say it.
const defaultPage = 100

func (p *pageInput) limit() int {
	if p.Max == 0 {
		return defaultPage
	}
	return p.Max
}

// pageOf cuts what was read, which is one more than a page where there is a further one. next is the key of the page's last.
func pageOf[T any](all []T, limit int, key func(*T) string) (page []T, next string) {
	if len(all) <= limit {
		return all, ""
	}
	return all[:limit], key(&all[limit-1])
}

type blockView struct {
	ID         string  `json:"id" about:"Names the block."`
	CustomerID string  `json:"customerId"`
	Reason     string  `json:"reason,omitempty"`
	By         byView  `json:"blockedBy"`
	Since      float64 `json:"blockedAt"`
}

// byView is the user who has done something.
type byView struct {
	ID       center.UserID `json:"id"`
	Username string        `json:"username,omitempty" about:"Absent if the user was deleted."`
}

// namesOf looks up users by their ids, each once.
func (c *call) namesOf(ctx context.Context) func(center.UserID) (byView, error) {
	known := map[center.UserID]byView{}
	return func(id center.UserID) (byView, error) {
		if v, ok := known[id]; ok {
			return v, nil
		}
		v := byView{ID: id}
		u, err := catalog.Users.Get(ctx, c.Catalog, c.who.Instance, string(id))
		switch {
		case err == nil:
			v.Username = u.Name
		case !center.Is(err, center.NotFound):
			return v, err
		}
		known[id] = v
		return v, nil
	}
}

func blockViewOf(b *center.BlockedCustomer, names func(center.UserID) (byView, error)) (blockView, error) {
	by, err := names(b.By)
	return blockView{ID: b.ID, CustomerID: b.CustomerID, Reason: b.Reason, By: by, Since: seconds(b.Since)}, err
}

type blockedOutput struct {
	Blocked []blockView `json:"blockedCustomers"`
	Next    string      `json:"nextToken,omitempty"`
}

func (c *call) listBlocked(in pageInput) (*blockedOutput, error) {
	ctx := c.r.Context()
	all, err := c.Catalog.BlockedCustomers(ctx, c.who.Instance, in.Next, in.limit()+1)
	if err != nil {
		return nil, err
	}
	page, next := pageOf(all, in.limit(), func(b *center.BlockedCustomer) string { return b.ID })
	out := &blockedOutput{Blocked: make([]blockView, len(page)), Next: next}
	names := c.namesOf(ctx)
	for i := range page {
		if out.Blocked[i], err = blockViewOf(&page[i], names); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type blockInput struct {
	CustomerID string `json:"customerId" rule:"max=128" about:"The CustomerId that StartChatContact is called with."`
	Contact    string `json:"contactId" rule:"max=256" about:"In place of that, a contact of the customer."`
	Reason     string `json:"reason" rule:"max=500" about:"For those who look at the list."`
}

func (c *call) block(in blockInput) (*blockView, error) {
	ctx := c.r.Context()
	customer, err := c.customerOf(ctx, &in)
	if err != nil {
		return nil, err
	}
	b, err := c.Catalog.Block(c.by(ctx, c.who.Name, "BlockCustomer"), c.who.Instance, center.BlockedCustomer{CustomerID: customer, Reason: in.Reason, By: c.who.User})
	if err != nil {
		return nil, err
	}
	v, err := blockViewOf(b, c.namesOf(ctx))
	return &v, err
}

// customerOf is the customer who is to be blocked.
func (c *call) customerOf(ctx context.Context, in *blockInput) (string, error) {
	if (in.CustomerID == "") == (in.Contact == "") {
		return "", center.Refuse(center.InvalidParameter, "customerId or contactId is required, and not both")
	}
	if in.CustomerID != "" {
		return in.CustomerID, nil
	}
	chat, _, err := c.Chats.Contact(ctx, c.who.Instance, center.ContactID(strings.ToLower(in.Contact)))
	switch {
	case center.Is(err, center.NotFound):
		return "", center.Refuse(center.ContactNotFound, "The instance has no contact %s", center.Printable(in.Contact))
	case err != nil:
		return "", err
	case chat.CustomerID == "":
		return "", center.Refuse(center.InvalidRequest, "The contact has no CustomerId: its customer cannot be told from others")
	}
	return chat.CustomerID, nil
}

type findBlockedInput struct {
	CustomerID string `json:"customerId" rule:"required,max=128"`
}

type findBlockedOutput struct {
	Blocked *blockView `json:"blocked" about:"The customer's block, null if the customer is not blocked."`
}

func (c *call) findBlocked(in findBlockedInput) (*findBlockedOutput, error) {
	ctx := c.r.Context()
	b, err := c.Catalog.BlockOf(ctx, c.who.Instance, in.CustomerID)
	if center.Is(err, center.NotFound) {
		return &findBlockedOutput{}, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := blockViewOf(b, c.namesOf(ctx))
	return &findBlockedOutput{&v}, err
}

type unblockInput struct {
	Block string `path:"block" about:"The id of a block."`
}

func (c *call) unblock(in unblockInput) (empty, error) {
	return empty{}, c.Catalog.Unblock(c.by(c.r.Context(), c.who.Name, "UnblockCustomer"), c.who.Instance, in.Block)
}

type blockedMessageOutput struct {
	Message string `json:"message"`
}

func (c *call) showBlockedMessage(empty) (*blockedMessageOutput, error) {
	i, err := c.Catalog.Instance(c.r.Context(), c.who.Instance)
	if err != nil {
		return nil, err
	}
	return &blockedMessageOutput{i.Blocked().Message}, nil
}

type blockedMessageInput struct {
	Message string `json:"message" rule:"max=500" about:"Absent or empty: the default message."`
}

func (c *call) setBlockedMessage(in blockedMessageInput) (empty, error) {
	return empty{}, c.Catalog.SetBlockedMessage(c.by(c.r.Context(), c.who.Name, "SetBlockedMessage"), c.who.Instance, in.Message)
}
