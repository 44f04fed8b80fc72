package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// words hands out the words of the documentation, and remembers which were wanted.
type words struct{ used map[string]bool }

func newWords() *words { return &words{used: map[string]bool{}} }

// operation returns what follows an operation's name.
func (w *words) operation(name string) (string, error) {
	w.used[name] = true
	if operationWords[name] == "" {
		return "", fmt.Errorf("no words for %s", name)
	}
	return operationWords[name], nil
}

// member returns the words for a member: its own, or those for all members of its name.
func (w *words) member(operation, name string) (string, error) {
	for _, key := range []string{operation + "." + name, name} {
		if memberWords[key] != "" {
			w.used[key] = true
			return memberWords[key], nil
		}
	}
	return "", fmt.Errorf("no words for %s.%s", operation, name)
}

// leftOver complains of words for what there is not.
func (w *words) leftOver() error {
	var wrong []error
	for _, table := range []map[string]string{operationWords, memberWords} {
		for _, key := range slices.Sorted(maps.Keys(table)) {
			if !w.used[key] {
				wrong = append(wrong, fmt.Errorf("words for %s, which no builder has", key))
			}
		}
	}
	return errors.Join(wrong...)
}

// operationWords say what an operation does, for a reader who knows contact centres and not the API. The facts are those
// of the API reference and of the Administrator Guide.
var operationWords = map[string]string{
	"AssociateContactWithUser":           "gives a queued contact to an agent: a chat, a task or an e-mail, whatever the agent's status is. A voice contact is refused.",
	"CancelParticipantAuthentication":    "ends the customer's sign-in. The flow goes on along the opted-out branch of its Authenticate Customer block.",
	"CompleteAttachmentUpload":           "says that the bytes of an attachment are where StartAttachmentUpload wanted them, so that the others in the chat are shown it.",
	"CreateContactFlow":                  "makes a flow. With Status PUBLISHED, the default, its Content is validated: InvalidContactFlowException lists the problems.",
	"CreateInstance":                     "makes an instance. AWS answers before it is ready: DescribeInstance shows CREATION_IN_PROGRESS, later ACTIVE.",
	"CreateParticipant":                  "adds a custom participant, such as a bot of yours, to a running chat. It has 15 seconds to come with its token to CreateParticipantConnection. A chat takes one, and none while an agent or a Lex bot is there.",
	"CreateParticipantConnection":        "trades a participant's token for what the other operations and the socket need. The token that StartChatContact gave must be used within five minutes, and the flow begins only then.",
	"CreatePersistentContactAssociation": "continues an ended chat in one that is already running, as StartChatContact does with PersistentChat for a new one. A chat can do this once.",
	"DeleteContactFlow":                  "deletes a flow.",
	"DeleteInstance":                     "deletes an instance and all that is in it.",
	"DescribeContact":                    "returns what is known of a contact, running or ended: channel, queue, agent, times, why it ended.",
	"DescribeContactFlow":                "returns a flow with its content.",
	"DescribeInstance":                   "returns an instance.",
	"DescribeView":                       "returns the view that an interactive message from a Show View block asks the participant to be shown.",
	"DisconnectParticipant":              "takes the participant out of the chat. When the customer leaves, the chat ends, unless DisconnectOnCustomerExit of StartChatContact says otherwise.",
	"DismissUserContact":                 "clears a contact that the agent missed or rejected, or that has ended or failed, so that the next can be routed to them.",
	"GetAttachment":                      "returns an address from which an attachment can be downloaded for a short while. A custom participant may not (AccessDeniedException).",
	"GetAuthenticationUrl":               "returns the address where the customer signs in, within a minute of the event that began the sign-in.",
	"GetContactAttributes":               "returns the attributes of a contact.",
	"GetCurrentUserData":                 "returns what agents are doing now: status, contacts, free slots.",
	"GetTranscript":                      "returns the items of the chat that the participant may see, those of chats that it continues included.",
	"ListAssociatedContacts":             "returns the contacts that belong together with one, such as those of a chat that went from agent to agent.",
	"ListContactFlows":                   "returns the flows of an instance, without their content.",
	"ListContactReferences":              "returns the references of a contact: links, attachments, and other values that an agent is shown.",
	"ListInstances":                      "returns the instances of the account in the region.",
	"MonitorContact":                     "lets a supervisor follow a contact silently in their workspace, and take part if they may.",
	"PutUserStatus":                      "sets an agent's status. An agent who is busy takes it when the last contact is done, and gets no more until then.",
	"SendChatIntegrationEvent":           "brings in what happened on another channel, such as an SMS that arrived: it goes to the running chat between source and destination, or starts one.",
	"SendEvent":                          "sends an event: typing, a receipt, an acknowledgement that the connection stands.",
	"SendMessage":                        "sends a message to the chat.",
	"StartAttachmentUpload":              "announces an attachment and returns where its bytes are to be put. CompleteAttachmentUpload then makes it visible.",
	"StartChatContact":                   "starts a chat for a customer. The token in its output opens CreateParticipantConnection; the customer must come with it within five minutes, or the chat ends.\n\nTwo failures share status 429: requests that come too fast ([IsThrottling]), and a used-up quota of concurrent active chats ([IsActiveChatQuota]). Both are retried; waiting rarely helps against the second, and [WithoutQuotaRetries] leaves it out.",
	"StartContactMediaProcessing":        "has a Lambda function process the messages of a running chat before anyone sees them, for the rest of the chat.",
	"StartContactStreaming":              "publishes what happens in a chat to an SNS topic, from now on. A contact takes two topics.",
	"StartOutboundChatContact":           "starts a chat towards a customer, by SMS or WhatsApp. Its output has a contact's id only once the chat has begun.",
	"StopContact":                        "ends a contact, in whatever state it is. One that has ended already, or never was, is [IsNotFound].",
	"StopContactMediaProcessing":         "stops the processing of a chat's messages.",
	"StopContactStreaming":               "stops publishing a chat to one topic. The end of the chat does it too.",
	"TagContact":                         "puts tags on a contact.",
	"TransferContact":                    "moves a task or an e-mail to another agent or queue. A chat is refused (InvalidRequestException). QueueID and UserID exclude each other.",
	"UntagContact":                       "takes tags off a contact.",
	"UpdateContact":                      "changes what is known of a contact, running or ended. At least one member must be set. The endpoints, QueueInfo and UserInfo are for contacts of external voice systems.",
	"UpdateContactAttributes":            "adds attributes to a chat, or changes them; those that are not named stay. An attribute cannot be taken away, only emptied. All contacts of the chat share them, ended ones too.",
	"UpdateContactFlowContent":           "replaces the content of a flow. InvalidContactFlowException lists what is wrong with it.",
	"UpdateContactFlowMetadata":          "changes the name, the description or the state of a flow.",
	"UpdateContactFlowName":              "changes the name and the description of a flow.",
	"UpdateContactRoutingData":           "changes how soon, and by which agents, a contact is taken from its queue. QueuePriority and QueueTimeAdjustmentSeconds exclude each other.",
	"UpdateParticipantAuthentication":    "brings back what the sign-in page redirected with: a code, or an error. The answer only acknowledges it; the flow goes on by itself.",
	"UpdateParticipantRoleConfig":        "sets the timers of a chat: when a silent customer or agent counts as idle, and when they are disconnected.",
}

