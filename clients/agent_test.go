package clients

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// agentDesk is an agent's client: what a page does beside chatjs, by /agent/v1.
type agentDesk struct {
	t      testing.TB
	server server
	token  string
}

// chatToken is what createTransport of Amazon Connect Streams answers.
type chatToken struct {
	Token  string `json:"participantToken"`
	Expiry string `json:"expiry"`
}

// deskSocket is where the agent's socket is, and who opens it.
type deskSocket struct {
	URL    string `json:"url"`
	Bearer string `json:"bearer"`
}

func (d *agentDesk) call(method, path string, in, out any) {
	d.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.server.endpoint+"/agent/v1/"+path, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		d.t.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, text, err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			d.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
}

// signIn begins the work of one of the agents whom a development server has.
func signIn(t testing.TB, s server, name string) *agentDesk {
	t.Helper()
	d := &agentDesk{t: t, server: s}
	var session struct{ Token string }
	d.call("POST", "session", map[string]any{"username": name, "password": "Parley-dev-1", "bearer": true}, &session)
	d.token = session.Token
	d.call("PUT", "state", map[string]string{"name": "Available"}, nil)
	return d
}

// offered waits for a contact that is offered.
func (d *agentDesk) offered() string {
	d.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var shown struct {
			Snapshot struct {
				Contacts []struct {
					ContactID string
					State     struct{ Type string }
				}
			}
		}
		d.call("GET", "snapshot", nil, &shown)
		for _, c := range shown.Snapshot.Contacts {
			if c.State.Type == "connecting" {
				return c.ContactID
			}
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("no contact was offered within %v", patience)
		}
	}
}

// toPerson is a flow that takes the customer to a queue.
const toPerson = `{"Version":"2019-10-30","StartAction":"set","Metadata":{},"Actions":[
{"Identifier":"set","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"QUEUE"},"Transitions":{"NextAction":"go","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"go","Type":"TransferContactToQueue","Parameters":{},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"QueueAtCapacity"},{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// An agent talks through chatjs, with the tokens that /agent/v1 gives before the contact is accepted: first as in an agent's page,
// with the connection token and the agent's socket, then as without Streams, with the participant token alone.
func TestAgentWithChatJSInNode(t *testing.T) {
	t.Parallel()
	program := node(t)
	s := startDev(t)
	admin := newSDKDesk(t, s)
	queue := ""
	for _, q := range ask(t, admin.client.ListQueues, &connect.ListQueuesInput{InstanceId: aws.String(s.instance)}).QueueSummaryList {
		if aws.ToString(q.Name) == "BasicQueue" {
			queue = *q.Id
		}
	}
	flow := aws.ToString(ask(t, admin.client.CreateContactFlow, &connect.CreateContactFlowInput{
		InstanceId: aws.String(s.instance), Name: aws.String("to a person"), Type: "CONTACT_FLOW", Content: aws.String(strings.ReplaceAll(toPerson, "QUEUE", queue)),
	}).ContactFlowId)
	agent := signIn(t, s, "agent-1")
	for _, page := range []bool{true, false} {
		started := ask(t, admin.client.StartChatContact, &connect.StartChatContactInput{
			InstanceId: aws.String(s.instance), ContactFlowId: aws.String(flow), ParticipantDetails: &connecttypes.ParticipantDetails{DisplayName: aws.String(customerName)},
		})
		customer := newChatJSParticipant(t, program, s, participantCredentials{*started.ContactId, *started.ParticipantId, *started.ParticipantToken}, false)
		person := newChatJSParticipant(t, program, s, participantCredentials{}, true) // before the offer, which lasts 20 s of real time
		customer.connect()
		contact := agent.offered()
		if contact != *started.ContactId {
			t.Fatalf("offered %s, the customer's is %s", contact, *started.ContactId)
		}
		var given struct {
			ParticipantID  string
			ConnectionData string
			chatToken
		}
		agent.call("POST", "contacts/"+contact+"/token", nil, &given)
		data := decode[struct{ ConnectionAuthenticationToken string }](t, "connectionData", []byte(given.ConnectionData))
		person.creds = participantCredentials{contact, given.ParticipantID, data.ConnectionAuthenticationToken}
		if page {
			person.chatToken = &given.chatToken
			person.desk = &deskSocket{"ws" + strings.TrimPrefix(s.endpoint, "http") + "/agent/v1/socket", agent.token}
			person.connect() // as streams does: while the contact is offered
			if err := person.ask("send", map[string]any{"content": "too early"}, nil); err == nil || !strings.Contains(err.Error(), "403") {
				t.Errorf("a message before the contact is accepted: %v", err)
			}
		}
		customer.send("Is somebody there?")
		agent.call("POST", "contacts/"+contact+"/accept", nil, nil)
		if !page {
			person.connect()
		}
		joined := customer.see("the agent's joining", eventBy(eventJoined, given.ParticipantID))
		if joined.ParticipantRole != "AGENT" || joined.DisplayName != "Jane" {
			t.Errorf("joined: %v", joined)
		}
		hello := person.send("How can I help?")
		customer.see("the agent's message", withID(hello.Id))
		question := customer.send("Where is my order?")
		person.see("the customer's message", withID(question.Id))
		customer.event(eventTyping, "")
		person.see("typing", eventBy(eventTyping, *started.ParticipantId))
		person.event(eventTyping, "")
		customer.see("typing", eventBy(eventTyping, given.ParticipantID))
		var said []string
		for _, i := range person.transcript(100, "").Transcript {
			if i.Type == "MESSAGE" {
				said = append(said, i.Content)
			}
		}
		equal(t, "the transcript", said, []string{"Is somebody there?", "How can I help?", "Where is my order?"})
		agent.call("POST", "contacts/"+contact+"/leave", nil, nil) // chatjs leaves that to Streams
		customer.see("the end", ended)
		person.await("the end", func(notices []string, _ []item) bool { return count(notices, "onEnded") == 1 })
		agent.call("POST", "contacts/"+contact+"/complete", nil, nil)
	}
}
