package api

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// chatMetrics tells what the messages of a contact come to, once it has ended: until then they are not counted (inferred).
// nil is for contacts of which nobody has counted them.
func (a *API) chatMetrics(ctx context.Context, chat *center.Chat, contact *center.Contact) (*connect.ChatMetrics, error) {
	if contact.Disconnected.IsZero() {
		return nil, nil
	}
	f, err := a.Chats.Figures(ctx, contact.ID)
	if err != nil || f == nil {
		return nil, err
	}
	in, err := a.Catalog.Instance(ctx, chat.Instance)
	if err != nil {
		return nil, err
	}
	multi := in.Has(center.MultiPartyChat) || in.Has(center.EnhancedChatMonitoring)
	return &connect.ChatMetrics{
		ChatContactMetrics: &connect.ChatContactMetrics{
			MultiParty:                     &multi,
			TotalMessages:                  number(f.Contact.TotalMessages),
			TotalBotMessages:               number(f.Contact.TotalBotMessages),
			TotalBotMessageLengthInChars:   number(f.Contact.TotalBotMessageLengthInChars),
			ConversationCloseTimeInMillis:  f.Contact.ConversationCloseTimeInMillis,
			ConversationTurnCount:          number(f.Contact.ConversationTurnCount),
			AgentFirstResponseTimestamp:    instant(f.Contact.AgentFirstResponseTimestamp),
			AgentFirstResponseTimeInMillis: f.Contact.AgentFirstResponseTimeInMillis,
		},
		AgentMetrics:    participantMetrics(f.Agent, chat, contact, center.RoleAgent),
		CustomerMetrics: participantMetrics(f.Customer, chat, contact, center.RoleCustomer),
	}, nil
}

// participantMetrics tells of the agent's or the customer's side. ConversationAbandon is absent unless it is true: the metric
// counts records where it is present (admin guide, "Metrics definitions", "Conversations abandoned"; inferred from it).
func participantMetrics(f *center.ParticipantFigures, chat *center.Chat, contact *center.Contact, role center.Role) *connect.ParticipantMetrics {
	if f == nil {
		return nil
	}
	kind := string(role)
	out := &connect.ParticipantMetrics{
		ParticipantId:             text(speaker(chat, contact, role)),
		ParticipantType:           &kind,
		MessagesSent:              number(f.MessagesSent),
		NumResponses:              number(f.NumResponses),
		MessageLengthInChars:      number(f.MessageLengthInChars),
		TotalResponseTimeInMillis: &f.TotalResponseTimeInMillis,
		MaxResponseTimeInMillis:   &f.MaxResponseTimeInMillis,
		LastMessageTimestamp:      instant(f.LastMessageTimestamp),
	}
	if f.ConversationAbandon {
		out.ConversationAbandon = &f.ConversationAbandon
	}
	return out
}

// speaker is the participant whose side of a contact is told of.
func speaker(chat *center.Chat, contact *center.Contact, role center.Role) center.ParticipantID {
	if role == center.RoleAgent {
		if contact.Agent == nil {
			return ""
		}
		return contact.Agent.Participant
	}
	for i := range chat.Participants {
		if p := &chat.Participants[i]; p.Role == role {
			return p.ID
		}
	}
	return ""
}
