package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/wire/participant"
)

var participantOps = map[string]handler{
	"CreateParticipantConnection": bearerOp((*API).createParticipantConnection),
	"DisconnectParticipant":       bearerOp((*API).disconnectParticipant),
	"GetTranscript":               bearerOp((*API).getTranscript),
	"SendEvent":                   bearerOp((*API).sendEvent),
	"SendMessage":                 bearerOp((*API).sendMessage),
}

// What CreateParticipantConnection and StartChatContact may be asked for.
const (
	typeWebsocket   = "WEBSOCKET"
	typeCredentials = "CONNECTION_CREDENTIALS"
	typeWebRTC      = "WEBRTC_CONNECTION"
)

// connection is what was asked for of a participant's new credentials.
func (a *API) connection(r *http.Request, c *chat.Connection, types []string) (socket *participant.Websocket, credentials *participant.ConnectionCredentials) {
	if slices.Contains(types, typeWebsocket) && c.SocketToken != "" {
		url, expiry := a.socketURL(r, c.SocketToken), center.FormatTime(c.SocketExpiry)
		socket = &participant.Websocket{Url: &url, ConnectionExpiry: &expiry}
	}
	if slices.Contains(types, typeCredentials) {
		expiry := center.FormatTime(c.TokenExpiry)
		credentials = &participant.ConnectionCredentials{ConnectionToken: &c.Token, Expiry: &expiry}
	}
	return socket, credentials
}

// createParticipantConnection gives out what was asked for. Asking for nothing is good only together with
// ConnectParticipant, as chatjs does for agents; otherwise it is refused (inferred).
func (a *API) createParticipantConnection(x *exchange, who chat.Caller, in *participant.CreateParticipantConnectionInput) (*participant.CreateParticipantConnectionOutput, error) {
	joins := value(in.ConnectParticipant)
	switch {
	case slices.Contains(in.Type, typeWebRTC):
		return nil, center.Refuse(center.InvalidParameter, "Type %s is not served: this contact is a chat", typeWebRTC)
	case len(in.Type) == 0 && !joins:
		return nil, center.Refuse(center.InvalidParameter, "Type is required unless ConnectParticipant is true")
	}
	if err := a.storm.calm(x.r.Context(), who.Participant, a.Now()); err != nil {
		return nil, err
	}
	c, err := a.Chats.Connection(x.r.Context(), who, joins)
	if err != nil {
		return nil, err
	}
	out := &participant.CreateParticipantConnectionOutput{}
	out.Websocket, out.ConnectionCredentials = a.connection(x.r, c, in.Type)
	return out, nil
}

// address is this server's own, as clients reach it.
func (a *API) address(r *http.Request) string {
	switch {
	case a.PublicURL != "":
		return strings.TrimSuffix(a.PublicURL, "/")
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + loopback(r.Host)
}

// loopback spells this machine in the one way that chatjs takes without TLS: its test for a socket's URL is
// ^wss://|^ws://127.0.0.1:, port included.
func loopback(host string) string {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name, port = host[:i], host[i:]
	}
	switch strings.ToLower(name) {
	case "localhost", "[::1]", "127.0.0.1":
		if port == "" {
			port = ":80"
		}
		return "127.0.0.1" + port
	}
	return host
}

func (a *API) socketURL(r *http.Request, token string) string {
	base := a.address(r)
	if rest, ok := strings.CutPrefix(base, "http"); ok {
		base = "ws" + rest // https becomes wss
	}
	return base + socketPath + "?token=" + token
}

func (a *API) sendMessage(x *exchange, who chat.Caller, in *participant.SendMessageInput) (*participant.SendMessageOutput, error) {
	m := center.Message{ContentType: *in.ContentType, Content: *in.Content}
	sent, err := a.Chats.Send(x.r.Context(), who, m, value(in.ClientToken))
	if a.connectedNow(x, who, err) {
		sent, err = a.Chats.Send(x.r.Context(), who, m, value(in.ClientToken))
	}
	if err != nil {
		return nil, err
	}
	id, at := string(sent.ID), center.FormatTime(sent.Time)
	return &participant.SendMessageOutput{Id: &id, AbsoluteTime: &at}, nil
}

