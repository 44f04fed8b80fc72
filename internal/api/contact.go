package api

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var contactOps = map[string]handler{
	"CreateParticipant":                  signedOp((*API).createParticipant),
	"CreatePersistentContactAssociation": signedOp((*API).createPersistentContactAssociation),
	"DescribeContact":                    signedOp((*API).describeContact),
	"GetContactAttributes":               signedOp((*API).getContactAttributes),
	"StartChatContact":                   signedOp((*API).startChatContact),
	"StopContact":                        signedOp((*API).stopContact),
	"TagContact":                         signedOp((*API).tagContact),
	"TransferContact":                    answers(transferContact),
	"UntagContact":                       signedOp((*API).untagContact),
	"ListAssociatedContacts":             pages(associatedContacts),
	"ListContactReferences":              answers(listContactReferences),
	"UpdateContact":                      does[connect.UpdateContactOutput](updateContact),
	"UpdateContactAttributes":            signedOp((*API).updateContactAttributes),
	"UpdateContactRoutingData":           does[connect.UpdateContactRoutingDataOutput](updateContactRoutingData),
	"UpdateParticipantRoleConfig":        does[connect.UpdateParticipantRoleConfigOutput](updateParticipantRoleConfig),
}

func (a *API) startChatContact(x *exchange, in *connect.StartChatContactInput) (*connect.StartChatContactOutput, error) {
	if err := checkConnection(in); err != nil {
		return nil, err
	}
	flow := center.ParseFlow(*in.ContactFlowId)
	cmd := center.StartChat{
		Instance:          center.ParseInstance(*in.InstanceId),
		Flow:              flow.ID,
		FlowQualifier:     flow.Qualifier,
		DisplayName:       *in.ParticipantDetails.DisplayName,
		Attributes:        in.Attributes,
		InitialMessage:    initialMessage(in.InitialMessage),
		ClientToken:       value(in.ClientToken),
		DurationMinutes:   int(value(in.ChatDurationInMinutes)),
		ContentTypes:      in.SupportedMessagingContentTypes,
		Related:           contactID(in.RelatedContactId),
		SegmentAttributes: segmentAttributes(in.SegmentAttributes),
		CustomerID:        value(in.CustomerId),
		OnCustomerExit:    in.DisconnectOnCustomerExit,
		Connect:           in.ConnectionTypes != nil,
	}
	if p := in.ParticipantConfiguration; p != nil {
		cmd.ResponseMode = value(p.ResponseMode)
	}
	if p := in.PersistentChat; p != nil {
		cmd.Persistent = &center.Persistence{Type: value(p.RehydrationType), Source: contactID(p.SourceContactId)}
	}
	started, err := a.Chats.Start(x.r.Context(), cmd)
	if err != nil {
		return nil, err
	}
	out := &connect.StartChatContactOutput{
		ContactId:              text(started.Contact),
		ParticipantId:          text(started.Participant),
		ParticipantToken:       &started.Token,
		ContinuedFromContactId: text(started.ContinuedFrom),
	}
	if started.Connection != nil {
		socket, credentials := a.connection(x.r, started.Connection, in.ConnectionTypes)
		out.Websocket, out.ConnectionCredentials = (*connect.Websocket)(socket), (*connect.ConnectionCredentials)(credentials)
	}
	return out, nil
}

// checkConnection refuses what a new chat's answer cannot have: "WEBSOCKET and CONNECTION_CREDENTIALS are the values
// this operation acts on. No other value returns connection information", and "when … the information you request
// cannot be returned, StartChatContact returns an error" (API reference of StartChatContact; which error is inferred).
func checkConnection(in *connect.StartChatContactInput) error {
	if in.ConnectionTypes != nil && !slices.ContainsFunc(in.ConnectionTypes, servedConnection) {
		return center.Refuse(center.InvalidParameter, "ConnectionTypes must have %s or %s; no other value returns connection information", typeWebsocket, typeCredentials)
	}
	if in.ChatStreamingConfiguration != nil {
		return center.Refuse(center.InvalidParameter, "ChatStreamingConfiguration is not supported: this server does not stream messages to Amazon SNS; leave it out and connect with ConnectionTypes or CreateParticipantConnection")
	}
	return nil
}

