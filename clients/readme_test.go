package clients

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// readmeBlock is a fenced block of README.md that this test runs: the one after each such marker.
var readmeBlock = regexp.MustCompile("(?s)<!-- run by clients/readme_test.go -->\\s*```\\w*\\n(.*?)```")

// TestReadmeLinesForTheAWSCLI runs the README's lines as they stand, but for the port, which another parley may hold.
func TestReadmeLinesForTheAWSCLI(t *testing.T) {
	t.Parallel()
	aws, err := inVirtualEnvironment("aws")
	if err != nil {
		missing(t, "aws", "no aws in PATH")
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	blocks := readmeBlock.FindAllStringSubmatch(string(readme), -1)
	if len(blocks) == 0 {
		t.Fatal("README.md has no block marked for this test")
	}
	for _, block := range blocks {
		script.WriteString(block[1])
	}
	s := startDev(t)
	lines := strings.ReplaceAll(script.String(), "http://127.0.0.1:4510", s.endpoint)
	t.Logf("running:\n%s", lines)

	cmd := exec.Command("bash", "-c", lines)
	cmd.Env = append(withoutAWS(os.Environ()),
		"PATH="+strings.TrimSuffix(aws, "/aws")+":"+os.Getenv("PATH"),
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
	)
	out, err := cmd.CombinedOutput()
	t.Logf("printed:\n%s", out)
	if err != nil {
		t.Fatalf("the README's lines failed: %v", err)
	}
	if !strings.Contains(string(out), "SYSTEM_MESSAGE") {
		t.Errorf("the flow's greeting is not in what the README's lines print")
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
