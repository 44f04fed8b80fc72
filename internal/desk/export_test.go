package desk

// Fill takes all places of the gate, until its caller lets go of them.
func (d *Desk) Fill() (empty func()) {
	for range cap(d.gate.waiting) {
		d.gate.waiting <- struct{}{}
	}
	return func() {
		for range cap(d.gate.waiting) {
			<-d.gate.waiting
		}
	}
}

// Limits of the package, for tests.
const (
	HashesAtOnce  = hashesAtOnce
	HashesWaiting = hashesWaiting
	Burst         = burst
)
