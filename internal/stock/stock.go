// Package stock holds the flows that every instance has from its beginning: those that stand in where a contact's flow
// has set none ("Default …"), and examples ("Sample …"). Names, types and behaviour are those that Amazon Connect's
// administrator guide describes under "Default flows" and "Sample flows"; the documents are written for this project.
//
// It depends on package center for identifiers. It keeps no state and never stores anything: who makes an instance puts
// there what [Flows] returns.
package stock

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

//go:embed flows/*.json
var documents embed.FS

// CustomerQueue is the name of the flow that a contact in a queue runs when none was set for it.
const CustomerQueue = "Default customer queue"

// Flow is one flow of an instance, with its text.
type Flow struct {
	center.ContactFlow
	Content string
}

// flows are all of them. Descriptions are shown to people.
var flows = []struct{ name, kind, document, description string }{
	{"Default agent hold", "AGENT_HOLD", "default-agent-hold", "What an agent who is on hold hears. Chats have no hold."},
	{"Default agent transfer", "AGENT_TRANSFER", "default-agent-transfer", "Gives a contact to another agent."},
	{"Default agent whisper", "AGENT_WHISPER", "default-agent-whisper", "Tells the agent which queue a contact comes from."},
	{"Default customer hold", "CUSTOMER_HOLD", "default-customer-hold", "What a customer who is on hold hears. Chats have no hold."},
	{CustomerQueue, "CUSTOMER_QUEUE", "default-customer-queue", "What a customer in a queue hears. In a chat it ends at once, and the customer waits."},
	{"Default customer whisper", "CUSTOMER_WHISPER", "default-customer-whisper", "What a customer hears before an agent joins: nothing."},
	{"Default outbound", "OUTBOUND_WHISPER", "default-outbound", "What a customer who was called hears first."},
	{"Default queue transfer", "QUEUE_TRANSFER", "default-queue-transfer", "Gives a contact to another queue."},
	{"Sample AB test", center.TypeContactFlow, "sample-ab-test", "Says one of two things, by chance."},
	{"Sample after contact work flow", center.TypeContactFlow, "sample-after-contact-work-flow", "Shows the agent a form for notes when a contact is over."},
	{"Sample disconnect flow", center.TypeContactFlow, "sample-disconnect-flow", "When the agent has left a chat, waits 15 minutes for the customer to return."},
	{"Sample inbound flow (first contact experience)", center.TypeContactFlow, "sample-inbound-flow", "Greets chats and tasks and puts them in a queue; callers choose from the other samples."},
	{"Sample interruptible queue flow with callback", "CUSTOMER_QUEUE", "sample-interruptible-queue-flow", "Offers callers in a queue to be called back. In a chat it ends at once, and the customer waits."},
	{"Sample Lambda integration", center.TypeContactFlow, "sample-lambda-integration", "Asks the AWS Lambda function stateLookup, and says what it answers."},
	{"Sample note for screenpop", center.TypeContactFlow, "sample-note-for-screenpop", "Writes a note for the agent into an attribute of the contact."},
	{"Sample queue configurations flow", center.TypeContactFlow, "sample-queue-configurations", "Puts contacts in a queue, and shows what can be set and asked for before that."},
	{"Sample queue customer", center.TypeContactFlow, "sample-queue-customer", "Puts the customer in a queue within its hours of operation."},
	{"Sample recording behavior", center.TypeContactFlow, "sample-recording-behavior", "Switches recording on and puts the customer in a queue."},
	{"Sample secure input with agent", "QUEUE_TRANSFER", "sample-secure-input-with-agent", "Lets a caller enter a number that the agent does not hear."},
	{"Sample secure input with no agent", center.TypeContactFlow, "sample-secure-input-no-agent", "Lets a caller enter a number that nobody hears."},
}

// FlowID is the id of a stock flow in an instance.
func FlowID(at center.InstanceID, name string) center.FlowID {
	return center.FlowID(center.SeededID(at, "contact-flow", name))
}

// Flows returns the flows of an instance, published. They refer to each other and to the instance's basic queue.
func Flows(p center.Partition, at center.InstanceID) []Flow {
	names := []string{
		"{{account}}", p.Account,
		"{{queue}}", center.SeededID(at, "queue", center.BasicQueueName),
	}
	all := make([]Flow, len(flows))
	for i, f := range flows {
		all[i].ContactFlow = center.ContactFlow{ID: FlowID(at, f.name), Name: f.name, Type: f.kind, Description: f.description}
		names = append(names, "{{"+f.name+"}}", string(all[i].ID))
	}
	fill := strings.NewReplacer(names...)
	for i, f := range flows {
		raw, err := documents.ReadFile("flows/" + f.document + ".json")
		if err != nil {
			panic(err) // a row of the table above without its file
		}
		if all[i].Content = string(raw); strings.Contains(all[i].Content, "{{") {
			all[i].Content = fill.Replace(all[i].Content)
		}
		sum := sha256.Sum256([]byte(all[i].Content))
		all[i].Published = hex.EncodeToString(sum[:])
		all[i].Saved = all[i].Published
	}
	return all
}
