package bundle

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func file(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Large files that are nothing but names take no longer than others.
func TestManyNames(t *testing.T) {
	var names, nulls strings.Builder
	for i := 0; names.Len() < maxFile/16; i++ {
		fmt.Fprintf(&names, ",\n\"%d\":1", i)
		fmt.Fprintf(&nulls, ",\n\"%d\":null", i)
	}
	queue := `{"Kind":"queue","Name":"x","HoursOfOperationId":"${hours-of-operation:y}"`
	for _, test := range []struct{ name, text string }{
		{"members", queue + names.String() + "}"},
		{"members that are null", queue + nulls.String() + "}"},
		{"inside of a member", queue + `,"OutboundCallerConfig":{` + names.String()[1:] + "}}"},
		{"tags", queue + `,"Tags":{` + names.String()[1:] + "}}"},
		{"elements", queue + `,"QuickConnectIds":[1` + strings.Repeat(",\n1", maxFile/64) + "]}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, begin := t.TempDir(), time.Now()
			file(t, dir, "queues/x.json", test.text)
			_, problems, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			n := len(problems)
			if n == 0 || n > 2*maxProblems+2 {
				t.Errorf("%d problems", n)
			}
			if last := problems[max(n-1, 0)].String(); n > maxProblems && !strings.HasPrefix(last, "queues/x.json: and ") {
				t.Errorf("the last of %d problems is %s", n, last)
			}
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			t.Log(n, time.Since(begin))
		})
	}
}

// What is read of a directory is bounded as a whole, and so is the file that says what it is.
func TestBoundsOfADirectory(t *testing.T) {
	defer func(files int, total int64) { maxFiles, maxTotal = files, total }(maxFiles, maxTotal)
	open := func(t *testing.T, dir string, want ...string) {
		t.Helper()
		_, problems, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range problems {
			got = append(got, p.String())
		}
		if len(got) != len(want) {
			t.Fatalf("told were %q, want %q", got, want)
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("told was %q, want %q", got[i], want[i])
			}
		}
	}
	dir := t.TempDir()
	for i := range 5 {
		file(t, dir, fmt.Sprintf("queues/%d.json", i), fmt.Sprintf(`{"Kind":"queue","Name":"%d","HoursOfOperationId":"${hours-of-operation:y}"}`, i))
	}
	open(t, dir)
	maxFiles = 3
	open(t, dir, "queues/3.json: the directory has too much from here on: at most 3 files")
	maxFiles, maxTotal = 100, 200
	open(t, dir, "queues/2.json: the directory has too much from here on")
	maxTotal = 100 << 20
	file(t, dir, manifest, `{"Format":1}`+strings.Repeat(" ", maxFile))
	open(t, dir, "parley.json: the file has 8388620 bytes; at most 8388608 are read")
	if err := CheckTarget(dir); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("CheckTarget says %v", err)
	}
}

// A file system that takes names of another case or form for one keeps the name that was there first. A second link to a
// file is like that.
func TestNamesThatAFileSystemFolds(t *testing.T) {
	k := kindOf("queue")
	b := &Bundle{kinds: []*kind{k}}
	for _, name := range []string{"Support", "Caf\u00e9", "Stra\u00dfe", "x\u00e9", "xe\u0301", "X\u00c9"} {
		b.all = append(b.all, &resource{key: key{"queue", name}, of: k, members: object()})
	}
	dir := t.TempDir()
	if err := b.Write(dir); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(dir + "/queues")
	seen := map[string]bool{}
	for _, e := range entries {
		if seen[folded(e.Name())] {
			t.Errorf("%q is one file with another", e.Name())
		}
		seen[folded(e.Name())] = true
	}
	for file, other := range map[string]string{"Support": "support", "Caf\u00e9": "CAFE\u0301", "Stra\u00dfe": "strasse"} {
		if err := os.Link(dir+"/queues/"+file+suffix, dir+"/queues/"+other+suffix); err != nil {
			t.Skip(err)
		}
	}
	file(t, dir, "queues/STRASSE.json", "another file, which is of nothing that is there")
	if err := b.Write(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"Support": true, "support": true, "Caf\u00e9": true, "CAFE\u0301": true, "strasse": true, "STRASSE": false} {
		if _, err := os.Stat(dir + "/queues/" + name + suffix); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
