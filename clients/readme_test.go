package clients

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readmeBlock is a fenced block of README.md that this test runs: the one after each such marker.
var readmeBlock = regexp.MustCompile("(?s)<!-- run by clients/readme_test.go -->\\s*```\\w*\\n(.*?)```")

// TestReadmeLinesForTheAWSCLI runs the README's lines as they stand, but for the port, which another parley may hold. They
// run where the README's reader is: beside the binary that it had them build.
func TestReadmeLinesForTheAWSCLI(t *testing.T) {
	t.Parallel()
	aws, err := inVirtualEnvironment("aws", "aws")
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
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"State": "Iowa"}`) //nolint:errcheck // the chat would say so
	}))
	defer function.Close()
	s := startDev(t, "--lambda", "stateLookup="+function.URL)
	lines := strings.ReplaceAll(script.String(), "http://127.0.0.1:4510", s.endpoint)
	t.Logf("running:\n%s", lines)

	here := t.TempDir()
	binary, err := parley()
	if err != nil {
		t.Fatal(err)
	}
	if binary, err = filepath.Abs(binary); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(here, "parley")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", lines)
	cmd.Dir = here
	cmd.Env = append(withoutAWS(os.Environ()),
		"PATH="+strings.TrimSuffix(aws, "/aws")+":"+os.Getenv("PATH"),
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"PARLEY_ENDPOINT="+s.endpoint, // where parley chat goes, whose own idea is the usual port
	)
	out, err := cmd.CombinedOutput()
	t.Logf("printed:\n%s", out)
	if err != nil {
		t.Fatalf("the README's lines failed: %v", err)
	}
	for what, said := range map[string]string{
		"the flow's greeting":                   "SYSTEM_MESSAGE",
		"what parley flow check says":           "flow.json: ok, 6 actions\n",
		"what the function's stub makes it say": "The function says: Ohio.",
		"what the function itself makes it say": "The function says: Iowa.",
	} {
		if !strings.Contains(string(out), said) {
			t.Errorf("%s is not in what the README's lines print", what)
		}
	}
	if _, err := os.Stat(filepath.Join(here, "flow.svg")); err != nil {
		t.Errorf("parley flow draw: %v", err)
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
