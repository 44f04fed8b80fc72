package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// What an instance's flows may call outside.
var (
	Functions = newSet("lambda-function", "LAMBDA_FUNCTION", allowedKey, func(a *center.Allowed) error { return center.CheckFunction(a.ARN) }, 50, "associations of the kind")
	Bots      = newSet("lex-v2-bot", "LEX_V2_BOT", allowedKey, func(a *center.Allowed) error { return center.CheckBotAlias(a.ARN) }, 100, "associations of the kind")
)

func allowedKey(a *center.Allowed) string { return a.ARN }

// LexBots are the bots of Amazon Lex V1 that are associated with an instance. The quota is that of the admin guide.
var LexBots = newSet("lex-bot", "LEX_BOT", (*center.LexBot).Key, (*center.LexBot).Check, 70, "associations of the kind")

// FlowAssociations say which flow a resource outside the flows leads to. They may name a flow that is deleted later.
var FlowAssociations = &Kind[center.FlowAssociation]{
	rows: "flow-association", word: "FLOW_ASSOCIATION",
	key:   func(a *center.FlowAssociation) (string, string) { return a.Key(), "" },
	stamp: func(*center.FlowAssociation, func() string, time.Time) {},
	// A phone number's goes with the number.
	refs: func(a *center.FlowAssociation) []store.Ref {
		if a.ResourceType == center.VoicePhoneNumber {
			return []store.Ref{{Kind: PhoneNumbers.rows, ID: PhoneNumbers.ParseID(a.ResourceID)}}
		}
		return nil
	},
}

// AssociateFlow makes a resource lead to a flow. It takes the place of another flow that the resource led to
// (inferred: the operation declares no error for that).
func (c *Catalog) AssociateFlow(ctx context.Context, at center.InstanceID, a center.FlowAssociation) error {
	if err := a.Check(); err != nil {
		return err
	}
	ref := center.ParseFlow(a.FlowID)
	f, err := Flows.Get(ctx, c, at, string(ref.ID))
	if err == nil && ref.Qualifier != "" {
		_, _, err = c.published(ctx, at, f, ref)
	}
	if err != nil {
		return err
	}
	made := a // gets what a new row gets
	return FlowAssociations.upsert(ctx, c, at, &made, func(old *center.FlowAssociation) { *old = a })
}

// DisassociateFlow takes away what a resource leads to.
func (c *Catalog) DisassociateFlow(ctx context.Context, at center.InstanceID, resourceType, resourceID string) error {
	key := center.FlowAssociation{ResourceType: resourceType, ResourceID: resourceID}
	return FlowAssociations.Delete(ctx, c, at, key.Key())
}

// FlowAssociation finds which flow a resource leads to.
func (c *Catalog) FlowAssociation(ctx context.Context, at center.InstanceID, resourceType, resourceID string) (*center.FlowAssociation, error) {
	key := center.FlowAssociation{ResourceType: resourceType, ResourceID: resourceID}
	return FlowAssociations.Get(ctx, c, at, key.Key())
}

// ListFlowAssociations lists associations of a type of resource, or with "" of all types that can be listed, after the
// one with the given key.
func (c *Catalog) ListFlowAssociations(ctx context.Context, at center.InstanceID, resourceType, after string, limit int) ([]center.FlowAssociation, error) {
	return FlowAssociations.List(ctx, c, at, after, limit, func(a *center.FlowAssociation) bool {
		return a.ResourceType == resourceType || resourceType == "" && a.ResourceType != center.SMSPhoneNumber
	})
}

// FlowAssociationsOf finds the associations of the given resources, of one type or with "" of all.
// Resources that lead nowhere are left out.
func (c *Catalog) FlowAssociationsOf(ctx context.Context, at center.InstanceID, resourceType string, resources []string) ([]center.FlowAssociation, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	types := associatedTypes
	if resourceType != "" {
		types = []string{resourceType}
	}
	found := []center.FlowAssociation{}
	for i, id := range resources {
		if slices.Contains(resources[:i], id) {
			continue
		}
		for _, t := range types {
			a, err := c.FlowAssociation(ctx, at, t, id)
			switch {
			case err == nil:
				found = append(found, *a)
			case !center.Is(err, center.NotFound):
				return nil, err
			}
		}
	}
	return found, nil
}

// associatedTypes are the types of resources that can be associated here.
var associatedTypes = []string{center.SMSPhoneNumber, "WHATSAPP_MESSAGING_PHONE_NUMBER", "INBOUND_EMAIL", "OUTBOUND_EMAIL", "ANALYTICS_CONNECTOR", center.VoicePhoneNumber}

// Allow lets the instance's flows call a function or bot.
func (c *Catalog) Allow(ctx context.Context, at center.InstanceID, set *Set[center.Allowed], arn, clientToken string) error {
	return Associate(ctx, c, at, set, &center.Allowed{ARN: arn}, clientToken)
}

// associated is a value that is associated with an instance.
type associated[V any] interface {
	*V
	Association() *center.Associated
}

// Associate puts a value into a set of an instance. The same request again, by its ClientToken, is answered as the first.
func Associate[V any, P associated[V]](ctx context.Context, c *Catalog, at center.InstanceID, set *Set[V], v P, clientToken string) error {
	*v.Association() = center.Associated{ClientToken: clientToken, Created: c.Now().UTC()}
	return set.Add(ctx, c, at, v, func(there *V) bool {
		return clientToken != "" && P(there).Association().ClientToken == clientToken
	})
}