func servedConnection(t string) bool { return t == typeWebsocket || t == typeCredentials }

func initialMessage(m *connect.ChatMessage) *center.Message {
	if m == nil {
		return nil
	}
	return &center.Message{ContentType: *m.ContentType, Content: *m.Content}
}

// stopContact ends a chat. "Only Connect Customer outbound campaigns can provide" a DisconnectReason (API reference of
// StopContact; that it is refused for others is inferred).
func (a *API) stopContact(x *exchange, in *connect.StopContactInput) (*connect.StopContactOutput, error) {
	if in.DisconnectReason != nil {
		return nil, center.Refuse(center.InvalidRequest, "DisconnectReason is for contacts of outbound campaigns only; leave it out for a chat")
	}
	err := a.Chats.Stop(x.r.Context(), center.ParseInstance(*in.InstanceId), contactID(in.ContactId))
	return &connect.StopContactOutput{}, err
}

// transferContact is for tasks and emails alone, and every contact here is a chat (API reference of TransferContact; that a
// contact which is not there is not found all the same is inferred).
func transferContact(c call, in *connect.TransferContactInput) (*connect.TransferContactOutput, error) {
	if _, _, err := c.Chats.Contact(c.ctx(), c.at, contactID(in.ContactId)); err != nil {
		return nil, err
	}
	return nil, center.Refuse(center.InvalidRequest, "TransferContact is for contacts of the channels TASK and EMAIL; this one is a chat, which its agent transfers by a quick connect")
}

func (a *API) getContactAttributes(x *exchange, in *connect.GetContactAttributesInput) (*connect.GetContactAttributesOutput, error) {
	chat, _, err := a.Chats.Contact(x.r.Context(), center.ParseInstance(*in.InstanceId), contactID(in.InitialContactId))
	if err != nil {
		return nil, err
	}
	out := &connect.GetContactAttributesOutput{Attributes: chat.Attributes}
	if out.Attributes == nil {
		out.Attributes = map[string]string{}
	}
	return out, nil
}

func (a *API) updateContactAttributes(x *exchange, in *connect.UpdateContactAttributesInput) (*connect.UpdateContactAttributesOutput, error) {
	err := a.Chats.SetAttributes(x.r.Context(), center.ParseInstance(*in.InstanceId), contactID(in.InitialContactId), in.Attributes)
	return &connect.UpdateContactAttributesOutput{}, err
}

func (a *API) tagContact(x *exchange, in *connect.TagContactInput) (*connect.TagContactOutput, error) {
	err := a.Chats.Tag(x.r.Context(), center.ParseInstance(*in.InstanceId), contactID(in.ContactId), in.Tags, nil)
	return &connect.TagContactOutput{}, err
}

func (a *API) untagContact(x *exchange, in *connect.UntagContactInput) (*connect.UntagContactOutput, error) {
	err := a.Chats.Tag(x.r.Context(), center.ParseInstance(*in.InstanceId), contactID(in.ContactId), nil, in.TagKeys)
	return &connect.UntagContactOutput{}, err
}

// createParticipant adds a custom participant, the only kind that the operation has for chats.
// Source: API reference of CreateParticipant, "Only CUSTOM_BOT is supported" and "DisplayName … is required".
func (a *API) createParticipant(x *exchange, in *connect.CreateParticipantInput) (*connect.CreateParticipantOutput, error) {
	details := in.ParticipantDetails
	switch {
	case value(details.ParticipantRole) != string(center.RoleCustomParticipant):
		return nil, center.Refuse(center.InvalidRequest, "ParticipantDetails.ParticipantRole must be CUSTOM_BOT for a chat")
	case details.DisplayName == nil:
		return nil, center.Refuse(center.InvalidRequest, "ParticipantDetails.DisplayName is required")
	case details.ParticipantCapabilities != nil:
		return nil, center.Refuse(center.InvalidRequest, "ParticipantDetails.ParticipantCapabilities is for video and screen sharing only; leave it out for a chat")
	}
	at, contact := center.ParseInstance(*in.InstanceId), contactID(in.ContactId)
	added, err := a.Chats.AddCustomParticipant(x.r.Context(), at, contact, *details.DisplayName, value(in.ClientToken))
	if err != nil {
		return nil, err
	}
	return &connect.CreateParticipantOutput{
		ParticipantCredentials: &connect.ParticipantTokenCredentials{ParticipantToken: &added.Token, Expiry: &added.Expires},
		ParticipantId:          text(added.Participant),
	}, nil
}

