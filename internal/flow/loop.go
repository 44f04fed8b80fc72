package flow

import (
	"encoding/json"
	"strconv"
)

// loopActions count (developer guide, "Loop"; admin guide, "Flow block: Loop").
// What the console writes for a loop's name and array is not documented: the
// names of those parameters are inferred.
var loopActions = []actionType{
	works(actionType{
		name:        "Loop",
		note:        "counts for the contact, by flow and action",
		params:      []string{"LoopCount", loopName, loopArray},
		unpublished: []string{loopName, loopArray},
		mayErrors:   onlyNoMatchingError,
		conditions:  mustConditions,
		equals:      []string{continueLooping, doneLooping},
		check:       (*checker).loop,
		goesOn:      true,
	}, newLoop),
}

const (
	loopName  = "LoopName"
	loopArray = "LoopArray"

	continueLooping = "ContinueLooping"
	doneLooping     = "DoneLooping"
	maxLoop         = 100
	maxLoopData     = 32_768 // bytes of $.Loop (inferred)
)

// loop goes round a number of times, or once for each element of an array. With
// a name, $.Loop.<name> says where it stands: Index, from 0, and for an array
// Element and Elements. The array is the one that the first round was given,
// whatever its reference leads to later.
type loop struct {
	count dynamic
	array template
	name  string
}

func newLoop(p params) step {
	return loop{count: p.dynamic("LoopCount"), array: p.template(loopArray), name: p.static(loopName)}
}

func (l loop) run(r *run) outcome {
	key := r.s.Flow + " " + r.current.id
	done := r.s.Loops[key]
	elements, count, why := l.rounds(&r.s, done)
	if why != "" {
		return fail(why)
	}
	if done >= count {
		if _, counted := r.s.Loops[key]; counted {
			delete(r.loops(), key)
		}
		l.tell(r, nil)
		return result(doneLooping)
	}
	if l.name != "" && !l.tell(r, standing(done, elements)) {
		return fail("the array is too large")
	}
	r.loops()[key] = done + 1
	return result(continueLooping)
}

// rounds is how many there are, and the elements of an array.
func (l loop) rounds(s *State, done int) (elements json.RawMessage, count int, why string) {
	if !l.array.present() {
		count, ok := integer(l.count, s, 0, maxLoop)
		if !ok {
			return nil, 0, "the loop count is not a number from 0 to 100"
		}
		return nil, count, ""
	}
	if done > 0 {
		elements = member(member(s.Data["Loop"], l.name), "Elements")
	}
	if elements == nil {
		resolved, _ := l.array.resolve(s, maxLoopData)
		elements = json.RawMessage(resolved)
	}
	switch {
	case l.name == "":
		return nil, 0, "a loop over an array needs a name"
	case kindOf(elements) != '[':
		return nil, 0, "there is no array to loop over"
	}
	if count = length(elements); count > maxLoop {
		return nil, 0, "the array has more than 100 elements"
	}
	return elements, count, ""
}

// standing is what $.Loop.<name> leads to in a round.
func standing(round int, elements json.RawMessage) any {
	place := struct {
		Index    int
		Element  json.RawMessage `json:",omitempty"`
		Elements json.RawMessage `json:",omitempty"`
	}{Index: round}
	if elements != nil {
		place.Element, place.Elements = element(elements, strconv.Itoa(round)), elements
	}
	return place
}

// tell puts down where the loop stands, nil for nowhere, unless there is too
// much to tell.
func (l loop) tell(r *run, place any) bool {
	if _, told := r.s.Data["Loop"]; l.name == "" || place == nil && !told {
		return true
	}
	loops := make(map[string]json.RawMessage)
	if told := r.s.Data["Loop"]; told != nil {
		if err := json.Unmarshal(told, &loops); err != nil {
			panic("flow: the loops of a state do not decode: " + err.Error())
		}
	}
	delete(loops, l.name)
	if place != nil {
		loops[l.name] = encoded(place)
	}
	value := encoded(loops)
	if len(value) > 2*maxLoopData {
		return false
	}
	r.s.Steps += len(value) / bytesPerStep
	r.setData("Loop", value)
	return true
}

func (c *checker) loop() {
	c.exactlyOne("LoopCount", loopArray)
	c.integer("LoopCount", 0, maxLoop)
	if c.param(loopArray).kind != 0 && c.param(loopName).kind == 0 {
		c.missing(c.paramPath(loopName))
	}
	c.reference(loopName)
}
