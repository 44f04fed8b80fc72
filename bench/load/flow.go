package load

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Greeting is what the flow of a [Server] says to every customer.
const Greeting = "Hello! How can we help?"

// GreetAndWait is a flow that says something and then waits for seven days, the longest that a Wait can: longer than
// any load lasts.
func GreetAndWait(greeting string) string {
	return strings.Replace(greetAndWait, "GREETING", greeting, 1)
}

const greetAndWait = `{"Version":"2019-10-30","StartAction":"Greet","Metadata":{},"Actions":[
{"Identifier":"Greet","Type":"MessageParticipant","Parameters":{"Text":"GREETING"},
 "Transitions":{"NextAction":"Wait","Errors":[{"NextAction":"Wait","ErrorType":"NoMatchingError"}],"Conditions":[]}},
{"Identifier":"Wait","Type":"Wait","Parameters":{"TimeLimitSeconds":"604800"},
 "Transitions":{"NextAction":"End","Errors":[{"NextAction":"End","ErrorType":"NoMatchingError"}],
  "Conditions":[{"NextAction":"End","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
{"Identifier":"End","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// CreateFlow makes a published flow that carries contacts, and returns its id.
func (s *Server) CreateFlow(l *Line, name, content string) (string, error) {
	body, err := json.Marshal(map[string]string{"Name": name, "Type": "CONTACT_FLOW", "Content": content})
	if err != nil {
		return "", err
	}
	var answer struct{ ContactFlowId string }
	if err := s.signedCall(l, "PUT", "/contact-flows/"+s.Instance, body, &answer); err != nil {
		return "", fmt.Errorf("CreateContactFlow: %w", err)
	}
	return answer.ContactFlowId, nil
}

// FlowNamed returns the id of one of the instance's flows.
func (s *Server) FlowNamed(l *Line, name string) (string, error) {
	var answer struct {
		ContactFlowSummaryList []struct{ Id, Name string }
	}
	if err := s.signedCall(l, "GET", "/contact-flows-summary/"+s.Instance, nil, &answer); err != nil {
		return "", fmt.Errorf("ListContactFlows: %w", err)
	}
	for _, f := range answer.ContactFlowSummaryList {
		if f.Name == name {
			return f.Id, nil
		}
	}
	return "", fmt.Errorf("the instance has no flow %q", name)
}

// ReplaceFlow publishes another content of a flow.
func (s *Server) ReplaceFlow(l *Line, id, content string) error {
	body, err := json.Marshal(map[string]string{"Content": content})
	if err != nil {
		return err
	}
	if err := s.signedCall(l, "POST", "/contact-flows/"+s.Instance+"/"+id+"/content", body, &struct{}{}); err != nil {
		return fmt.Errorf("UpdateContactFlowContent: %w", err)
	}
	return nil
}
