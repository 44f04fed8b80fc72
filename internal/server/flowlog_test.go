package server

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parley-chat/parley/internal/chat"
)

func TestFlowLogIsAppendedTo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.log")
	for _, contact := range []string{"a", "b<&>"} {
		l, err := openFlowLog(file, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		l.Write(chat.FlowLogLine{ContactID: contact, Identifier: "Say", Parameters: []byte(`{"Text":"hi"}`)})
		for range 2 {
			if err := l.close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := os.ReadFile(file)
	want := `{"ContactId":"a","ContactFlowId":"","ContactFlowModuleType":"","Identifier":"Say","Timestamp":"","Parameters":{"Text":"hi"}}
{"ContactId":"b<&>","ContactFlowId":"","ContactFlowModuleType":"","Identifier":"Say","Timestamp":"","Parameters":{"Text":"hi"}}
`
	if err != nil || string(got) != want {
		t.Errorf("%v, the file has\n%s", err, got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
	if _, err := openFlowLog(filepath.Join(file, "below"), nil); err == nil {
		t.Error("a file below a file was opened")
	}
}

// stuck is a file that takes nothing until it is let go.
type stuck struct {
	bytes.Buffer
	let chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.let
	return s.Buffer.Write(p)
}

func (s *stuck) Close() error { return nil }

// A disk that hangs holds no chat up: lines are dropped, which is said once it goes on.
func TestFlowLogDropsLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		to := &stuck{let: make(chan struct{})}
		l := startFlowLog(to, slog.New(slog.NewTextHandler(&said, nil)))
		l.Write(chat.FlowLogLine{ContactID: "first"})
		synctest.Wait()
		for range flowLogWaiting + 7 {
			l.Write(chat.FlowLogLine{ContactID: "more"})
		}
		close(to.let)
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(to.String(), "\n"); n != flowLogWaiting+1 {
			t.Errorf("%d lines were written", n)
		}
		if !strings.Contains(said.String(), "lines=7") {
			t.Errorf("it said %q", said.String())
		}
	})
}
