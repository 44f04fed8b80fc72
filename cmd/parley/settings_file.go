package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// entry is a name of a JSON object with its value.
type entry struct {
	name string
	line int    // of the name
	raw  []byte // the value
	at   int    // where the value begins
}

const notAnObject = "the settings must be one JSON object"

// parseSettings reads a file of settings: one object, each name once. Nothing that is in the file is quoted, because it
// may be a secret.
func parseSettings(src []byte) ([]entry, []wrongSetting) {
	if !utf8.Valid(src) {
		if other := otherwise(src); other != "" {
			return nil, []wrongSetting{{line: 1, text: other}}
		}
		valid := bytes.IndexFunc(src, func(r rune) bool { return r == utf8.RuneError })
		return nil, []wrongSetting{{line: lineAt(src, valid), text: "this is not UTF-8"}}
	}
	var all json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(src, &all); errors.As(err, &syntax) {
		if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
			return nil, []wrongSetting{{line: 1, text: otherwise(src)}}
		}
		at := max(int(syntax.Offset)-1, 0)
		column := 1 + utf8.RuneCount(src[1+bytes.LastIndexByte(src[:at], '\n'):at])
		return nil, []wrongSetting{{line: lineAt(src, at), text: fmt.Sprintf("%s, and this is not JSON from column %d on", notAnObject, column)}}
	}
	if all[0] != '{' {
		return nil, []wrongSetting{{line: lineAt(src, bytes.IndexByte(src, all[0])), text: notAnObject + ", and this is " + jsonKind(all)}}
	}
	return object(src)
}

// object splits a valid object into its entries, and refuses names that come twice.
func object(src []byte) (entries []entry, wrong []wrongSetting) {
	d := json.NewDecoder(bytes.NewReader(src))
	seen := map[string]int{}
	_, _ = d.Token() // the brace
	for d.More() {
		name, err := d.Token()
		e := entry{line: lineAt(src, int(d.InputOffset()))}
		e.name, _ = name.(string)
		var raw json.RawMessage
		if err != nil || d.Decode(&raw) != nil {
			return entries, append(wrong, wrongSetting{line: e.line, text: notAnObject}) // it was valid
		}
		e.raw, e.at = raw, int(d.InputOffset())-len(raw)
		if first := seen[e.name]; first > 0 {
			what := "a name"
			if plainName.MatchString(e.name) {
				what = e.name
			}
			wrong = append(wrong, wrongSetting{line: e.line, text: fmt.Sprintf("%s is there twice, the first time in line %d", what, first)})
			continue
		}
		seen[e.name] = e.line
		entries = append(entries, e)
	}
	return entries, wrong
}

// lineAt is the line of a place in a text.
func lineAt(src []byte, at int) int {
	return 1 + bytes.Count(src[:min(max(at, 0), len(src))], []byte("\n"))
}

// jsonKind says what a JSON value is, without saying it.
func jsonKind(raw []byte) string {
	switch raw[0] {
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text) // it is valid
		return describeText(text)
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "true or false, without quotes"
	case 'n':
		return "null; leave the setting out instead"
	}
	switch {
	case bytes.ContainsAny(raw, ".eE"):
		return "a number with a fraction or an exponent"
	case raw[0] == '-':
		return "a negative number"
	}
	return "a number"
}

func describeText(text string) string {
	switch n := utf8.RuneCountInString(text); n {
	case 0:
		return "an empty text"
	case 1:
		return "a text of 1 character"
	default:
		return fmt.Sprintf("a text of %d characters", n)
	}
}