func (a *API) createPersistentContactAssociation(x *exchange, in *connect.CreatePersistentContactAssociationInput) (*connect.CreatePersistentContactAssociationOutput, error) {
	from, err := a.Chats.Associate(x.r.Context(), center.ParseInstance(*in.InstanceId), contactID(in.InitialContactId),
		center.Persistence{Type: *in.RehydrationType, Source: contactID(in.SourceContactId)}, value(in.ClientToken))
	if err != nil {
		return nil, err
	}
	return &connect.CreatePersistentContactAssociationOutput{ContinuedFromContactId: text(from)}, nil
}

func (a *API) describeContact(x *exchange, in *connect.DescribeContactInput) (*connect.DescribeContactOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	chat, contact, err := a.Chats.Contact(x.r.Context(), at, contactID(in.ContactId))
	if err != nil {
		return nil, err
	}
	arn, channel := a.Partition.ContactARN(at, contact.ID), "CHAT"
	out := &connect.Contact{
		Arn:                  &arn,
		Id:                   text(contact.ID),
		PreviousContactId:    text(contact.Previous),
		ContactAssociationId: text(chat.Association),
		InitiationMethod:     &contact.InitiationMethod,
		Name:                 text(contact.Name),
		Description:          text(contact.Description),
		Channel:              &channel,
		InitiationTimestamp:  &contact.Initiated,
		DisconnectTimestamp:  instant(contact.Disconnected),
		LastUpdateTimestamp:  &contact.LastUpdate,
		RelatedContactId:     text(contact.Related),
		CustomerId:           text(chat.CustomerID),
		Tags:                 contactTags(at, contact.Tags),
		DisconnectReason:     text(contact.DisconnectReason),
		SegmentAttributes:    segmentAttributeValues(contact.SegmentAttributes),
		Attributes:           chat.Attributes,
	}
	out.InitialContactId = initialContact(contact.ID, chat.ID)
	if !contact.ConnectedToSystem.IsZero() {
		out.ConnectedToSystemTimestamp = &contact.ConnectedToSystem
		out.Customer = &connect.Customer{}
	}
	if contact.WisdomSession != "" {
		out.WisdomInfo = &connect.WisdomInfo{SessionArn: &contact.WisdomSession}
	}
	out.AgentInfo, out.NextContacts = a.agentInfo(at, contact), nextContacts(contact)
	a.describeRouting(out, contact)
	if out.ChatMetrics, err = a.chatMetrics(x.r.Context(), chat, contact); err != nil {
		return nil, err
	}
	return &connect.DescribeContactOutput{Contact: out}, nil
}

// agentInfo tells of the agent who joined the contact. A chat is neither paused nor held. Of a supervisor who monitors another
// contact by it, it has the time in between: the API model's states know being connected, and not whether they have barged in.
// Source: API reference of AgentInfo and StateTransition; the use of CONNECTED is inferred.
func (a *API) agentInfo(at center.InstanceID, contact *center.Contact) *connect.AgentInfo {
	g := contact.Agent
	if g == nil {
		return nil
	}
	zero := int64(0)
	out := &connect.AgentInfo{
		Id: text(g.User), ConnectedToAgentTimestamp: &g.Connected, AgentPauseDurationInSeconds: &zero, AgentInitiatedHoldDuration: &zero,
		AfterContactWorkStartTimestamp: instant(g.Left), AfterContactWorkEndTimestamp: instant(g.Done),
	}
	if !g.Done.IsZero() {
		// What has a time limit ends at its millisecond.
		took := int64(g.Done.Truncate(time.Millisecond).Sub(g.Left.Truncate(time.Millisecond)) / time.Second)
		out.AfterContactWorkDuration = &took
	}
	if len(g.Hierarchy) > 0 {
		out.HierarchyGroups = a.hierarchyGroups(at, g.Hierarchy)
	}
	if m := contact.Monitor; m != nil {
		state, last := "CONNECTED", len(m.States)-1
		out.StateTransitions = []connect.StateTransition{{State: &state, StateStartTimestamp: &m.States[0].Start, StateEndTimestamp: instant(m.States[last].End)}}
	}
	return out
}

