package rehearsal

import (
	"maps"
	"slices"
	"strings"
)

// A circle is a way on which a chat comes back to an action as it was there before, and has not waited between: with the
// same answers it goes round until the guard of the flow language ends it. A circle that a Loop counts does not go on for ever,
// for it comes back with another count.

// waiting are the types of actions at which a flow may wait for a customer or a time. A module may have such actions.
var waiting = []string{"Wait", showViewType, signInType, "ConnectParticipantWithLexBot", "ConnectParticipantWithAgenticCX", invokeModuleType}

// lap is called where the flow asks for something. It finds out whether it has asked for it in the same state before: then
// the play ends.
func (k *take) lap() (round bool) {
	s := k.play.State
	s.Steps, s.Messages, s.Waits, s.Waiting = 0, 0, 0, nil
	seen := encode(s) + "\n" + encode(s.Contact)
	if from, before := k.laps[seen]; before {
		k.circle(k.steps[from:])
		k.play.stop()
		k.play.Stage = Over
		return true
	}
	if k.laps == nil {
		k.laps = make(map[string]int)
	}
	k.laps[seen] = len(k.steps)
	return false
}

// waits: what comes after a wait is no circle.
func (k *take) waits() { k.laps = nil }

// brokenOff finds the circle of a play that the guard has ended.
func (k *take) brokenOff() {
	last := len(k.steps) - 1
	for i := last - 1; i >= 0; i-- {
		if k.steps[i].action == k.steps[last].action {
			k.circle(k.steps[i:last])
			return
		}
	}
}

// circle keeps a circle, once, wherever it was entered.
func (x *exploration) circle(steps []step) {
	ids := make(map[string]bool)
	for _, s := range steps {
		ids[s.action] = true
	}
	key := strings.Join(slices.Sorted(maps.Keys(ids)), "\n")
	if len(ids) == 0 || x.circles[key] != nil {
		return
	}
	first := 0
	for i, s := range steps {
		if x.outline.place(s.action) < x.outline.place(steps[first].action) {
			first = i
		}
	}
	var way []string
	for i := range steps {
		if id := steps[(first+i)%len(steps)].action; !slices.Contains(way, id) {
			way = append(way, id)
		}
	}
	x.circles[key] = way
}

func (o *outline) place(id string) int {
	return slices.IndexFunc(o.order, func(b *block) bool { return b.id == id })
}

// goRound plays what may be circles: the branches that were taken and lead round without a wait.
func (x *exploration) goRound() {
	for _, group := range x.outline.rounds(x.taken) {
		x.goRoundIn(group)
	}
}

// goRoundIn plays until a circle of the group is found.
func (x *exploration) goRoundIn(group map[string]string) {
	for _, t := range x.roundTrips(group) {
		if x.found(group) {
			return
		}
		x.play(t)
	}
}

// found says whether a circle of the group is known.
func (x *exploration) found(group map[string]string) bool {
	for _, way := range x.circles {
		if _, inside := group[way[0]]; inside {
			return true
		}
	}
	return false
}

// roundTrips are trials that may stay in a group.
func (x *exploration) roundTrips(group map[string]string) (all []trial) {
	round := trial{still: true, sticky: true, answers: make(map[site]answer)}
	for _, b := range x.outline.order {
		if branch, inside := group[b.id]; inside {
			round.answers[site{b.id, 0}] = answer{decided: true, branch: branch}
		}
	}
	all = append(all, round)
	for _, b := range x.outline.order {
		branch, inside := group[b.id]
		if first, known := x.first[aim{b.id, branch}]; inside && known {
			for at, a := range round.answers {
				a.facts = first.answers[at].facts
				first = first.withAnswer(at, a)
			}
			first.still, first.sticky = true, true
			all = append(all, first)
		}
	}
	for steady := range maxSteady + 1 {
		all = append(all, trial{still: true, steady: steady})
	}
	return all
}

// rounds are the groups of actions that lead to each other without a wait, by branches that were taken, each action with
// a branch that stays in the group.
func (o *outline) rounds(taken map[aim]bool) (groups []map[string]string) {
	leads := func(b *block) map[string]string { // targets by branch
		all := make(map[string]string)
		for branch, next := range b.targets {
			counted := b.name == "Loop" && branch == "Equals ContinueLooping"
			if taken[aim{b.id, branch}] && !counted && o.blocks[next] != nil {
				all[branch] = next
			}
		}
		return all
	}
	reaches := func(from string) map[string]bool {
		seen := make(map[string]bool)
		for to := []string{from}; len(to) > 0; to = to[1:] {
			b := o.blocks[to[0]]
			if slices.Contains(waiting, b.name) {
				continue
			}
			for _, next := range leads(b) {
				if !seen[next] {
					seen[next] = true
					to = append(to, next)
				}
			}
		}
		return seen
	}
	reach := make(map[string]map[string]bool)
	for _, b := range o.order {
		reach[b.id] = reaches(b.id)
	}
	grouped := make(map[string]bool)
	for _, b := range o.order {
		if grouped[b.id] || !reach[b.id][b.id] {
			continue
		}
		group := make(map[string]string)
		for _, other := range o.order {
			if !reach[b.id][other.id] || !reach[other.id][b.id] {
				continue
			}
			grouped[other.id] = true
			next := leads(other)
			for _, branch := range other.branches {
				if to := next[branch]; to != "" && reach[b.id][to] && reach[to][b.id] {
					group[other.id] = branch
					break
				}
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// endless says whether the guard has ended a play.
func endless(fault string) bool { return strings.HasSuffix(fault, "without a wait") }
