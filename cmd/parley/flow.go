package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"

	"github.com/parley-chat/parley/internal/flowchart"
	"github.com/parley-chat/parley/internal/legacy"
)

// flowCmd are the commands for people who write flows. They need no server, and reach none.
type flowCmd struct {
	Check   checkFlowCmd   `cmd:"" help:"Say all that keeps flows from being published, and what to do about it."`
	Convert convertFlowCmd `cmd:"" help:"Turn an older export of the console, of modules and branches, into the flow language."`
	Draw    drawFlowCmd    `cmd:"" help:"Draw a flow, as an SVG picture."`
	Run     runFlowCmd     `cmd:"" help:"Talk to a flow in the terminal, or play all of its branches."`
}

// exitStatus ends the process. What there is to say has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

const (
	hasProblems exitStatus = 1
	unreadable  exitStatus = 2
)

// standard is the name of a file that means standard input or output.
const standard = "-"

// readFile reads a file, or standard input.
func readFile(name string, stdin io.Reader) ([]byte, error) {
	if name == standard {
		src, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return src, nil
	}
	return os.ReadFile(name)
}

// readOne reads the one file of a command.
func readOne(name string) ([]byte, error) {
	src, err := readFile(name, os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "parley:", plain(err.Error()))
		return nil, unreadable
	}
	return src, nil
}

// otherwise says what a file is that people take for a document, "" where it is nothing that is known.
func otherwise(src []byte) string {
	switch {
	case bytes.HasPrefix(src, []byte("\xef\xbb\xbf")):
		return "the file begins with a byte order mark: save it as UTF-8 without one"
	case bytes.HasPrefix(src, []byte("\xff\xfe")), bytes.HasPrefix(src, []byte("\xfe\xff")):
		return "the file is UTF-16: save it as UTF-8"
	}
	type described struct{ Content string }
	var answer struct{ ContactFlow, ContactFlowModule described }
	switch _ = json.Unmarshal(src, &answer); { // whatever else it is
	case answer.ContactFlow.Content != "":
		return "this is the answer of DescribeContactFlow: the document is the text in its ContactFlow.Content"
	case answer.ContactFlowModule.Content != "":
		return "this is the answer of DescribeContactFlowModule: the document is the text in its ContactFlowModule.Content"
	}
	return ""
}

// noDocument is why a file cannot be worked with.
func noDocument(name string, src []byte, why error) error {
	if other := otherwise(src); other != "" {
		why = errors.New(other)
	}
	return fmt.Errorf("%s: %w", plain(name), why)
}

// writeOut writes a file, or standard output.
func writeOut(name string, data []byte) error {
	if name == standard {
		_, err := os.Stdout.Write(data)
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

type convertFlowCmd struct {
	File string `arg:"" help:"Older export; - for standard input."`
	Out  string `short:"o" default:"-" placeholder:"FILE" help:"Where to write the document; standard output otherwise."`
}

// Help says what comes of what cannot be carried.
func (*convertFlowCmd) Help() string {
	return `Every block and every connection is kept. What the older form has and the flow language has not, and what the older file did not say, is told on standard error: its place in the older file, what there is, and what to do about it. The exit status is 0 all the same; parley flow check says whether the document can be published as it is.

The exit status is 1 when the file is no older export, 2 when it cannot be read.`
}

func (c *convertFlowCmd) Run() error {
	src, err := readOne(c.File)
	if err != nil {
		return err
	}
	doc, notes, err := legacy.Convert(src)
	if err != nil {
		return noDocument(c.File, src, err)
	}
	tellNotes(os.Stderr, c.File, notes)
	return writeOut(c.Out, doc)
}

func tellNotes(w io.Writer, file string, notes []legacy.Note) {
	for _, n := range notes {
		line := plain(fmt.Sprintf("%s: %s: %s", file, n.Path, n.Message))
		if n.Suggestion != "" {
			line += "\n    " + plain(n.Suggestion)
		}
		fmt.Fprintln(w, line)
	}
}

type drawFlowCmd struct {
	File  string `arg:"" help:"Flow document, or older export; - for standard input."`
	Out   string `short:"o" default:"-" placeholder:"FILE.svg" help:"Where to write the picture; standard output otherwise."`
	Title string `placeholder:"TEXT" help:"Title, when it is not to be the flow's name."`
}

// Help says how to read the picture.
func (*drawFlowCmd) Help() string {
	return `A flow goes from left to right. A block is an action: its identifier, its type, and the parameter that tells most about it; below, a row for each branch. The way onward leaves at the height of the name. Lines to the same block run together. Branches that lead nowhere have a hollow dot, blocks that nothing leads to a dashed line.

The picture follows the colour scheme of whoever looks at it. Pointing at a line or a block tells what it is.

The exit status is 1 when the file is no flow document, 2 when it cannot be read.`
}

func (c *drawFlowCmd) Run() error {
	if c.Out == standard && isatty.IsTerminal(os.Stdout.Fd()) {
		return errors.New("a terminal shows no pictures: add -o flow.svg")
	}
	src, err := readOne(c.File)
	if err != nil {
		return err
	}
	// An older export is drawn as what it would be.
	if doc, _, err := legacy.Convert(src); err == nil {
		src = doc
	}
	picture, err := flowchart.Draw(src, flowchart.Options{Title: strings.TrimSpace(c.Title)})
	if err != nil {
		return noDocument(c.File, src, err)
	}
	return writeOut(c.Out, picture)
}