// nextContacts are what agents have made of the contact by quick connects.
func nextContacts(contact *center.Contact) []connect.NextContactEntry {
	if len(contact.NextContacts) == 0 {
		return nil
	}
	out, kind := make([]connect.NextContactEntry, len(contact.NextContacts)), "QUICK_CONNECT"
	for i := range contact.NextContacts {
		n := &contact.NextContacts[i]
		out[i] = connect.NextContactEntry{Type: &kind, NextContactMetadata: &connect.NextContactMetadata{QuickConnectContactData: &connect.QuickConnectContactData{
			ContactId: text(n.Contact), InitiationTimestamp: &n.Initiated, QuickConnectId: text(n.Connect), QuickConnectName: text(n.Name), QuickConnectType: text(n.Type),
		}}}
	}
	return out
}

// hierarchyGroups are groups by their levels, from the first on.
func (a *API) hierarchyGroups(at center.InstanceID, ids []center.HierarchyGroupID) *connect.HierarchyGroups {
	out := new(connect.HierarchyGroups)
	levels := []**connect.AgentHierarchyGroup{&out.Level1, &out.Level2, &out.Level3, &out.Level4, &out.Level5}
	for i, id := range ids[:min(len(ids), len(levels))] {
		arn := a.Partition.InstanceARN(at) + "/agent-group/" + string(id)
		*levels[i] = &connect.AgentHierarchyGroup{Arn: &arn}
	}
	return out
}

// contactTags are those that users gave, and the service's own.
func contactTags(at center.InstanceID, given map[string]string) map[string]string {
	tags := make(map[string]string, 1+len(given))
	maps.Copy(tags, given)
	tags[insight.InstanceTag] = string(at)
	return tags
}

// describeRouting tells of the queue that the contact is or was in, and of its place there.
func (a *API) describeRouting(out *connect.Contact, contact *center.Contact) {
	if !contact.Enqueued.IsZero() {
		out.QueueInfo = &connect.QueueInfo{Id: text(contact.Queue), EnqueueTimestamp: &contact.Enqueued}
	}
	if contact.Priority != 0 {
		priority := int64(contact.Priority)
		out.QueuePriority = &priority
	}
	if contact.TimeAdjustment != 0 {
		seconds := int64(contact.TimeAdjustment)
		out.QueueTimeAdjustmentSeconds = &seconds
	}
	out.RoutingCriteria = a.routing(contact.Routing, contact.Disconnected)
}

// routing tells of routing criteria as they are now, or were when the contact ended.
func (a *API) routing(r *center.RoutingCriteria, ended time.Time) *connect.RoutingCriteria {
	if r == nil {
		return nil
	}
	if ended.IsZero() {
		ended = a.Chats.Now()
	}
	return routingCriteria(r, ended)
}

func routingCriteria(r *center.RoutingCriteria, now time.Time) *connect.RoutingCriteria {
	_, states := r.At(now)
	index := int64(r.Index)
	out := &connect.RoutingCriteria{ActivationTimestamp: instant(r.Activated), Index: &index, Steps: make([]connect.Step, len(r.Steps))}
	for i := range r.Steps {
		e := routingExpression(&r.Steps[i].Expression)
		status := states[i].Status
		if status == center.StepInterrupted || status == center.StepDeactivated {
			status = center.StepExpired // RoutingCriteriaStepStatus has neither
		}
		step := connect.Step{Status: &status, Expression: &e}
		if seconds := int64(r.Steps[i].Expiry.Seconds); seconds > 0 {
			step.Expiry = &connect.Expiry{DurationInSeconds: &seconds, ExpiryTimestamp: instant(states[i].Expires)}
		}
		out.Steps[i] = step
	}
	return out
}

