package stock_test

import (
	"os"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/stock"
)

var partition = center.Partition{Account: "123456789012", Region: "eu-central-1"}

const instance = center.InstanceID("11111111-1111-4111-8111-111111111111")

// Every document is one that could be published, and names nothing that was not filled in.
func TestFlowsAreValid(t *testing.T) {
	for _, f := range stock.Flows(partition, instance) {
		p, err := flow.Parse([]byte(f.Content))
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		for _, problem := range flow.ValidateAs(p, flow.Kind(f.Type)) {
			t.Errorf("%s: %s (%s)", f.Name, problem.Message, problem.Path)
		}
		if strings.Contains(f.Content, "{{") {
			t.Errorf("%s refers to what is not there", f.Name)
		}
		if string(p.JSON()) == "" || f.Published == "" || f.Saved != f.Published || f.Description == "" {
			t.Errorf("%s is not whole: %+v", f.Name, f.ContactFlow)
		}
	}
}

// Ids and contents of one instance are always the same, and ids never those of another.
func TestFlowsAreTheInstancesOwn(t *testing.T) {
	first, again := stock.Flows(partition, instance), stock.Flows(partition, instance)
	other := stock.Flows(partition, "22222222-2222-4222-8222-222222222222")
	seen := map[center.FlowID]string{}
	for i, f := range first {
		if f.ID != again[i].ID || f.Published != again[i].Published {
			t.Errorf("%s differs from one time to the next", f.Name)
		}
		for _, id := range []center.FlowID{f.ID, other[i].ID} {
			if seen[id] != "" {
				t.Errorf("%s has the id of %s", f.Name, seen[id])
			}
			seen[id] = f.Name
		}
		if f.ID != stock.FlowID(instance, f.Name) {
			t.Errorf("%s is not found by its name", f.Name)
		}
	}
}

// No document lies there that no flow has.
func TestDocumentsAreUsed(t *testing.T) {
	files, err := os.ReadDir("flows")
	if err != nil || len(files) != len(stock.Flows(partition, instance)) {
		t.Errorf("%d files, %v", len(files), err)
	}
}
