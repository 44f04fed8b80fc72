package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/legacy"
	"github.com/parley-chat/parley/internal/rehearsal"
)

// readScript reads a flow or a module; its kind is what the document's metadata says unless it is given.
func readScript(name string, kind flow.Kind) (*rehearsal.Script, error) {
	src, err := readFile(name, os.Stdin)
	if err != nil {
		return nil, err
	}
	if doc, _, err := legacy.Convert(src); err == nil {
		src = doc
	}
	p, err := flow.Parse(src)
	if err != nil {
		return nil, noDocument(name, src, err)
	}
	if kind == "" {
		kind = kindOf(src)
	}
	return &rehearsal.Script{ID: name, Kind: kind, Program: p}, nil
}

// kinds are the types of flows as the console writes them into the metadata of its exports.
var kinds = map[string]flow.Kind{
	"contactFlow": "CONTACT_FLOW", "customerQueue": "CUSTOMER_QUEUE", "customerHold": "CUSTOMER_HOLD",
	"customerWhisper": "CUSTOMER_WHISPER", "agentHold": "AGENT_HOLD", "agentWhisper": "AGENT_WHISPER",
	"outboundWhisper": "OUTBOUND_WHISPER", "agentTransfer": "AGENT_TRANSFER", "queueTransfer": "QUEUE_TRANSFER",
}

// kindSaid is the kind that the metadata of a document say, "" for none.
func kindSaid(src []byte) flow.Kind {
	var doc struct{ Metadata struct{ Type string } }
	_ = json.Unmarshal(src, &doc) // other mistakes in metadata do not matter
	return kinds[doc.Metadata.Type]
}

func kindOf(src []byte) flow.Kind {
	if kind := kindSaid(src); kind != "" {
		return kind
	}
	if hasSettings(src) {
		return flow.Module
	}
	return "CONTACT_FLOW"
}

// stage reads the stubs, and puts on top of them what the command line says.
func (c *runFlowCmd) stage() (*rehearsal.Staged, error) {
	staged := &rehearsal.Staged{}
	if c.Stubs != "" {
		if err := readStubs(c.Stubs, &staged.Stubs); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Stubs, err)
		}
		if err := staged.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Stubs, err)
		}
	}
	staged.Contact.Attributes = over(staged.Contact.Attributes, c.Attribute)
	if c.InitialMessage != "" {
		staged.Contact.InitialMessage = c.InitialMessage
	}
	if c.Time.IsZero() {
		c.Time = staged.Time
	}
	for name, text := range c.Lambda {
		answer, err := functionAnswer(text)
		if err != nil {
			return nil, fmt.Errorf("--lambda %s: %w", name, err)
		}
		staged.Lambda = over(staged.Lambda, map[string]rehearsal.Answers[rehearsal.FunctionAnswer]{name: {answer}})
	}
	var err error
	if staged.Scripts, err = readScripts(over(staged.Flows, c.Flow), ""); err != nil {
		return nil, err
	}
	staged.Parts, err = readScripts(over(staged.Modules, c.FlowModule), flow.Module)
	return staged, err
}

// over is below with what is on top put over it.
func over[V any](below, top map[string]V) map[string]V {
	all := maps.Clone(below)
	if all == nil {
		all = make(map[string]V)
	}
	maps.Copy(all, top)
	return all
}

func functionAnswer(text string) (a rehearsal.FunctionAnswer, err error) {
	src := []byte(text)
	if file, is := strings.CutPrefix(text, "@"); is {
		if src, err = os.ReadFile(file); err != nil {
			return a, err
		}
	}
	if !json.Valid(src) {
		return a, errors.New("it is not JSON")
	}
	a.Returns = json.RawMessage(src)
	return a, nil
}

func readScripts(files map[string]string, kind flow.Kind) (map[string]*rehearsal.Script, error) {
	scripts := make(map[string]*rehearsal.Script, len(files))
	for id, name := range files {
		script, err := readScript(name, kind)
		if err != nil {
			return nil, err
		}
		// One file may be several flows or modules: what tells scripts apart is the id.
		script.ID = string(script.Kind) + " " + id
		scripts[id] = script
	}
	return scripts, nil
}

// readStubs reads a file of stubs; names of files in it are relative to it.
func readStubs(name string, stubs *rehearsal.Stubs) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(src))
	d.KnownFields(true)
	if err := d.Decode(stubs); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, files := range []map[string]string{stubs.Flows, stubs.Modules} {
		for id, file := range files {
			if !filepath.IsAbs(file) {
				files[id] = filepath.Join(filepath.Dir(name), file)
			}
		}
	}
	return nil
}
