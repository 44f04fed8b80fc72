package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// places are where the values of a JSON document begin, by their paths: "Actions[3].Transitions.NextAction".
type places struct {
	src []byte
	at  map[string]int64
}

// maxPlaceDepth is how deep places are known; a problem further in is at the innermost of them. Problems of actions are less
// deep, and what a hostile document nests is not worth its paths.
const maxPlaceDepth = 16

// locate reads a document as far as it is JSON.
func locate(src []byte) places {
	p := places{src: src, at: map[string]int64{}}
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	p.value(d, "", 0)
	return p
}

// value reads one value; false at the end of what can be read.
func (p *places) value(d *json.Decoder, path string, depth int) bool {
	if depth > maxPlaceDepth {
		var skipped json.RawMessage
		return d.Decode(&skipped) == nil
	}
	t, err := d.Token()
	if err != nil {
		return false
	}
	p.at[path] = d.InputOffset()
	switch t {
	case json.Delim('{'):
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return false
			}
			text, _ := name.(string)
			if !p.value(d, strings.TrimPrefix(path+"."+text, "."), depth+1) {
				return false
			}
		}
		_, err = d.Token()
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if !p.value(d, path+"["+strconv.Itoa(i)+"]", depth+1) {
				return false
			}
		}
		_, err = d.Token()
	}
	return err == nil
}

// of is the line of a path, or of the innermost value on the way to it that is there; 0 when there is none.
func (p places) of(path string) int {
	if i := actionIndex(path); i >= 0 && !strings.HasPrefix(path, "Actions[") {
		path = "Actions[" + strconv.Itoa(i) + "]"
	}
	for path != "" {
		if at, ok := p.at[path]; ok {
			return 1 + bytes.Count(p.src[:at], []byte("\n"))
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}
