package main

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// chatCmds are the terminal's chat, which needs no word of its own, and what an operator does with chats.
type chatCmds struct {
	Talk   chatCmd       `cmd:"" default:"withargs" help:"Start a chat in the terminal, and talk. The word talk may be left out."`
	Delete deleteChatCmd `cmd:"" help:"Erase a chat from the database, for good."`
}

type deleteChatCmd struct {
	storeFlags
	Contact string `arg:"" help:"Id of any contact of the chat; all its contacts go."`
	Force   bool   `help:"End the chat first if it has not ended; running servers then have up to 20 seconds to close its sockets."`
}

// Help says what goes and what stays.
func (*deleteChatCmd) Help() string {
	return `The chat goes with all its messages, attributes, references, receipts, timers and remembered ClientTokens. It works beside running servers. A chat that continues the erased one keeps what it copied when it began, and its RelatedContactId, which leads nowhere. Figures of its contacts (ids, times, queue, counts of messages) stay for --keep-contacts. Backups, flow logs and PostgreSQL's own archives keep what they have: docs/operating.md, "Erasure".`
}

func (c *deleteChatCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		had, err := a.EraseChat(ctx, center.ContactID(c.Contact), c.Force)
		if center.Is(err, center.NotTerminated) {
			return fmt.Errorf("%w: stop it first (aws connect stop-contact), or add --force", err)
		}
		if err != nil {
			return err
		}
		fmt.Printf("erased a chat of %d contacts: %d items, %d receipts, %d timers, %d remembered requests\n",
			had.Contacts, had.Items, had.Receipts, had.Due, had.Claims)
		return nil
	})
}
