package parleytest_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley/parleytest"
)

// flowDocuments is a folder of real flow documents from public repositories. It is not part of the project; where it is
// absent the documents here do alone.
const flowDocuments = "../../shared/flows"

// A flow's content comes back as it was sent, byte for byte: its metadata is the console's picture of it.
func TestFlowsComeBackByteForByte(t *testing.T) {
	documents := map[string]string{
		"own": "{ \"Version\": \"2019-10-30\",\n\t\"StartAction\": \"end\", \"Metadata\": {\"entryPointPosition\": {\"x\": 4.50, \"y\": -1e2}, \"name\": \"\\u00e4\\/<b>\", \"name\": \"twice\"},\r\n" +
			`"Actions": [ {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {} } ] }` + "\n",
	}
	for _, folder := range []string{"chat", "general", "guides"} {
		files, err := filepath.Glob(filepath.Join(flowDocuments, folder, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			documents[folder+"/"+filepath.Base(file)] = string(text)
		}
	}
	s := parleytest.New(t)
	c := s.Client()
	published, elsewhere := 0, 0
	for name, content := range documents {
		made, err := c.CreateContactFlow().InstanceID(s.InstanceID).Name(name).Type(types.ContactFlowTypeContactFlow).
			Content(content).Status(types.ContactFlowStatusSaved).Send(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		saved, err := c.DescribeContactFlow().InstanceID(s.InstanceID).ContactFlowID(*made.ContactFlowId + ":$SAVED").Send(t.Context())
		if err != nil || *saved.ContactFlow.Content != content {
			t.Errorf("%s, saved: it came back another, %v", name, err)
		}
		_, err = c.UpdateContactFlowContent().InstanceID(s.InstanceID).ContactFlowID(*made.ContactFlowId).Content(content).Send(t.Context())
		var refused *types.InvalidContactFlowException
		if errors.As(err, &refused) {
			// A draft that was never finished, a flow of another type, or one that names what only its own instance has.
			if !slices.ContainsFunc(refused.Problems, func(p types.ProblemDetail) bool { return !strings.Contains(*p.Message, "instance") }) {
				elsewhere++
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		published++
		live, err := c.DescribeContactFlow().InstanceID(s.InstanceID).ContactFlowID(*made.ContactFlowId).Send(t.Context())
		if err != nil || *live.ContactFlow.Content != content {
			t.Errorf("%s, published: it came back another, %v", name, err)
		}
	}
	if (published+elsewhere)*4 < len(documents)*3 || published*3 < len(documents) {
		t.Errorf("only %d of %d documents were published, %d name what is not there", published, len(documents), elsewhere)
	}
	t.Logf("%d documents, %d of them published, %d name what is not there", len(documents), published, elsewhere)
}
