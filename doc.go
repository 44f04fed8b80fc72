// Package parley is a client for the chat APIs of Amazon Connect: the operations that start, change and end chats, and
// those by which customers, agents and bots take part in them. It works the same against AWS and against a parley server.
//
// A request is a method of [Client], filled in and sent:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	…
//	client := parley.New(cfg)
//	started, err := client.StartChatContact().
//		InstanceID(instance).
//		ContactFlowID(flow).
//		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).
//		Attribute("tier", "gold").
//		Send(ctx)
//
// A conversation is joined, and then ranged over:
//
//	chat, err := client.Join(ctx, started)
//	…
//	defer chat.Close()
//	for event, err := range chat.Events() {
//		if err != nil {
//			return err
//		}
//		if m, ok := event.(parley.Message); ok && !chat.IsOwn(m) {
//			fmt.Println(m.DisplayName, m.Content)
//		}
//	}
//
// Programs that use either are tested without AWS by package parleytest, which starts a whole parley server inside a Go
// test.
//
// # Requests
//
// A [Client] has a method for each operation. It returns a builder, which has for each member of the operation's input
//
//   - a setter by value, named as the member is: InstanceID(v). For lists and maps it adds one element, and is named in
//     the singular: Attribute(k, v);
//   - SetInstanceID(v), which takes a pointer, a list or a map: it replaces all, and nil clears;
//   - GetInstanceID(), which returns what is set.
//
// Send makes the call and uses the builder up; Clone, before or after, gives another one. AsInput is the SDK's own input
// structure as filled in. Customize returns an [Operation], in which one call can be given its own retries, endpoint,
// time limits, interceptors and changes of the HTTP request. Operations with pages have Pages and Items, to range over.
// Builders print without tokens, contents and whatever else must not be logged; [Redact] does the same for outputs.
//
// A builder belongs to one goroutine. One that is sent twice or shared is noticed, and Send says so.
//
// # Conversations
//
// [Client.Join] takes part in a chat as the customer who was given the output of StartChatContact, [Client.JoinAs] as the
// custom participant of CreateParticipant. Both return when the participant is there, with a [Chat]: Send says something,
// Typing, Delivered and Read tell the others, Attach and Attachment carry files, Transcript reads what was said before.
//
// [Chat.Events] shows what happens, each event once and in order: a [Message], [Attachment], [Receipt], [Typing],
// [Joined], [Left], [Ended] or [Notice]. Sockets break, and Amazon Connect's grow old; the Chat opens another and reads
// from the transcript what it missed, so that who ranges over Events need not know. [JoinOptions] say how long it tries,
// and whom it tells. Events end after Ended, after Disconnect, which leaves the chat, and after Close, which only hangs
// up: the participant is still in the chat and can join again.
//
// # Agents
//
// [Client.JoinAgent] signs a user in at a parley server, whose API for agents' clients Amazon Connect does not have. The [Agent]
// has one socket for all of the agent's contacts; [Agent.Events] shows what happens to the agent, and in its chats: an
// [AgentSnapshot], an [AgentTransition] or an [AgentChat]. SetState makes the agent Available; Accept, Reject, Send, Transfer,
// Leave and Clear are what agents do with contacts. It outlives sockets and sessions as a Chat does. Close leaves the agent as it
// is, SignOut makes it Offline.
//
// # Failures
//
// Every error is an [*Error]: its Kind says how far the request came, and what may have happened. The AWS SDK's error
// for the service's code lies beneath it, for [errors.As]; functions such as [IsActiveChatQuota] answer the usual
// questions. Failures that may pass are retried, three attempts in all unless [WithMaxAttempts] says otherwise, with the
// same ClientToken, so that a retried request is not carried out twice.
//
// What the API reference rules out is refused before it is sent: members that are missing, attributes that are too
// large or have keys that flows cannot name, a chat that both continues another and relates to one. Pass
// [WithoutLocalChecks] to leave all of it to the server.
//
// # What it builds on
//
// The AWS SDK for Go does the signing, the credentials, the endpoints, the retries and the encoding: what is sent is
// byte for byte what the SDK sends for the same input, and inputs, outputs and their types are the SDK's. Requests
// keep no state between them but the SDK's. A Chat holds a socket, by the HTTP client of the AWS configuration unless
// JoinOptions have another, and goroutines, which are gone when Close returns or Done is closed. This package logs
// nothing, and never follows a redirect.
package parley

//go:generate go run ./internal/fluent
