package clients

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Every answer that the golden files of the API hold is one that botocore's models of the operations know.
func TestGoldenAnswersWithBotocore(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(python(t), "python/goldens.py", "../internal/api/testdata/wire").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	findings := strings.Split(strings.TrimSpace(string(out)), "\n")
	var read int
	if _, err := fmt.Sscanf(findings[len(findings)-1], "%d answers read", &read); err != nil || read == 0 {
		t.Fatalf("the golden answers were not read:\n%s", out)
	}
	for _, finding := range findings[:len(findings)-1] {
		t.Error(finding)
	}
}

// The operations of flows and of what flows use, with boto3.
func TestOperationsWithBoto3(t *testing.T) {
	t.Parallel()
	program := python(t)
	s := startDev(t)
	cmd := exec.Command(program, "python/operations.py", s.instance)
	cmd.Env = awsEnvironment(s)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v after\n%s", err, out)
	}
}

// Agents at work, with boto3.
func TestAgentsWithBoto3(t *testing.T) {
	t.Parallel()
	program := python(t)
	s := startDev(t)
	cmd := exec.Command(program, "python/agents.py", s.instance)
	cmd.Env = awsEnvironment(s)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v after\n%s", err, out)
	}
}
