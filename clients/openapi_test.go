package clients

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// schemathesis reads the OpenAPI document of a process, and calls it with what the document allows and with what it does not:
// nothing may be answered with 5xx, with a status, a type or a body that the document does not have, or be accepted that it forbids.
func TestAgentAPIWithSchemathesis(t *testing.T) {
	t.Parallel()
	program, err := inVirtualEnvironment("schemathesis", "schemathesis")
	if err != nil {
		missing(t, "schemathesis", "no schemathesis in PATH")
	}
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
	started := ask(t, admin.client.StartChatContact, &connect.StartChatContactInput{
		InstanceId: aws.String(s.instance), ContactFlowId: aws.String(flow), ParticipantDetails: &connecttypes.ParticipantDetails{DisplayName: aws.String(customerName)},
	})
	customer := newSDKParticipant(t, s, participantCredentials{*started.ContactId, *started.ParticipantId, *started.ParticipantToken}, false)
	customer.connect()
	contact := agent.offered()
	if contact != *started.ContactId {
		t.Fatalf("offered %s, the customer's is %s", contact, *started.ContactId)
	}
	agent.call("POST", "contacts/"+contact+"/accept", nil, nil)
	supervisor := signIn(t, s, "supervisor")
	for _, who := range []struct {
		name, token, phases string
	}{
		{"agent", agent.token, "fuzzing"},
		{"supervisor", supervisor.token, "coverage"},
	} {
		t.Run(who.name, func(t *testing.T) {
			t.Parallel()
			config, err := filepath.Abs("python/schemathesis.toml")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 12*patience)
			defer cancel()
			began := time.Now()
			// The seed makes it the same in each run; shrinking what has failed would take minutes.
			cmd := exec.CommandContext(ctx, program, "--config-file", config, "run", s.endpoint+"/agent/v1/openapi.json",
				"--header", "Authorization: Bearer "+who.token, "--phases", who.phases, "--max-examples", "5", "--seed", "1", "--no-shrink",
				"--generation-database", "none")
			cmd.Dir = t.TempDir() // it keeps what it has found where it runs
			cmd.Env = append(os.Environ(), "PARLEY_CONTACT="+contact)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, summary, _ := strings.Cut(string(out), "= SUMMARY =")
			t.Logf("in %v:%s", time.Since(began).Round(time.Second), summary)
			if !strings.Contains(summary, "Tested: ") || strings.Contains(summary, "Tested: 0\n") {
				t.Errorf("schemathesis has tested nothing:\n%s", out)
			}
		})
	}
}
