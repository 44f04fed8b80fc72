package server

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// Quick responses of one instance are written to a file, and read from it into another one. The audit log says who has done it.
func TestAnOperatorMovesQuickResponses(t *testing.T) {
	a := administrator(t, storeIn(t.TempDir()))
	ctx := ByOperator(t.Context())
	if _, err := a.CreateInstance(ctx, "here"); err != nil {
		t.Fatal(err)
	}
	const file = "Name,Description,Shortcut key,Routing profile,Content,Content type,Channels,Language,Active\n" +
		"Bye,,,Basic Routing Profile,\"Goodbye,\n{{Attributes.Customer}}\",markdown,Chat,en_US,false\nHi,first,h,,Hello,plain,,,true\n"
	done, err := a.ImportQuickResponses(ctx, "", []byte(file), false)
	if err != nil || done.Created != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	text, err := a.ExportQuickResponses(ctx, "")
	if err != nil || string(text) != file {
		t.Errorf("exported %s, %v", text, err)
	}
	if _, err := a.CreateInstance(ctx, "there"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.ImportQuickResponses(ctx, "", text, false); !center.Is(err, center.InvalidRequest) || !strings.Contains(err.Error(), "--instance") {
		t.Errorf("without a name: %v", err)
	}
	if done, err := a.ImportQuickResponses(ctx, "there", text, false); err != nil || done.Created != 2 {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err := a.ImportQuickResponses(ctx, "there", text, false); err == nil || !strings.Contains(err.Error(), "The file has 2 problems:\nrow 2, Name: ") {
		t.Errorf("a second time: %v", err)
	}
}