// memberWords say what a member means, by "Operation.Member", or by "Member" for all operations that have no words of
// their own for it. Limits are those of the API model.
var memberWords = map[string]string{
	"InstanceId":       "the instance, by its id or its ARN, at most 100 characters.",
	"ContactId":        "the contact, at most 256 characters.",
	"ContactFlowId":    "the flow, by its id or its ARN, at most 500 characters. \":$SAVED\" after it means the saved and not the published version.",
	"InitialContactId": "the first contact of the chat, whose id the later ones keep as their InitialContactId; at most 256 characters.",
	"ClientToken":      "a text of at most 500 characters that names this request, so that the service carries it out once, however often it arrives.",
	"MaxResults":       "how many results a page holds at most, 1 to 100.",
	"NextToken":        "where to go on: the NextToken of the page before. Pages does this by itself.",
	"Description":      "a description, in any words.",
	"Name":             "the name, at least one character.",
	"Tags":             "a tag: its key of at most 128 characters, not beginning with \"aws:\", and its value of at most 256.",
	"ConnectionToken":  "the connection's token from CreateParticipantConnection; not the participant's own, which opens nothing else (AccessDeniedException).",
	"SessionId":        "the sign-in's id of 36 characters, from the event that began it.",

	"AssociateContactWithUser.UserId": "the agent, by id or ARN.",

	"CompleteAttachmentUpload.AttachmentIds": "the attachment's id from StartAttachmentUpload; exactly one.",
	"CompleteAttachmentUpload.ClientToken":   "a text of 1 to 500 characters that names this request, so that the service carries it out once.",

	"CreateContactFlow.Content": "the flow in the Amazon Connect Flow language: a JSON text.",
	"CreateContactFlow.Name":    "the flow's name, unlike those of its type in the instance (DuplicateResourceException).",
	"CreateContactFlow.Status":  "PUBLISHED, the default, which is validated and runs; or SAVED, a draft.",
	"CreateContactFlow.Type":    "what the flow is for. StartChatContact begins with one of type CONTACT_FLOW.",

	"CreateInstance.DirectoryId":            "the directory of users, for identity management EXISTING_DIRECTORY alone: \"d-\" and ten hexadecimal digits.",
	"CreateInstance.IdentityManagementType": "where users come from: SAML, CONNECT_MANAGED or EXISTING_DIRECTORY. It cannot be changed later.",
	"CreateInstance.InboundCallsEnabled":    "whether calls may come in.",
	"CreateInstance.OutboundCallsEnabled":   "whether calls may go out.",
	"CreateInstance.InstanceAlias":          "the instance's name in its address: 1 to 45 letters, digits and hyphens, not beginning with \"d-\", and free (InvalidRequestException).",

	"CreateParticipant.ParticipantDetails": "the role, CUSTOM_BOT for chats, and the name that the others see.",

	"CreateParticipantConnection.ConnectParticipant": "marks the participant connected without a socket. It works for custom participants, and for customers whose chat is streamed.",
	"CreateParticipantConnection.ParticipantToken":   "the participant's token, from StartChatContact or CreateParticipant.",
	"CreateParticipantConnection.Type":               "what is wanted: WEBSOCKET, the address of a socket that can be opened for 100 seconds; CONNECTION_CREDENTIALS, the token for the other operations; WEBRTC_CONNECTION for calls. At least one, unless ConnectParticipant is true.",

	"CreatePersistentContactAssociation.InitialContactId": "the running contact that is to continue an ended chat.",
	"CreatePersistentContactAssociation.RehydrationType":  "ENTIRE_PAST_SESSION, from the last contact of the ended chat; or FROM_SEGMENT, from the one given.",
	"CreatePersistentContactAssociation.SourceContactId":  "the ended chat: its first contact for ENTIRE_PAST_SESSION, any of its contacts for FROM_SEGMENT.",

	"DescribeView.ViewToken": "the token of the view, from the interactive message.",

	"DismissUserContact.UserId": "the agent.",

	"GetAttachment.AttachmentId":       "the attachment, from the item that announced it.",
	"GetAttachment.UrlExpiryInSeconds": "how long the address is good, 5 to 300 seconds.",

	"GetAuthenticationUrl.RedirectUri": "where the sign-in page sends the customer afterwards, at most 1,024 characters.",

	"GetCurrentUserData.Filters": "whom to tell of: up to 100 of queues, of routing profiles, of agents, or one hierarchy group; only one of these four. Contact states narrow it further.",

	"GetTranscript.ContactId":     "the contact whose items are wanted; without it, those of the token's own.",
	"GetTranscript.MaxResults":    "how many items a page holds at most, 0 to 100; 10 when left out.",
	"GetTranscript.NextToken":     "where to go on: the NextToken of the page before, which is good for the same query only. Pages does this by itself.",
	"GetTranscript.ScanDirection": "FORWARD or BACKWARD from StartPosition. Left out, it is FORWARD with a StartPosition, and BACKWARD from the latest item without.",
	"GetTranscript.SortOrder":     "the order within a page, ASCENDING or DESCENDING by time; DESCENDING when left out.",
	"GetTranscript.StartPosition": "where to begin: at an item's id, at a time, or before or after the latest so many. One of the three.",

	"ListAssociatedContacts.NextToken":     "where to go on: the NextToken of the page before.",
	"ListContactFlows.ContactFlowTypes":    "a type of flow that is wanted; at most ten. Without any, all are.",
	"ListContactFlows.MaxResults":          "how many flows a page holds at most, 1 to 1,000.",
	"ListContactReferences.ReferenceTypes": "a type of reference that is wanted; at most six.",
	"ListInstances.MaxResults":             "how many instances a page holds at most, 1 to 10.",

	"MonitorContact.AllowedMonitorCapabilities": "what the supervisor may do: SILENT_MONITOR, BARGE. Needed where taking part is enabled.",
	"MonitorContact.UserId":                     "the supervisor.",

	"PutUserStatus.AgentStatusId": "the status, by its id.",
	"PutUserStatus.UserId":        "the agent.",

	"SendChatIntegrationEvent.DestinationId":     "whom it was sent to: for SMS the ARN of the phone number. 1 to 255 characters; source, destination and subtype together name a chat.",
	"SendChatIntegrationEvent.Event":             "what happened: a message, an event, or the end.",
	"SendChatIntegrationEvent.NewSessionDetails": "what a chat is started with, if one has to be. A running chat ignores it.",
	"SendChatIntegrationEvent.SourceId":          "who sent it: for SMS the customer's phone number. 1 to 255 characters.",
	"SendChatIntegrationEvent.Subtype":           "the channel: connect:SMS, connect:WhatsApp.",

	"SendEvent.ClientToken": "a text of at most 500 characters that names this event. Chat clients of AWS send a constant one with every receipt, so a receipt is told from the next by its content.",
	"SendEvent.Content":     "for receipts, a JSON text with the id of the message: {\"messageId\":\"…\"}. Other events have none.",
	"SendEvent.ContentType": "which event: application/vnd.amazonaws.connect.event.typing, ….event.connection.acknowledged, ….event.message.delivered, ….event.message.read.",

	"SendMessage.Content":     "the message: at most 1,024 characters for text/plain and text/markdown, 12,000 for application/json, 12,288 for an interactive response.",
	"SendMessage.ContentType": "what the content is: text/plain, text/markdown, application/json, application/vnd.amazonaws.connect.message.interactive.response. All but the first must be among the chat's SupportedMessagingContentTypes.",

	"StartAttachmentUpload.AttachmentName":        "the file's name as the others see it, at most 256 characters, without path.",
	"StartAttachmentUpload.AttachmentSizeInBytes": "the size of the file, exactly; more than nothing.",
	"StartAttachmentUpload.ClientToken":           "a text of 1 to 500 characters that names this request, so that the service carries it out once.",
	"StartAttachmentUpload.ContentType":           "the file's media type, at most 255 characters, of those that the service accepts (ValidationException).",

	"StartChatContact.Attributes":                     "what flows can read and branch on. Keys have letters, digits, dashes and underscores; keys and values together take at most 32,768 bytes of UTF-8. Send checks both.",
	"StartChatContact.ChatDurationInMinutes":          "after how long the chat ends by itself, 60 to 10,080 minutes (Send checks it), waiting included; 25 hours when left out. An account without the feature answers InvalidRequestException.",
	"StartChatContact.ClientToken":                    "a text of at most 500 characters that names this chat, so that a request that arrives twice starts one chat and gets the same answer.",
	"StartChatContact.ContactFlowId":                  "the flow that the chat begins with, by its id (the last part of its ARN) or its ARN. It must be published and of type CONTACT_FLOW.",
	"StartChatContact.CustomerId":                     "who the customer is in your own books, 1 to 128 characters. It is never logged.",
	"StartChatContact.DisconnectOnCustomerExit":       "who is disconnected when the customer leaves, so that the contact goes on to the disconnect flow, for a survey say. AGENT is the only value.",
	"StartChatContact.InitialMessage":                 "a message that the customer has sent already. Its type must be among the SupportedMessagingContentTypes; the limits are those of SendMessage.",
	"StartChatContact.ParticipantConfiguration":       "how answers of bots come in: COMPLETE, or INCREMENTAL as they grow, which needs MESSAGE_STREAMING on the instance.",
	"StartChatContact.ParticipantDetails":             "the customer's name as the others see it and as the transcript keeps it: DisplayName, 1 to 256 characters.",
	"StartChatContact.PersistentChat":                 "the ended chat that this one continues; both members are needed. It excludes RelatedContactId, which Send checks. A source that has not ended, or never was, is refused by the service.",
	"StartChatContact.RelatedContactId":               "a contact that this one belongs to, and whose attributes it begins with; at most 256 characters. It excludes PersistentChat, which Send checks.",
	"StartChatContact.SegmentAttributes":              "what the system knows of this contact. The subtype connect:Guide, as {\"connect:Subtype\": {ValueString: \"connect:Guide\"}}, needs both interactive types among the SupportedMessagingContentTypes, which Send checks.",
	"StartChatContact.SupportedMessagingContentTypes": "what the customer's client can show: text/plain, which must be among them (Send checks it), text/markdown, application/json, application/vnd.amazonaws.connect.message.interactive, which Show View needs, and ….interactive.response. Text alone when left out.",

	"StartContactMediaProcessing.FailureMode":          "what becomes of a message that the function fails on: DELIVER_UNPROCESSED_MESSAGE or DO_NOT_DELIVER_UNPROCESSED_MESSAGE.",
	"StartContactMediaProcessing.ProcessorArn":         "the Lambda function's ARN.",
	"StartContactStreaming.ChatStreamingConfiguration": "the ARN of the SNS topic: a standard one in the same region, which lets Amazon Connect publish.",
	"StartContactStreaming.ClientToken":                "a text of at most 500 characters that names this request, so that the service carries it out once.",

	"StartOutboundChatContact.Attributes":                     "what flows can read and branch on, with the limits of StartChatContact.",
	"StartOutboundChatContact.ChatDurationInMinutes":          "after how long the chat ends by itself, 60 to 10,080 minutes; 25 hours when left out.",
	"StartOutboundChatContact.ClientToken":                    "a text of at most 500 characters that names this chat; good for seven days.",
	"StartOutboundChatContact.DestinationEndpoint":            "whom to write to: a telephone number.",
	"StartOutboundChatContact.InitialSystemMessage":           "the first message, as a text.",
	"StartOutboundChatContact.InitialTemplatedSystemMessage":  "the first message, from a template.",
	"StartOutboundChatContact.ParticipantDetails":             "the customer's name as the others see it.",
	"StartOutboundChatContact.RelatedContactId":               "a contact that this one belongs to, at most 256 characters.",
	"StartOutboundChatContact.SegmentAttributes":              "what the system knows of this contact: the subtype connect:SMS or connect:WhatsApp, as {\"connect:Subtype\": {ValueString: \"connect:SMS\"}}.",
	"StartOutboundChatContact.SourceEndpoint":                 "whom it comes from: a phone number of the instance, by ARN.",
	"StartOutboundChatContact.SupportedMessagingContentTypes": "what the customer's client can show; text/plain must be among them.",

	"StopContact.DisconnectReason":     "why, for contacts of outbound campaigns. Chats have none.",
	"StopContactStreaming.StreamingId": "which stream: the id that StartContactStreaming returned.",
	"TagContact.Tags":                  "a tag: its key and its value. At least one, at most six.",
	"TransferContact.ContactFlowId":    "the flow that brings the contact to its new place.",
	"TransferContact.QueueId":          "the queue to transfer to.",
	"TransferContact.UserId":           "the agent to transfer to.",
	"UntagContact.TagKeys":             "the key of a tag. At least one, at most six.",

	"UpdateContact.CustomerEndpoint":  "the customer's phone number, for contacts of external voice systems.",
	"UpdateContact.Description":       "a description, at most 4,096 characters.",
	"UpdateContact.Name":              "the contact's name, at most 1,024 characters.",
	"UpdateContact.QueueInfo":         "the queue, for contacts of external voice systems.",
	"UpdateContact.References":        "a link or another value that an agent is shown under a name; both at most 4,096 characters.",
	"UpdateContact.SegmentAttributes": "what the system knows of this contact; the attribute must be defined in the instance.",
	"UpdateContact.SystemEndpoint":    "the number that was called, for contacts of external voice systems.",
	"UpdateContact.UserInfo":          "the agent, for contacts of external voice systems.",

	"UpdateContactAttributes.Attributes": "what flows can read and branch on. Keys have letters, digits, dashes and underscores; all of the chat's together take at most 32,768 bytes of UTF-8. An empty value frees the space of the old one.",

	"UpdateContactFlowContent.Content":           "the flow in the Amazon Connect Flow language: a JSON text. With \":$SAVED\" after the flow's id it is kept as a draft.",
	"UpdateContactFlowMetadata.ContactFlowState": "ACTIVE, or ARCHIVED, which is listed and does not run.",

	"UpdateContactRoutingData.QueuePriority":              "the place in the queue before all waiting time: 1 goes first, 5 is what contacts have.",
	"UpdateContactRoutingData.QueueTimeAdjustmentSeconds": "how many seconds longer, or with a minus shorter, the contact counts as having waited.",
	"UpdateContactRoutingData.RoutingCriteria":            "which proficiencies an agent needs, step by step.",

	"UpdateParticipantAuthentication.Code":             "the query parameter code of the redirect: the sign-in succeeded. At most 2,048 characters.",
	"UpdateParticipantAuthentication.Error":            "the query parameter error of the redirect: the sign-in failed. At most 2,048 characters.",
	"UpdateParticipantAuthentication.ErrorDescription": "the query parameter error_description of the redirect, at most 2,048 characters.",
	"UpdateParticipantAuthentication.State":            "the query parameter state of the redirect, at most 1,000 characters.",

	"UpdateParticipantRoleConfig.ChannelConfiguration": "for chats, a list of up to six timers, one for each pair of role (CUSTOMER, AGENT) and type (IDLE, DISCONNECT_NONCUSTOMER), of 2 to 480 minutes. They hold for the agent who joins next.",
}
