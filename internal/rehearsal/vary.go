package rehearsal

import "strings"

// vary proposes plays in which the action that has just ended takes another branch.
func (k *take) vary(b *block, at site, a aim) {
	t := k.trial
	t.aim = a
	parent := k.steps[:len(k.steps):len(k.steps)]
	k.varyAnswer(b, at, t)
	k.varyRoom(b, t)
	for _, path := range b.refs {
		o := k.origin(path)
		if o.known() {
			k.varied[t.aim] = true
			for _, c := range k.candidates(b, path, a.branch) {
				k.propose(t.withFact(o, c.fact), try{path: path, origin: o, sure: c.sure, parent: parent})
			}
		}
		if o.contact && path[0] == "Attributes" && k.module != (site{}) {
			from := origin{site: k.module, path: path}
			for _, c := range k.candidates(b, path, a.branch) {
				k.propose(t.withFact(from, c.fact), try{path: path, origin: from, sure: c.sure, parent: parent})
			}
		}
	}
}

// varyRoom proposes that the contact's attributes have less room or more: just too little for what the action writes,
// and too little for one large value, but enough for what may come after it.
func (k *take) varyRoom(b *block, t trial) {
	if !b.fillsContact() {
		return
	}
	room := try{parent: k.steps[:len(k.steps):len(k.steps)]}
	k.propose(t.roomy(t.bare), room)
	k.propose(t.roomy(!t.bare), room)
	for _, path := range b.refs {
		if o := k.origin(path); o.known() {
			k.varied[t.aim] = true
			k.propose(t.withFact(o, fact{text: large}).leaving(k.before-k.initial+len(large)/2), room)
		}
	}
	switch {
	case b.name == showViewType:
		k.varied[t.aim] = true
		k.propose(t.leaving(k.before-k.initial), room)
	case k.size > k.peak && !k.viewed:
		k.varied[t.aim] = true
		k.propose(t.leaving(k.size-k.initial-1), room)
	}
}

// varyAnswer proposes other answers, and what is like them.
func (k *take) varyAnswer(b *block, at site, t trial) {
	answered := try{sure: true, parent: k.steps[:len(k.steps):len(k.steps)]}
	switch {
	case k.asked && !(b.name == "Wait" && b.fails(t.aim.branch)):
		k.varied[t.aim] = true
		other := k.answer(at)
		other.decided, other.branch = true, t.aim.branch
		k.propose(t.withAnswer(at, other), answered)
		if b.waitsForBot() {
			k.propose(t.withAnswer(at, other).withFact(k.bot()), answered)
		}
	case b.name == "DistributeByPercentage":
		k.varied[t.aim] = true
		t.seed = k.trial.seed + uint64(k.attempts[t.aim]) + 1
		k.propose(t, answered)
	case b.waitsForBot() && t.aim.branch != noMatchingError:
		k.varied[t.aim] = true
		k.propose(t.withFact(k.bot()), answered)
	case b.name == "Loop" && !b.fails(t.aim.branch):
		k.varied[t.aim] = true
		// What the loop goes round by is answered otherwise each time, which may lead out of it.
		for i := range 4 * (maxSteady + 1) {
			t.sticky, t.still, t.steady = i%2 == 0, i%4 < 2, i/4
			k.propose(t, answered)
		}
	}
}

func (b *block) waitsForBot() bool {
	return b.name == "Wait" && strings.Contains(encode(b.parameters), botParticipantDisconnected)
}

// bot is the other answer to whether a bot is in the chat.
func (k *take) bot() (origin, fact) {
	return origin{contact: true, path: []string{botFact}}, fact{absent: !k.trial.contact[botFact].absent}
}

const (
	botParticipantDisconnected = "BotParticipantDisconnected"

	// botFact is a fact of the contact that has no reference: absent means that there is a bot.
	botFact   = "a bot"
	maxSteady = 8
)

// candidates are values of a reference that may lead to the branch, of those that a chat can have.
func (k *take) candidates(b *block, path []string, branch string) (all []candidate) {
	for _, f := range b.guesses(path, branch) {
		if !inDomain(path, f) {
			continue
		}
		c := candidate{fact: f, sure: b.name == "MessageParticipant" && b.fails(branch) && f.text == long}
		if b.name == compareType {
			leads, known := b.leadsTo(f)
			c.sure = known && leads == branch
		}
		all = append(all, c)
	}
	return all
}

// guesses are values that may lead to the branch.
func (b *block) guesses(path []string, branch string) (facts []fact) {
	for _, c := range b.conditions {
		if c.branch == branch && b.name == compareType {
			for _, v := range c.samples() {
				facts = append(facts, fact{text: v})
			}
			if c.operator == "Equals" && c.operand == "NULL" {
				facts = append(facts, fact{absent: true})
			}
			return facts
		}
	}
	if values, closed := domain(path); closed {
		for _, v := range values {
			facts = append(facts, fact{text: v})
		}
		return facts
	}
	facts = []fact{{absent: true}, {text: "no such thing"}, {text: "1"}, {text: "0"}, {text: "0.5"}, {text: "100000000"}}
	if b.name == compareType {
		for _, c := range b.conditions {
			for _, v := range c.samples() {
				facts = append(facts, fact{text: v + "0"}, fact{text: "-" + v})
			}
		}
		return facts
	}
	return append(facts, fact{text: filler}, fact{text: long}, fact{text: huge})
}

// fillsContact says whether the action can fail for want of room in the contact's attributes.
func (b *block) fillsContact() bool {
	return b.name == "UpdateContactAttributes" || b.name == showViewType
}
