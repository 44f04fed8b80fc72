package chat

import (
	"context"
	"errors"
	"slices"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// What flows and things outside have to do with each other: which flow a resource leads to, and which functions and
// bots an instance's flows may call.
var (
	flowAssociations = kind[center.FlowAssociation]{"flow-association", "FLOW_ASSOCIATION", func(a *center.FlowAssociation) (string, string) { return a.Key(), "" }}
	functions        = kind[center.Allowed]{"lambda-function", "LAMBDA_FUNCTION", allowedRow}
	bots             = kind[center.Allowed]{"lex-v2-bot", "LEX_V2_BOT", allowedRow}
)

func allowedRow(a *center.Allowed) (id, name string) { return a.ARN, "" }

// AssociateFlow makes a resource lead to a flow. It takes the place of another flow that the resource led to
// (inferred: the operation declares no error for that).
func (c *Chats) AssociateFlow(ctx context.Context, at center.InstanceID, a center.FlowAssociation) error {
	if err := a.Check(); err != nil {
		return err
	}
	ref := center.ParseFlow(a.FlowID)
	f, err := c.flow(ctx, at, ref.ID)
	if err == nil && ref.Qualifier != "" {
		_, _, err = c.published(ctx, at, f, ref)
	}
	if err != nil {
		return err
	}
	for {
		err := flowAssociations.insert(ctx, c, at, &a)
		if !refusedAs(err, center.Duplicate) {
			return err
		}
		err = flowAssociations.update(ctx, c, at, a.Key(), func(old *center.FlowAssociation) error {
			*old = a
			return nil
		})
		if !refusedAs(err, center.NotFound) {
			return err
		}
		// Somebody has taken it away between the two.
	}
}

// DisassociateFlow takes away what a resource leads to.
func (c *Chats) DisassociateFlow(ctx context.Context, at center.InstanceID, resourceType, resourceID string) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	key := center.FlowAssociation{ResourceType: resourceType, ResourceID: resourceID}
	return flowAssociations.delete(ctx, c, at, key.Key())
}

// FlowAssociation finds which flow a resource leads to.
func (c *Chats) FlowAssociation(ctx context.Context, at center.InstanceID, resourceType, resourceID string) (*center.FlowAssociation, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	key := center.FlowAssociation{ResourceType: resourceType, ResourceID: resourceID}
	return flowAssociations.get(ctx, c, at, key.Key())
}

// FlowAssociations lists associations of a type of resource, or with "" of all types that can be listed, after the one
// with the given key.
func (c *Chats) FlowAssociations(ctx context.Context, at center.InstanceID, resourceType, after string, limit int) ([]center.FlowAssociation, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return flowAssociations.filter(ctx, c, at, after, limit, func(a *center.FlowAssociation) bool {
		return a.ResourceType == resourceType || resourceType == "" && a.ResourceType != center.SMSPhoneNumber
	})
}

// FlowAssociationsOf finds the associations of the given resources, of one type or with "" of all.
// Resources that lead nowhere are left out.
func (c *Chats) FlowAssociationsOf(ctx context.Context, at center.InstanceID, resourceType string, resources []string) ([]center.FlowAssociation, error) {
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
			case !refusedAs(err, center.NotFound):
				return nil, err
			}
		}
	}
	return found, nil
}

// associatedTypes are the types of resources that can be associated here.
var associatedTypes = []string{center.SMSPhoneNumber, "WHATSAPP_MESSAGING_PHONE_NUMBER", "INBOUND_EMAIL", "OUTBOUND_EMAIL", "ANALYTICS_CONNECTOR"}

// AllowFunction lets the instance's flows invoke a Lambda function.
func (c *Chats) AllowFunction(ctx context.Context, at center.InstanceID, arn, clientToken string) error {
	if err := center.CheckFunction(arn); err != nil {
		return err
	}
	return c.allow(ctx, at, functions, maxFunctions, arn, clientToken)
}

// AllowBot lets the instance's flows talk to an alias of an Amazon Lex V2 bot.
func (c *Chats) AllowBot(ctx context.Context, at center.InstanceID, arn, clientToken string) error {
	if err := center.CheckBotAlias(arn); err != nil {
		return err
	}
	return c.allow(ctx, at, bots, maxBots, arn, clientToken)
}

// allow writes down what may be called. The same request again, by its ClientToken, is answered as the first.
func (c *Chats) allow(ctx context.Context, at center.InstanceID, k kind[center.Allowed], quota int, arn, clientToken string) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	if there, err := k.get(ctx, c, at, arn); err == nil && clientToken != "" && there.ClientToken == clientToken {
		return nil
	}
	if err := k.room(ctx, c, at, quota, "associations of the kind"); err != nil {
		return err
	}
	err := k.insert(ctx, c, at, &center.Allowed{ARN: arn, ClientToken: clientToken, Created: c.Clock.Now().UTC()})
	return taken(err, "it is associated with the instance already")
}

// ForbidFunction takes a Lambda function away from those that the instance's flows may invoke.
func (c *Chats) ForbidFunction(ctx context.Context, at center.InstanceID, arn string) error {
	return c.forbid(ctx, at, functions, arn)
}

// ForbidBot takes a bot's alias away from those that the instance's flows may talk to.
func (c *Chats) ForbidBot(ctx context.Context, at center.InstanceID, arn string) error {
	return c.forbid(ctx, at, bots, arn)
}

func (c *Chats) forbid(ctx context.Context, at center.InstanceID, k kind[center.Allowed], arn string) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	return k.delete(ctx, c, at, arn)
}

// AllowedFunctions lists the Lambda functions that the instance's flows may invoke, those after the given ARN.
func (c *Chats) AllowedFunctions(ctx context.Context, at center.InstanceID, after string, limit int) ([]center.Allowed, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return functions.list(ctx, c, at, after, limit)
}

// AllowedBots lists the aliases of bots that the instance's flows may talk to, those after the given ARN.
func (c *Chats) AllowedBots(ctx context.Context, at center.InstanceID, after string, limit int) ([]center.Allowed, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return bots.list(ctx, c, at, after, limit)
}

// mayInvoke says whether the instance's flows may invoke a function: its ARN, as the flow has it, is associated.
func (c *Chats) mayInvoke(ctx context.Context, at center.InstanceID, arn string) (bool, error) {
	return c.allowed(ctx, at, functions, arn)
}

// mayTalk says whether the instance's flows may talk to a bot's alias.
func (c *Chats) mayTalk(ctx context.Context, at center.InstanceID, arn string) (bool, error) {
	return c.allowed(ctx, at, bots, arn)
}

func (c *Chats) allowed(ctx context.Context, at center.InstanceID, k kind[center.Allowed], arn string) (bool, error) {
	if arn == "" {
		return false, nil
	}
	_, err := c.Store.Resource(ctx, at, k.name, arn)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
