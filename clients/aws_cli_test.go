package clients

import (
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// functionOfDocs is the function in Python that docs/outside.md shows.
var functionOfDocs = regexp.MustCompile("(?s)```python\\n(.*?)```")

// startFunction runs that function on a free port, and returns its URL.
func startFunction(t testing.TB) string {
	t.Helper()
	program, err := inVirtualEnvironment("venv", "python3")
	if err != nil {
		missing(t, "boto3", "no python3 in PATH")
	}
	page, err := os.ReadFile("../docs/outside.md")
	if err != nil {
		t.Fatal(err)
	}
	found := functionOfDocs.FindSubmatch(page)
	address := freeAddress(t)
	_, port, _ := strings.Cut(address, ":")
	if found == nil || !strings.Contains(string(found[1]), "9000") {
		t.Fatal("docs/outside.md shows no function in Python that listens on 9000")
	}
	p := launch(t, "the function", exec.Command(program, "-u", "-c", strings.ReplaceAll(string(found[1]), "9000", port)))
	for deadline := time.Now().Add(patience); ; {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return "http://" + address + "/"
		}
		select {
		case <-p.exited:
			t.Fatal("the function has exited")
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the function does not listen: %v", err)
		}
	}
}

// cliStory is what a business does with nothing but the AWS CLI: a customer goes through the stock inbound flow into
// the queue, and gets a tag there; another's flow asks a function, whose answer becomes an attribute.
const cliStory = `set -euo pipefail
read -r lambda inbound <<<"$(aws connect list-contact-flows --instance-id $instance --output text \
  --query "[ContactFlowSummaryList[?Name=='Sample Lambda integration'].Id | [0],
            ContactFlowSummaryList[?starts_with(Name, 'Sample inbound flow')].Id | [0]]")"
start() { aws connect start-chat-contact --instance-id $instance --contact-flow-id $1 \
  --participant-details DisplayName=Ana --query '[ContactId, ParticipantToken]' --output text; }
connect() { aws connectparticipant create-participant-connection --participant-token "$1" --type CONNECTION_CREDENTIALS \
  --connect-participant --query ConnectionCredentials.ConnectionToken --output text; }

asked() {
  read -r contact token <<<"$(start $lambda)"
  connect "$token" >/dev/null
  until state=$(aws connect get-contact-attributes --instance-id $instance --initial-contact-id $contact \
    --query Attributes.State --output text) && [ $state != None ]; do :; done
  echo "the function says $state"
}
queued() {
  read -r contact token <<<"$(start $inbound)"
  aws connectparticipant get-transcript --connection-token "$(connect "$token")" --sort-order ASCENDING \
    --query 'Transcript[-1].Content' --output text
  aws connect tag-contact --instance-id $instance --contact-id $contact --tags team=blue
  aws connect describe-contact --instance-id $instance --contact-id $contact \
    --query 'Contact.[Tags.team, QueuePriority, QueueInfo.Id, QueueInfo.EnqueueTimestamp != null, DisconnectReason]' --output text
}
queued & asked
wait %1
`

func TestQueueAndFunctionWithTheAWSCLI(t *testing.T) {
	t.Parallel()
	program, err := inVirtualEnvironment("aws", "aws")
	if err != nil {
		missing(t, "aws", "no aws in PATH")
	}
	s := startDev(t, "--lambda", "stateLookup="+startFunction(t))
	cmd := exec.Command("timeout", "120", "bash", "-c", cliStory)
	cmd.Env = append(awsEnvironment(s), "instance="+s.instance, "PATH="+strings.TrimSuffix(program, "/aws")+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v after\n%s", err, out)
	}
	for _, want := range []string{
		"the function says Ohio",
		"You are now in the queue. Somebody will be with you in less than five minutes.",
		"blue\t5\t1b95fe56-ee8f-8505-9b5c-b6c30b6d8e6d\tTrue\tNone",
	} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("%q is not in what the AWS CLI printed:\n%s", want, out)
		}
	}
}
