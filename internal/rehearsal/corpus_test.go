package rehearsal

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/legacy"
)

// corpus is a folder of real flow documents from public repositories. It is not part of the project; where it is absent
// the test says so.
const corpus = "../../../shared/flows"

// guard is the one thing that may break off a real flow: some go round for ever when what they wait for never happens.
const guard = "too many actions without a wait"

// TestCorpusOfRealFlows plays every branch of every document that may be published or saved, older exports as what they
// convert to. The log has what came of it.
func TestCorpusOfRealFlows(t *testing.T) {
	var all tally
	for _, folder := range []string{"chat", "general", "guides", "modules", "stock", "legacy"} {
		files, err := filepath.Glob(filepath.Join(corpus, folder, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := folder + "/" + filepath.Base(file)
			t.Run(name, func(t *testing.T) { all.add(name, playFile(t, file)) })
		}
	}
	if len(all.documents) == 0 {
		t.Skipf("there are no documents in %s", corpus)
	}
	t.Log("\n" + all.table())
	if all.open > 0 {
		t.Errorf("%d of %d branches are not taken, and nothing says why", all.open, all.branches)
	}
}

func playFile(t *testing.T, file string) *Coverage {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if doc, _, err := legacy.Convert(src); err == nil {
		src = doc
	}
	p, err := flow.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	c := Explore(&Script{ID: "document", Kind: kindOf(src), Program: p})
	for _, fault := range c.Faults {
		if fault != guard {
			t.Errorf("broken off: %s", fault)
		}
	}
	if len(c.Stranded) > 0 {
		t.Errorf("it waits for nobody in %q", c.Stranded)
	}
	if c.Unended > 0 {
		t.Errorf("%d of %d plays do not come to an end", c.Unended, c.Plays)
	}
	return c
}

// kindOf is the kind that matters to a play: modules are called, and flows of queues run for contacts in queues.
func kindOf(src []byte) flow.Kind {
	var doc struct {
		Metadata struct{ Type string }
		Settings json.RawMessage
	}
	_ = json.Unmarshal(src, &doc) // it parses as a flow
	switch {
	case doc.Metadata.Type == "customerQueue":
		return "CUSTOMER_QUEUE"
	case len(doc.Settings) > 0:
		return flow.Module
	}
	return "CONTACT_FLOW"
}

// tally is what playing many documents came to.
type tally struct {
	documents      []string // a line each
	notes          []string
	types          map[string]*typeTally
	branches, open int
	sum            typeTally
}

type typeTally struct {
	name                                 string
	actions, reached                     int
	branches, taken, explained, notFound int
}

func (all *tally) add(name string, c *Coverage) {
	if all.types == nil {
		all.types = make(map[string]*typeTally)
	}
	var sum typeTally
	for _, a := range c.Actions {
		of := all.types[a.Type]
		if of == nil {
			of = &typeTally{name: a.Type}
			all.types[a.Type] = of
		}
		for _, t := range []*typeTally{of, &sum, &all.sum} {
			t.count(&a)
		}
		for _, b := range a.Branches {
			if !b.Taken && b.Why == "" {
				all.notes = append(all.notes, fmt.Sprintf("not taken: %s: %s %q %s", name, a.Type, a.Identifier, b.Branch))
			}
		}
	}
	all.branches += sum.branches
	all.open += sum.notFound
	all.documents = append(all.documents, fmt.Sprintf("%s\t%s\t%d\t%d", name, &sum, c.Plays, c.Longest))
	for _, fault := range c.Faults {
		all.notes = append(all.notes, fmt.Sprintf("broken off: %s: %s", name, fault))
	}
	for _, circle := range c.Circles {
		all.notes = append(all.notes, fmt.Sprintf("goes round: %s: %q", name, circle))
	}
}

func (t *typeTally) count(a *ActionCoverage) {
	t.actions++
	if a.Reached {
		t.reached++
	}
	for _, b := range a.Branches {
		t.branches++
		switch {
		case b.Taken:
			t.taken++
		case b.Why != "":
			t.explained++
		default:
			t.notFound++
		}
	}
}

func (t *typeTally) String() string {
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%d\t%d", t.actions, t.reached, t.branches, t.taken, t.explained, t.notFound)
}

func (all *tally) table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	const counts = "actions\treached\tbranches\ttaken\tcannot be\tnot found"
	fmt.Fprintf(w, "document\t%s\tplays\tevents in one\t\n", counts)
	for _, line := range all.documents {
		fmt.Fprintf(w, "%s\t\n", line)
	}
	fmt.Fprintf(w, "%d documents\t%s\t\t\t\n\n", len(all.documents), &all.sum)
	fmt.Fprintf(w, "type of action\t%s\t\t\t\n", counts)
	byNumber := slices.SortedFunc(maps.Values(all.types), func(a, b *typeTally) int {
		return cmp.Or(cmp.Compare(b.actions, a.actions), strings.Compare(a.name, b.name))
	})
	for _, t := range byNumber {
		fmt.Fprintf(w, "%s\t%s\t\t\t\n", t.name, t)
	}
	if err := w.Flush(); err != nil {
		panic(err)
	}
	for _, note := range all.notes {
		fmt.Fprintln(&b, note)
	}
	return b.String()
}
