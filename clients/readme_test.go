package clients

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// markedBlocks are the fenced blocks of a page that this test runs: the one after each marker with the story. A story
// names what is run together; "" is the marker without one.
func markedBlocks(t testing.TB, page, story string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	marker := "<!-- run by clients/readme_test.go"
	if story != "" {
		marker += ": " + story
	}
	var blocks strings.Builder
	for _, block := range regexp.MustCompile("(?s)"+marker+" -->\\s*```\\w*\\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		blocks.WriteString(block[1])
	}
	if blocks.Len() == 0 {
		t.Fatalf("%s has no block marked %s -->", page, marker)
	}
	return blocks.String()
}

// reader is where the README's reader is: beside the binary that it had them build, and the documentation.
type reader struct {
	t    testing.TB
	here string
	path string
}

func newReader(t testing.TB) reader {
	t.Helper()
	aws, err := inVirtualEnvironment("aws", "aws")
	if err != nil {
		missing(t, "aws", "no aws in PATH")
	}
	binary, err := parley()
	if err != nil {
		t.Fatal(err)
	}
	r := reader{t: t, here: t.TempDir(), path: strings.TrimSuffix(aws, "/aws") + ":" + os.Getenv("PATH")}
	for name, target := range map[string]string{"parley": binary, "docs": "../docs"} {
		if target, err = filepath.Abs(target); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(r.here, name)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// run runs a program there, which must succeed, and returns what it prints.
func (r reader) run(environment []string, program string, arguments ...string) string {
	r.t.Helper()
	cmd := exec.Command(program, arguments...)
	cmd.Dir = r.here
	cmd.Env = append(withoutAWS(os.Environ()), "PATH="+r.path,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
	cmd.Env = append(cmd.Env, environment...)
	out, err := cmd.CombinedOutput()
	r.t.Logf("printed:\n%s", out)
	if err != nil {
		r.t.Fatalf("the lines failed: %v", err)
	}
	return string(out)
}

// TestReadmeLinesForTheAWSCLI runs the README's lines as they stand, but for the port, which another parley may hold.
func TestReadmeLinesForTheAWSCLI(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"State": "Iowa"}`) //nolint:errcheck // the chat would say so
	}))
	defer function.Close()
	s := startDev(t, "--lambda", "stateLookup="+function.URL)
	lines := strings.ReplaceAll(markedBlocks(t, "../README.md", ""), "http://127.0.0.1:4510", s.endpoint)
	t.Logf("running:\n%s", lines)
	// parley chat's own idea of where to go is the usual port.
	out := r.run([]string{"PARLEY_ENDPOINT=" + s.endpoint}, "bash", "-c", "set -euo pipefail\n"+lines)
	for what, said := range map[string]string{
		"the flow's greeting":                   "SYSTEM_MESSAGE",
		"what parley flow check says":           "flow.json: ok, 6 actions\n",
		"what the function's stub makes it say": "The function says: Ohio.",
		"what the function itself makes it say": "The function says: Iowa.",
	} {
		if !strings.Contains(out, said) {
			t.Errorf("%s is not in what the README's lines print", what)
		}
	}
	if _, err := os.Stat(filepath.Join(r.here, "flow.svg")); err != nil {
		t.Errorf("parley flow draw: %v", err)
	}
}

// TestReadmeSetsUpAnInstance runs the README's chapter on an instance from nothing, in the way of its reader: with the
// lines that `parley dev` prints.
func TestReadmeSetsUpAnInstance(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	s := startDev(t)
	out := r.run(nil, "bash", "-c", "set -euo pipefail\n"+strings.Join(s.exports(), "\n")+"\n"+markedBlocks(t, "../README.md", "setup"))
	printed := strings.Split(strings.TrimSpace(out), "\n")
	contact, _, _ := strings.Cut(printed[len(printed)-1], "\t")
	isSetUp(t, s, contact)
	if !strings.Contains(out, "\nOrders\t100\n") {
		t.Error("search-queues has not found the queue Orders by its tag")
	}
}

// TestReadmeAPersonAnswers runs the README's chapter: the user that it makes signs in, and answers.
func TestReadmeAPersonAnswers(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	s := startDev(t)
	out := r.run([]string{"PARLEY_ENDPOINT=" + s.endpoint}, "bash", "-c",
		"set -euo pipefail\n"+strings.Join(s.exports(), "\n")+"\n"+markedBlocks(t, "../README.md", "a person answers"))
	for _, line := range []string{
		"message\tGrace\tHow can I help?\n", "state\t\t\tAvailable\n", "\tAda\tSupport\n", "\tAda\tI cannot sign in.\n", "cleared\t", "signed-out\t\tgrace\n", "\tCUSTOMER_DISCONNECT\n",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in what the README's lines print", line)
		}
	}
}

// TestSetUpWithBoto3 runs the script of docs/setup.md twice. The second run starts another chat and makes nothing.
func TestSetUpWithBoto3(t *testing.T) {
	t.Parallel()
	program := python(t)
	r := newReader(t)
	s := startDev(t)
	if err := os.WriteFile(filepath.Join(r.here, "setup.py"), []byte(markedBlocks(t, "../docs/setup.md", "setup")), 0o600); err != nil {
		t.Fatal(err)
	}
	var environment []string
	for _, line := range s.exports() {
		environment = append(environment, strings.Fields(strings.TrimPrefix(line, "export "))...)
	}
	var runs [2][]string
	for i := range runs {
		if runs[i] = strings.Fields(r.run(environment, program, "setup.py")); len(runs[i]) != 3 {
			t.Fatalf("the script printed %q, want three ids", runs[i])
		}
		isSetUp(t, s, runs[i][1])
	}
	if a, b := runs[0], runs[1]; a[0] != b[0] || a[1] == b[1] || a[2] != b[2] {
		t.Errorf("the second run printed %q after %q: want another contact in the same queue", b, a)
	}
}

// isSetUp checks what the README's chapter and the script for boto3 have set up, and that the chat waits in the queue.
func isSetUp(t testing.TB, s server, contact string) {
	t.Helper()
	c := newSDKDesk(t, s).client
	var at *string
	var aliases []string
	for _, instance := range ask(t, c.ListInstances, &connect.ListInstancesInput{}).InstanceSummaryList {
		aliases = append(aliases, *instance.InstanceAlias)
		if *instance.InstanceAlias == "example-shop" {
			at = instance.Id
		}
	}
	slices.Sort(aliases)
	equal(t, "the instances", aliases, []string{"example-shop", "parley-dev"})

	waiting := ask(t, c.DescribeContact, &connect.DescribeContactInput{InstanceId: at, ContactId: &contact}).Contact
	if waiting.QueueInfo == nil || waiting.QueueInfo.EnqueueTimestamp == nil || waiting.DisconnectTimestamp != nil {
		t.Fatalf("the contact does not wait in a queue: %+v", waiting)
	}
	queueID := waiting.QueueInfo.Id
	queue := ask(t, c.DescribeQueue, &connect.DescribeQueueInput{InstanceId: at, QueueId: queueID}).Queue
	equal(t, "the queue's name", *queue.Name, "Orders")
	equal(t, "the queue's tags", queue.Tags, map[string]string{"team": "orders"})
	hours := ask(t, c.DescribeHoursOfOperation, &connect.DescribeHoursOfOperationInput{InstanceId: at, HoursOfOperationId: queue.HoursOfOperationId}).HoursOfOperation
	equal(t, "the days of the queue's hours", len(hours.Config), 5)

	user := func(name string) *types.User {
		for _, u := range ask(t, c.ListUsers, &connect.ListUsersInput{InstanceId: at}).UserSummaryList {
			if *u.Username == name {
				return ask(t, c.DescribeUser, &connect.DescribeUserInput{InstanceId: at, UserId: u.Id}).User
			}
		}
		t.Fatalf("there is no user %s", name)
		return nil
	}
	ada := user("ada")
	profile := ask(t, c.DescribeRoutingProfile, &connect.DescribeRoutingProfileInput{InstanceId: at, RoutingProfileId: ada.RoutingProfileId}).RoutingProfile
	equal(t, "her routing profile", *profile.Name, "Chats")
	served := ask(t, c.ListRoutingProfileQueues, &connect.ListRoutingProfileQueuesInput{InstanceId: at, RoutingProfileId: ada.RoutingProfileId}).RoutingProfileQueueConfigSummaryList
	if len(served) != 1 || *served[0].QueueId != *queueID || served[0].Channel != types.ChannelChat {
		t.Errorf("the routing profile's queues are %+v", served)
	}
	may := ask(t, c.DescribeSecurityProfile, &connect.DescribeSecurityProfileInput{InstanceId: at, SecurityProfileId: aws.String(ada.SecurityProfileIds[0])}).SecurityProfile
	equal(t, "her security profile", *may.SecurityProfileName, "Chatters")
	site := ask(t, c.DescribeUserHierarchyGroup, &connect.DescribeUserHierarchyGroupInput{InstanceId: at, HierarchyGroupId: ada.HierarchyGroupId}).HierarchyGroup
	equal(t, "her hierarchy group", *site.Name, "Berlin")

	handsOn := map[string]types.QuickConnectType{}
	for _, q := range ask(t, c.ListQueueQuickConnects, &connect.ListQueueQuickConnectsInput{InstanceId: at, QueueId: queueID}).QuickConnectSummaryList {
		handsOn[*q.Name] = q.QuickConnectType
		config := ask(t, c.DescribeQuickConnect, &connect.DescribeQuickConnectInput{InstanceId: at, QuickConnectId: q.Id}).QuickConnect.QuickConnectConfig
		if config.QueueConfig != nil {
			equal(t, *q.Name+"'s queue", *config.QueueConfig.QueueId, *queueID)
		} else {
			equal(t, *q.Name+"'s user", *config.UserConfig.UserId, *user(strings.ToLower(*q.Name)).Id)
		}
	}
	equal(t, "the quick connect Orders", handsOn["Orders"], types.QuickConnectTypeQueue)
	equal(t, "the quick connect Ada", handsOn["Ada"], types.QuickConnectTypeUser)

	equal(t, "the approved origins", ask(t, c.ListApprovedOrigins, &connect.ListApprovedOriginsInput{InstanceId: at}).Origins, []string{"https://shop.example.com"})
	equal(t, "the functions", ask(t, c.ListLambdaFunctions, &connect.ListLambdaFunctionsInput{InstanceId: at}).LambdaFunctions,
		[]string{"arn:aws:lambda:us-east-1:123456789012:function:orders"})
	stored := ask(t, c.ListInstanceStorageConfigs, &connect.ListInstanceStorageConfigsInput{
		InstanceId: at, ResourceType: types.InstanceStorageResourceTypeChatTranscripts,
	}).StorageConfigs
	if len(stored) != 1 || *stored[0].S3Config.BucketName != "example-shop" {
		t.Errorf("where transcripts are stored: %+v", stored)
	}
	logs := ask(t, c.DescribeInstanceAttribute, &connect.DescribeInstanceAttributeInput{InstanceId: at, AttributeType: types.InstanceAttributeTypeContactflowLogs})
	equal(t, "CONTACTFLOW_LOGS", *logs.Attribute.Value, "true")
	var statuses []string
	for _, a := range ask(t, c.ListAgentStatuses, &connect.ListAgentStatusesInput{InstanceId: at}).AgentStatusSummaryList {
		statuses = append(statuses, *a.Name)
	}
	if !slices.Contains(statuses, "Break") {
		t.Errorf("the agent statuses are %q, without Break", statuses)
	}
}

// withoutAWS drops what this machine says about AWS: the README's lines must do without.
func withoutAWS(environment []string) []string {
	var kept []string
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "AWS_") {
			kept = append(kept, variable)
		}
	}
	return kept
}