func (a *API) sendEvent(x *exchange, who chat.Caller, in *participant.SendEventInput) (*participant.SendEventOutput, error) {
	told, err := a.Chats.Event(x.r.Context(), who, *in.ContentType, value(in.Content))
	if a.connectedNow(x, who, err) {
		told, err = a.Chats.Event(x.r.Context(), who, *in.ContentType, value(in.Content))
	}
	if err != nil {
		return nil, err
	}
	at := center.FormatTime(told.Time)
	return &participant.SendEventOutput{Id: text(told.ID), AbsoluteTime: &at}, nil
}

// joiningWithin is how long somebody who speaks while their socket is being connected is waited for.
const joiningWithin = 2 * time.Second

// connectedNow says that somebody was refused only because their socket was being connected, and that it is by now.
func (a *API) connectedNow(x *exchange, who chat.Caller, refused error) bool {
	if !errors.Is(refused, center.ErrNotConnected) {
		return false
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), joiningWithin)
	defer cancel()
	return a.Sockets.Joining(ctx, who.Participant)
}

func (a *API) disconnectParticipant(x *exchange, who chat.Caller, _ *participant.DisconnectParticipantInput) (*participant.DisconnectParticipantOutput, error) {
	return &participant.DisconnectParticipantOutput{}, a.Chats.Leave(x.r.Context(), who)
}

func (a *API) getTranscript(x *exchange, who chat.Caller, in *participant.GetTranscriptInput) (*participant.GetTranscriptOutput, error) {
	q := chat.TranscriptQuery{
		Contact:   contactID(in.ContactId),
		Max:       int(value(in.MaxResults)),
		NextToken: value(in.NextToken),
		Ascending: value(in.SortOrder) == "ASCENDING",
	}
	if in.ScanDirection != nil {
		forward := *in.ScanDirection == "FORWARD"
		q.Forward = &forward
	}
	if in.StartPosition != nil {
		start, err := startPosition(in.StartPosition)
		if err != nil {
			return nil, err
		}
		q.Start = start
	}
	found, err := a.Transcripts.Page(x.r.Context(), who, q)
	if err != nil {
		return nil, err
	}
	out := &participant.GetTranscriptOutput{
		InitialContactId: text(found.Chat), NextToken: text(found.Next), Transcript: make([]participant.Item, len(found.Items)),
	}
	for i := range found.Items {
		out.Transcript[i] = transcriptItem(&found.Items[i])
	}
	return out, nil
}

func startPosition(in *participant.StartPosition) (*chat.StartPosition, error) {
	start := &chat.StartPosition{ID: center.ItemID(strings.ToLower(value(in.Id)))}
	if value(in.AbsoluteTime) != "" {
		at, err := time.Parse(time.RFC3339Nano, *in.AbsoluteTime)
		if err != nil {
			return nil, center.Refuse(center.InvalidParameter, "StartPosition.AbsoluteTime must be an ISO 8601 time like 2019-11-08T02:41:28.172Z")
		}
		start.AbsoluteTime = at
	}
	if in.MostRecent != nil {
		n := int(*in.MostRecent)
		start.MostRecent = &n
	}
	return start, nil
}

// transcriptItem is an item as GetTranscript shows it. Those of past sessions name their contact in another member
// than those of this chat.
func transcriptItem(it *chat.TranscriptItem) participant.Item {
	at := center.FormatTime(it.Time)
	out := participant.Item{
		AbsoluteTime:    &at,
		Content:         text(it.Content),
		ContentType:     text(it.ContentType),
		Id:              text(it.ID),
		Type:            text(it.Type),
		ParticipantId:   text(it.ParticipantID),
		DisplayName:     text(it.DisplayName),
		ParticipantRole: text(it.Role),
	}
	if it.Past {
		out.RelatedContactId = text(it.Contact)
	} else {
		out.ContactId = text(it.Contact)
	}
	if len(it.Receipts) > 0 {
		out.MessageMetadata = &participant.MessageMetadata{MessageId: text(it.ID), Receipts: receipts(it.Receipts)}
	}
	return out
}

func receipts(known []center.Receipt) []participant.Receipt {
	all := make([]participant.Receipt, len(known))
	for i, r := range known {
		all[i] = participant.Receipt{
			DeliveredTimestamp: timestamp(r.Delivered), ReadTimestamp: timestamp(r.Read), RecipientParticipantId: text(r.Recipient),
		}
	}
	return all
}

func timestamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := center.FormatTime(t)
	return &s
}
