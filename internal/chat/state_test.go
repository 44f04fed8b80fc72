package chat

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

var update = flag.Bool("update", false, "write the golden files of states anew")

// Every state that was ever stored is read by every later version. testdata/states has states as programs wrote them,
// VERSION-NAME.json, which are never changed, and beside each, .golden, what it is read as today.
func TestStatesOfAllVersionsAreRead(t *testing.T) {
	files, err := filepath.Glob("testdata/states/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	versions := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		version, _, _ := strings.Cut(name, "-")
		versions[version] = true
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var id struct{ ID center.StreamID }
		if err := json.Unmarshal(raw, &id); err != nil {
			t.Fatal(err)
		}
		s, err := (archive{}).decode(store.Stream{ID: id.ID, State: raw})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := (archive{}).decode(store.Stream{ID: id.ID, State: s.encode()})
		if err != nil {
			t.Errorf("%s, written anew: %v", name, err)
			continue
		}
		var read bytes.Buffer
		if err := json.Indent(&read, again.encode(), "", "  "); err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(f, ".json") + ".golden"
		if *update {
			if err := os.WriteFile(golden, read.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(read.Bytes(), want) {
			t.Errorf("%s is read as\n%s\nwant\n%s\n%v", name, read.Bytes(), want, err)
		}
	}
	for v := range stateVersion + 1 {
		if !versions[string(rune('0'+v))] {
			t.Errorf("testdata/states has no state of version %d", v)
		}
	}
}

// A state of a newer program is neither damage nor misread: its chat is refused until that program's nodes answer.
func TestStateOfANewerVersionIsRefused(t *testing.T) {
	const id = "00000003-0000-7000-8000-000000000003"
	for _, raw := range [][]byte{
		(&state{Version: stateVersion + 1, Chat: center.Chat{ID: id}}).encode(),
		withSum([]byte(`{"v":99,"id":"` + id + `","runs":{"by":"name"}}`)),
	} {
		_, err := (archive{}).decode(store.Stream{ID: id, State: raw})
		if !center.Is(err, center.Unavailable) || !strings.Contains(err.Error(), "newer version of parley") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
