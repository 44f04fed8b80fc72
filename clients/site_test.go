package clients

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// site is a place where `parley serve` runs in production's manner: a database on disk, access keys of its own, and a
// listening socket that outlives each process, as systemd keeps it.
type site struct {
	server
	t        testing.TB
	binary   string
	database string
	listener *os.File
	keyID    string
	secret   string
}

func newSite(t testing.TB) *site {
	t.Helper()
	binary, err := parley()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	s := &site{
		t: t, binary: binary, listener: file,
		server:   server{endpoint: "http://" + listener.Addr().String()},
		database: "sqlite:" + filepath.Join(t.TempDir(), "parley.db"),
	}
	s.createKey()
	return s
}

// accessKey is how `parley key create` shows a new key: as lines for a shell.
var accessKey = regexp.MustCompile(`export AWS_ACCESS_KEY_ID=(\S+)\nexport AWS_SECRET_ACCESS_KEY=(\S+)`)

func (s *site) createKey() {
	s.t.Helper()
	var complaint bytes.Buffer
	create := exec.Command(s.binary, "key", "create", "--db", s.database, "for the judges")
	create.Stderr = &complaint
	out, err := create.Output()
	if err != nil {
		s.t.Fatalf("parley key create: %v\n%s", err, &complaint)
	}
	key := accessKey.FindSubmatch(out)
	if key == nil {
		s.t.Fatalf("parley key create shows no access key in:\n%s", out)
	}
	s.keyID, s.secret = string(key[1]), string(key[2])
}

// serve starts a process on the listening socket as systemd does: the socket is file 3, LISTEN_PID names the process.
func (s *site) serve() *process {
	s.t.Helper()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, s.binary, "serve",
		"--db", s.database, "--public-url", s.endpoint, "--operator-listen=")
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1")
	cmd.ExtraFiles = []*os.File{s.listener}
	p := launch(s.t, "parley serve", cmd)
	p.awaitReady(s.endpoint + "/health/ready")
	return p
}

// desk makes an instance with a flow on the running site, and starts chats there.
func (s *site) desk() desk {
	s.t.Helper()
	d := newSignedDesk(s.t, s.server, s.keyID, s.secret)
	instance, err := d.client.CreateInstance(s.t.Context(), &connect.CreateInstanceInput{
		InstanceAlias:          aws.String("judge"),
		IdentityManagementType: connecttypes.DirectoryTypeConnectManaged,
		InboundCallsEnabled:    aws.Bool(true),
		OutboundCallsEnabled:   aws.Bool(true),
	})
	if err != nil {
		s.t.Fatalf("CreateInstance: %v", err)
	}
	flow, err := d.client.CreateContactFlow(s.t.Context(), &connect.CreateContactFlowInput{
		InstanceId: instance.Id,
		Name:       aws.String("Greeting"),
		Type:       connecttypes.ContactFlowTypeContactFlow,
		Content:    aws.String(greetingFlow),
	})
	if err != nil {
		s.t.Fatalf("CreateContactFlow: %v", err)
	}
	s.instance, s.flow = aws.ToString(instance.Id), aws.ToString(flow.ContactFlowId)
	d.server = s.server
	return d
}

// greetingFlow greets and then waits for an hour.
const greetingFlow = `{
  "Version": "2019-10-30",
  "StartAction": "greet",
  "Actions": [
    {"Identifier": "greet", "Type": "MessageParticipant", "Parameters": {"Text": "Welcome back."},
     "Transitions": {"NextAction": "wait", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "end"}]}},
    {"Identifier": "wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "3600"},
     "Transitions": {"NextAction": "end",
       "Conditions": [{"Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}, "NextAction": "end"}],
       "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "end"}]}},
    {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
  ]
}`
