package flowchart

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// wild makes a flow document of n actions whose branches lead anywhere, mostly a little onward.
func wild(seed uint64, n int) []byte {
	dice := rand.New(rand.NewPCG(seed, 1))
	type branch struct{ NextAction, ErrorType string }
	type action struct {
		Identifier, Type string
		Parameters       map[string]string
		Transitions      struct {
			NextAction string   `json:",omitempty"`
			Errors     []branch `json:",omitempty"`
		}
	}
	name := func(i int) string { return fmt.Sprintf("action %d", i) }
	some := func(i int) string {
		switch dice.IntN(12) {
		case 0:
			return name(dice.IntN(n))
		case 1:
			return name(n - 1)
		case 2:
			return name(i)
		case 3:
			return "nobody"
		}
		return name(min(i+1+dice.IntN(3), n-1))
	}
	doc := struct {
		StartAction string
		Actions     []action
	}{StartAction: name(0)}
	for i := range n {
		a := action{Identifier: name(i), Type: []string{"MessageParticipant", "Compare", "Loop"}[dice.IntN(3)]}
		if dice.IntN(2) == 0 {
			a.Parameters = map[string]string{"Text": "Some words that are said here, and then some more of them."}
		}
		if i < n-1 {
			a.Transitions.NextAction = some(i)
			for range dice.IntN(5) {
				a.Transitions.Errors = append(a.Transitions.Errors, branch{some(i), "NoMatchingError"})
			}
		}
		doc.Actions = append(doc.Actions, a)
	}
	src, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return src
}

func laid(t *testing.T, src []byte) *layout {
	t.Helper()
	c, err := read(src)
	if err != nil {
		t.Fatal(err)
	}
	return lay(c, 0)
}

type box struct{ left, top, right, bottom float64 }

func (l *layout) box(block int) box {
	c := &l.cells[block]
	x := l.left(c.layer)
	return box{x, c.y, x + blockWidth, c.y + c.h}
}

// Whatever the flow is like, no block covers another, and no line runs through a block.
func TestNothingIsCovered(t *testing.T) {
	for seed := range uint64(40) {
		l := laid(t, wild(seed, 2+int(seed)*2))
		for i := range l.blocks {
			for j := range i {
				a, b := l.box(i), l.box(j)
				if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
					t.Fatalf("seed %d: blocks %d and %d lie on each other", seed, i, j)
				}
			}
			for j, e := range l.blocks[i].exits {
				if e.to >= 0 {
					l.mustBeClear(t, seed, i, j)
				}
			}
		}
	}
}

func (l *layout) mustBeClear(t *testing.T, seed uint64, from, branch int) {
	t.Helper()
	line := l.line(from, branch)
	to := l.box(l.blocks[from].exits[branch].to)
	if end := line[len(line)-1]; end != (point{to.left, to.top + entryOffset}) {
		t.Fatalf("seed %d: a line of %d ends at %v, not at the block", seed, from, end)
	}
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		if a.x != b.x && a.y != b.y {
			t.Fatalf("seed %d: a line of %d is neither level nor upright: %v to %v", seed, from, a, b)
		}
		for k := range l.blocks {
			c := l.box(k)
			if max(a.x, b.x) > c.left && min(a.x, b.x) < c.right && max(a.y, b.y) > c.top && min(a.y, b.y) < c.bottom {
				t.Fatalf("seed %d: a line of %d runs through %d: %v to %v, %v", seed, from, k, a, b, c)
			}
		}
	}
}

// Uprights of lines to different blocks never lie on each other.
func TestUprightsAreApart(t *testing.T) {
	for seed := range uint64(40) {
		l := laid(t, wild(seed, 2+int(seed)*2))
		for k := range l.gaps {
			nets := l.gaps[k].nets
			for i, a := range nets {
				for _, b := range nets[:i] {
					if !l.upright(a) || !l.upright(b) || a.x != b.x {
						continue
					}
					ta, ba := l.span(a)
					if tb, bb := l.span(b); ta < bb && tb < ba {
						t.Fatalf("seed %d, gap %d: the lines to %d and %d share an upright", seed, k, a.to, b.to)
					}
				}
			}
		}
	}
}

func TestLayersLeadOnward(t *testing.T) {
	l := laid(t, []byte(`{"StartAction":"a","Actions":[
		{"Identifier":"a","Type":"MessageParticipant","Transitions":{"NextAction":"b","Errors":[{"ErrorType":"NoMatchingError","NextAction":"d"}]}},
		{"Identifier":"b","Type":"Loop","Transitions":{"NextAction":"d","Conditions":[
			{"Condition":{"Operator":"Equals","Operands":["ContinueLooping"]},"NextAction":"c"},
			{"Condition":{"Operator":"Equals","Operands":["DoneLooping"]},"NextAction":"d"}]}},
		{"Identifier":"c","Type":"Wait","Transitions":{"NextAction":"b"}},
		{"Identifier":"d","Type":"DisconnectParticipant","Transitions":{}},
		{"Identifier":"e","Type":"MessageParticipant","Transitions":{"NextAction":"d"}}]}`))
	want := []int{0, 1, 2, 2, 1}
	for i, layer := range want {
		if l.layer[i] != layer {
			t.Errorf("%s is in layer %d, want %d", l.blocks[i].id, l.layer[i], layer)
		}
	}
	if l.blocks[4].reached || !l.blocks[3].reached {
		t.Error("what is reached is not known")
	}
	if len(l.blocks[1].exits) != 2 {
		t.Errorf("NextAction, which repeats a branch, is drawn too: %v", l.blocks[1].exits)
	}
}

func TestTheMostThatIsDrawn(t *testing.T) {
	begin := time.Now()
	if _, err := Draw(wild(1, maxBlocks), Options{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d blocks took %v", maxBlocks, time.Since(begin))
	if _, err := Draw(wild(1, maxBlocks+1), Options{}); err == nil {
		t.Error("more than that is drawn")
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, n := range []int{10, 100, 250} {
		src := wild(3, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Draw(src, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