func routingExpression(e *center.RoutingExpression) connect.Expression {
	return connect.Expression{
		AttributeCondition: routingAttribute(e.Attribute), NotAttributeCondition: routingAttribute(e.Not),
		AndExpression: routingExpressions(e.And), OrExpression: routingExpressions(e.Or),
	}
}

func routingExpressions(all []center.RoutingExpression) []connect.Expression {
	if len(all) == 0 {
		return nil
	}
	out := make([]connect.Expression, len(all))
	for i := range all {
		out[i] = routingExpression(&all[i])
	}
	return out
}

func routingAttribute(a *center.RoutingAttribute) *connect.AttributeCondition {
	if a == nil {
		return nil
	}
	out := &connect.AttributeCondition{Name: text(a.Name), Value: text(a.Value), ComparisonOperator: text(a.Operator)}
	level := func(n float64) *float64 {
		if n == 0 {
			return nil
		}
		return &n
	}
	out.ProficiencyLevel = level(float64(a.Level))
	if r := a.Range; r != nil {
		out.Range = &connect.Range{MinProficiencyLevel: level(float64(r.Min)), MaxProficiencyLevel: level(float64(r.Max))}
	}
	if a.Match != nil {
		out.MatchCriteria = &connect.MatchCriteria{AgentsCriteria: &connect.AgentsCriteria{AgentIds: a.Match.Agents.IDs}}
	}
	return out
}

func segmentAttributes(in map[string]connect.SegmentAttributeValue) map[string]center.SegmentAttribute {
	if in == nil {
		return nil
	}
	out := make(map[string]center.SegmentAttribute, len(in))
	for k, v := range in {
		out[k] = segmentAttribute(v)
	}
	return out
}

func segmentAttribute(v connect.SegmentAttributeValue) center.SegmentAttribute {
	out := center.SegmentAttribute{
		ValueString: v.ValueString, ValueMap: segmentAttributes(v.ValueMap), ValueInteger: v.ValueInteger, ValueArn: v.ValueArn,
	}
	if v.ValueList != nil {
		out.ValueList = make([]center.SegmentAttribute, len(v.ValueList))
		for i := range v.ValueList {
			out.ValueList[i] = segmentAttribute(v.ValueList[i])
		}
	}
	return out
}

// segmentAttributeValues is the reverse of segmentAttributes.
func segmentAttributeValues(in map[string]center.SegmentAttribute) map[string]connect.SegmentAttributeValue {
	if in == nil {
		return nil
	}
	out := make(map[string]connect.SegmentAttributeValue, len(in))
	for k, v := range in {
		out[k] = segmentAttributeValue(v)
	}
	return out
}

func segmentAttributeValue(v center.SegmentAttribute) connect.SegmentAttributeValue {
	out := connect.SegmentAttributeValue{
		ValueString: v.ValueString, ValueMap: segmentAttributeValues(v.ValueMap), ValueInteger: v.ValueInteger, ValueArn: v.ValueArn,
	}
	if v.ValueList != nil {
		out.ValueList = make([]connect.SegmentAttributeValue, len(v.ValueList))
		for i := range v.ValueList {
			out.ValueList[i] = segmentAttributeValue(v.ValueList[i])
		}
	}
	return out
}

// value is what a member holds, or nothing.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// text is a member that is absent when it is empty.
func text[S ~string](s S) *string {
	if s == "" {
		return nil
	}
	t := string(s)
	return &t
}

// instant is a member that is absent when it has not happened.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// contactID reads a contact's id. UUIDs are compared in lower case.
func contactID(s *string) center.ContactID { return center.ContactID(strings.ToLower(value(s))) }
