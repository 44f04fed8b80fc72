package rehearsal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/legacy"
)

const corpus = "../../../shared/flows"

func TestCorpus(t *testing.T) {
	var total, taken, untold int
	for _, folder := range []string{"chat", "general", "guides", "modules", "legacy"} {
		files, _ := filepath.Glob(filepath.Join(corpus, folder, "*.json"))
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var meta struct {
				Metadata struct{ Type string }
				Settings json.RawMessage
			}
			if folder == "legacy" {
				src, _, err = legacy.Convert(src)
				if err != nil {
					t.Fatal(err)
				}
			}
			json.Unmarshal(src, &meta)
			p, err := flow.Parse(src)
			if err != nil {
				t.Fatal(f, err)
			}
			kind := flow.Kind("")
			if meta.Settings != nil {
				kind = flow.Module
			}
			if strings.Contains(meta.Metadata.Type, "ueue") && strings.HasPrefix(meta.Metadata.Type, "cust") {
				kind = "CUSTOMER_QUEUE"
			}
			c := Explore(&Script{ID: "doc", Kind: kind, Program: p})
			n, k := 0, 0
			var open []string
			for _, a := range c.Actions {
				for _, b := range a.Branches {
					n++
					if b.Taken {
						k++
					} else if b.Why == "" {
						open = append(open, fmt.Sprintf("%s %q [%s]", a.Type, a.Identifier, b.Branch))
					}
				}
			}
			total += n
			taken += k
			untold += len(open)
			t.Logf("%s/%s: %d actions, %d of %d branches, %d plays, longest %d, unended %d, faults %v stranded %v\n\t%s", folder, filepath.Base(f), len(c.Actions), k, n, c.Plays, c.Longest, c.Unended, c.Faults, c.Stranded, strings.Join(open, "\n\t"))
		}
	}
	t.Logf("%d of %d, open %d", taken, total, untold)
}
