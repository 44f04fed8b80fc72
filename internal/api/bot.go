package api

import (
	"errors"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// Bots of Amazon Lex V1 have operations of their own, and are named by those of Amazon Lex V2 too: both know the same bots.

var botOps = map[string]handler{
	"AssociateBot":       does[connect.AssociateBotOutput](associateBot),
	"AssociateLexBot":    does[connect.AssociateLexBotOutput](associateLexBot),
	"DisassociateBot":    does[connect.DisassociateBotOutput](disassociateBot),
	"DisassociateLexBot": does[connect.DisassociateLexBotOutput](disassociateLexBot),
	"ListBots":           answers(listBots),
	"ListLexBots": listing[*connect.ListLexBotsInput, center.LexBot, *connect.ListLexBotsOutput]{
		standard: 10, valid: center.IsLexBotKey, key: (*center.LexBot).Key,
		find: func(c call, _ *connect.ListLexBotsInput, after string, limit int) ([]center.LexBot, error) {
			return catalog.LexBots.List(c.ctx(), c.Catalog, c.at, after, limit)
		},
		answer: func(_ call, found []center.LexBot, next *string) *connect.ListLexBotsOutput {
			out := &connect.ListLexBotsOutput{LexBots: make([]connect.LexBot, len(found)), NextToken: next}
			for i := range found {
				out.LexBots[i] = *lexBotOut(&found[i])
			}
			return out
		},
	}.handler(),
}

// lexBot is a bot of Amazon Lex V1. One without a region is in this server's (inferred: the API model requires the member,
// and has no least length).
func (c call) lexBot(name, region *string) *center.LexBot {
	b := &center.LexBot{Name: *name, Region: *region}
	if b.Region == "" {
		b.Region = c.Partition.Region
	}
	return b
}

func lexBotOut(b *center.LexBot) *connect.LexBot {
	return &connect.LexBot{Name: &b.Name, LexRegion: &b.Region}
}

func associateLexBot(c call, in *connect.AssociateLexBotInput) error {
	return catalog.Associate(c.ctx(), c.Catalog, c.at, catalog.LexBots, c.lexBot(in.LexBot.Name, in.LexBot.LexRegion), value(in.ClientToken))
}

func disassociateLexBot(c call, in *connect.DisassociateLexBotInput) error {
	return catalog.LexBots.Remove(c.ctx(), c.Catalog, c.at, c.lexBot(in.BotName, in.LexRegion).Key())
}

// associateBot answers to a bot of Amazon Lex V1 that there cannot be with ResourceNotFoundException: the operation does not
// declare InvalidParameterException, and the Terraform provider tries again for five minutes after InvalidRequestException.
func associateBot(c call, in *connect.AssociateBotInput) error {
	if err := checkOneBot(in.LexBot, in.LexV2Bot); err != nil {
		return err
	}
	if in.LexBot == nil {
		return c.Catalog.Allow(c.ctx(), c.at, catalog.Bots, *in.LexV2Bot.AliasArn, value(in.ClientToken))
	}
	err := catalog.Associate(c.ctx(), c.Catalog, c.at, catalog.LexBots, c.lexBot(in.LexBot.Name, in.LexBot.LexRegion), value(in.ClientToken))
	var refused *center.Error
	if errors.As(err, &refused) && refused.Code == center.InvalidParameter {
		return center.Refuse(center.NotFound, "%s", refused.Message)
	}
	return err
}

func disassociateBot(c call, in *connect.DisassociateBotInput) error {
	if err := checkOneBot(in.LexBot, in.LexV2Bot); err != nil {
		return err
	}
	if in.LexBot == nil {
		return catalog.Bots.Remove(c.ctx(), c.Catalog, c.at, *in.LexV2Bot.AliasArn)
	}
	return catalog.LexBots.Remove(c.ctx(), c.Catalog, c.at, c.lexBot(in.LexBot.Name, in.LexBot.LexRegion).Key())
}

// checkOneBot refuses a request that does not name one bot.
func checkOneBot(v1 *connect.LexBot, v2 *connect.LexV2Bot) error {
	switch {
	case v1 != nil && v2 != nil:
		return center.Refuse(center.InvalidRequest, "LexBot and LexV2Bot must not be given together")
	case v1 == nil && (v2 == nil || v2.AliasArn == nil):
		return center.Refuse(center.InvalidRequest, "LexBot or LexV2Bot.AliasArn is required")
	}
	return nil
}

const lexV1 = "V1"

func listBots(c call, in *connect.ListBotsInput) (*connect.ListBotsOutput, error) {
	if *in.LexVersion == lexV1 {
		return botPage(c, in, catalog.LexBots, center.IsLexBotKey, (*center.LexBot).Key, func(b *center.LexBot) connect.LexBotConfig {
			return connect.LexBotConfig{LexBot: lexBotOut(b)}
		})
	}
	isAlias := func(s string) bool { return center.CheckBotAlias(s) == nil }
	return botPage(c, in, catalog.Bots, isAlias, func(b *center.Allowed) string { return b.ARN }, func(b *center.Allowed) connect.LexBotConfig {
		return connect.LexBotConfig{LexV2Bot: &connect.LexV2Bot{AliasArn: &b.ARN}}
	})
}

// botPage is a page of the bots of one version.
func botPage[V any](c call, in *connect.ListBotsInput, of *catalog.Set[V], valid func(string) bool, key func(*V) string, bot func(*V) connect.LexBotConfig) (*connect.ListBotsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listFunctionsPage, valid)
	if err != nil {
		return nil, err
	}
	found, err := of.List(c.ctx(), c.Catalog, c.at, after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, key)
	out := &connect.ListBotsOutput{LexBots: make([]connect.LexBotConfig, len(found)), NextToken: next}
	for i := range found {
		out.LexBots[i] = bot(&found[i])
	}
	return out, nil
}
