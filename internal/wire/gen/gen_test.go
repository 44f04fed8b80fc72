package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	for _, s := range services {
		files, err := s.generate("..")
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join("..", name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is out of date: run go generate ./internal/wire/...", name)
			}
		}
		generated, err := filepath.Glob(filepath.Join("..", s.Package, "*_gen.*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(generated) != len(files) {
			t.Errorf("%s holds %d generated files, the generator writes %d", s.Package, len(generated), len(files))
		}
	}
}

// small is a model of two operations, in which %s stands for more shapes.
const small = `{"version":"2.0","metadata":{"protocol":"rest-json"},
"operations":{
 "Ask":{"name":"Ask","http":{"method":"POST","requestUri":"/ask/{Id}"},"input":{"shape":"AskRequest"}},
 "Tell":{"name":"Tell","http":{"method":"POST","requestUri":"/tell"}}},
"shapes":{"AskRequest":{"type":"structure","members":{
  "Id":{"shape":"Text","location":"uri","locationName":"Id"},
  "Zoo":{"shape":"Text"},"Ant":{"shape":"Text"},"Thing":{"shape":"Thing"}}},
 "Text":{"type":"string"},%s}}`

func emitSmall(t *testing.T, operations []string, thing string, edit ...string) (map[string][]byte, error) {
	t.Helper()
	text := strings.NewReplacer(edit...).Replace(strings.Replace(small, "%s", thing, 1))
	m, err := parseModel([]byte(text))
	if err != nil {
		return nil, err
	}
	return service{Package: "tiny", Operations: operations}.emit(m)
}

func TestGeneratorRefuses(t *testing.T) {
	ask := []string{"Ask"}
	fine := `"Thing":{"type":"boolean"}`
	if _, err := emitSmall(t, ask, fine); err != nil {
		t.Fatalf("the model before any edit: %v", err)
	}
	for _, c := range []struct {
		name       string
		operations []string
		thing      string
		edit       []string
		want       string
	}{
		{"an unknown operation", []string{"Shout"}, fine, nil, "operation Shout is not in the model"},
		{"an operation twice", []string{"Ask", "Ask"}, fine, nil, "operation Ask is listed twice"},
		{"two operations on one route", ask, fine, []string{`"/tell"`, `"/ask/{Name}"`}, "share the route POST /ask/{}"},
		{"a member twice", ask, fine, []string{`"Ant":`, `"Zoo":`}, "Zoo is there twice"},
		{"an unknown trait", ask, `"Thing":{"type":"boolean","flattened":true}`, nil, "flattened"},
		{"an unknown protocol", ask, fine, []string{"rest-json", "ec2"}, `protocol "ec2"`},
		{"an unknown type", ask, `"Thing":{"type":"document"}`, nil, "shape Thing: unknown type document"},
		{"a type that nothing reads", ask, `"Thing":{"type":"blob"}`, nil, "shape Thing: nothing reads a blob"},
		{"a timestamp format", ask, `"Thing":{"type":"timestamp","timestampFormat":"iso8601"}`, nil, "timestamp format"},
		{"a lookahead in the middle", ask, `"Thing":{"type":"string","pattern":"a(?!b)"}`, nil, "shape Thing: error parsing regexp"},
		{"a shape that is not there", ask, `"Other":{"type":"boolean"}`, nil, "no shape Thing"},
		{"an argument that the path lacks", ask, fine, []string{"/ask/{Id}", "/ask/{Name}"}, "the path has no argument Id"},
	} {
		if _, err := emitSmall(t, c.operations, c.thing, c.edit...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// The order of members is part of the model: checks and answers follow it.
func TestMembersKeepTheModelsOrder(t *testing.T) {
	files, err := emitSmall(t, []string{"Ask"}, `"Thing":{"type":"boolean"}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		zoo, ant := bytes.Index(text, []byte("Zoo")), bytes.Index(text, []byte("Ant"))
		if zoo > ant {
			t.Errorf("%s puts Ant before Zoo", name)
		}
	}
}

func TestPrunedModelsAreWhatTheServicesNeed(t *testing.T) {
	for _, s := range services {
		text, err := os.ReadFile(filepath.Join("..", s.modelFile()))
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseModel(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.keepServed(m, []byte(`{"pagination":{}}`)); err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		enc := json.NewEncoder(&again)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(m); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Bytes(), text) {
			t.Errorf("%s: pruning the pruned model changes it", s.Package)
		}
	}
}
