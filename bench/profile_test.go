package bench

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/bench/load"
)

// profileFolder is where profiles of the servers are left; empty for none.
var profileFolder = os.Getenv("PARLEY_BENCH_PROFILES")

// profile leaves one of the operator's profiles under the benchmark's name, while or after something is measured. The
// baseline has none.
func profile(b *testing.B, s *load.Server, what string) {
	if profileFolder == "" || s.Database == "" {
		return
	}
	if err := fetch("http://"+s.Operator+"/debug/pprof/"+what, filepath.Join(profileFolder, strings.ReplaceAll(b.Name(), "/", "-")+".pprof")); err != nil {
		b.Error(err)
	}
}

func fetch(url, file string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}
