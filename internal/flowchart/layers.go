package flowchart

import (
	"cmp"
	"math"
	"slices"
)

// The picture is a layered drawing (Sugiyama, Tagawa and Toda, 1981): blocks get a layer, then an order in it, then a
// place. What is particular here: all lines to one block share one lane through the layers between, so that forty errors
// that lead to one farewell are one line that gathers, and lines that lead back have lanes of their own.

// layout is a chart on its way to a picture.
type layout struct {
	*chart
	top    float64 // where blocks may begin
	layer  []int   // of each block
	turn   []int   // of each block: when a walk through the flow first comes by
	cells  []cell
	layers [][]int // cells from top to bottom
	lanes  map[lane]int
	links  []link
	gaps   []gap // gap k lies before layer k
}

// cell is what stands in a layer: a block, or a lane passing by.
type cell struct {
	block int // -1 for a lane
	to    int // block that the lane leads to
	layer int
	y, h  float64 // its top, and its height
}

// lane is where the lines to a block pass a layer: onward, or back.
type lane struct {
	to, layer int
	back      bool
}

// port is a place on a cell where a line begins or ends.
type port struct {
	cell int
	off  float64 // below the cell's top
}

// link joins two ports: of neighbouring layers, or of one where a line turns back.
type link struct {
	a, b   port
	weight float64 // how much it wants to be straight
}

// gap is the room before a layer, in which lines run up and down.
type gap struct {
	nets     []*net
	x, width float64
}

// net is all the lines to one block in one gap: they meet on one upright.
type net struct {
	to          int
	left, right []port
	exit        port // where they leave, one of left or right
	out         bool // exit is on the right
	x           float64
}

func lay(c *chart, top float64) *layout {
	l := &layout{chart: c, top: top, lanes: map[lane]int{}}
	l.choose()
	l.build()
	l.order()
	l.place()
	l.route()
	return l
}

// choose gives each block its layer: behind all those that lead to it, except for the ways back.
func (l *layout) choose() {
	n := len(l.blocks)
	l.layer, l.turn = make([]int, n), make([]int, n)
	w := &walker{l: l, state: make([]int, n), back: map[[2]int]bool{}}
	if l.start >= 0 {
		w.walk(l.start)
	}
	for _, root := range l.roots() {
		w.walk(root)
	}
	order := w.done
	slices.Reverse(order)
	for _, from := range order {
		for _, to := range l.onward(w, from) {
			l.layer[to] = max(l.layer[to], l.layer[from]+1)
		}
	}
	into := make([]int, n)
	for _, from := range order {
		for _, to := range l.onward(w, from) {
			into[to]++
		}
	}
	for _, from := range slices.Backward(order) {
		to := l.onward(w, from)
		if !l.blocks[from].reached {
			to = l.targets(from)
		}
		l.pull(from, to, into[from])
	}
}

// roots are blocks that no way from the start leads to: those that nothing leads to come first.
func (l *layout) roots() (all []int) {
	into := make([]int, len(l.blocks))
	for i := range l.blocks {
		for _, e := range l.blocks[i].exits {
			if e.to >= 0 && e.to != i && !l.blocks[i].reached {
				into[e.to]++
			}
		}
	}
	for i := range l.blocks {
		if !l.blocks[i].reached {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(min(into[a], 1), min(into[b], 1)) })
	return all
}

// walker goes through the flow in depth. A way to a block that it has not left yet is a way back.
type walker struct {
	l     *layout
	state []int // 0 unseen, 1 under way, 2 done
	turns int
	back  map[[2]int]bool
	done  []int // each block after all that it leads to
}

func (w *walker) walk(at int) {
	if w.state[at] != 0 {
		return
	}
	w.state[at] = 1
	w.l.turn[at] = w.turns
	w.turns++
	for _, to := range w.l.targets(at) {
		if w.state[to] == 1 {
			w.back[[2]int{at, to}] = true
		} else {
			w.walk(to)
		}
	}
	w.state[at] = 2
	w.done = append(w.done, at)
}

// targets of a block, each once, errors last.
func (l *layout) targets(at int) (all []int) {
	for _, errors := range []bool{false, true} {
		for _, e := range l.blocks[at].exits {
			if (e.way == failing) == errors && e.to >= 0 && !slices.Contains(all, e.to) {
				all = append(all, e.to)
			}
		}
	}
	return all
}

// onward are the targets that lie behind a block. A block that is not reached does not push those that are.
func (l *layout) onward(w *walker, at int) (all []int) {
	for _, to := range l.targets(at) {
		if !w.back[[2]int{at, to}] && l.blocks[at].reached == l.blocks[to].reached {
			all = append(all, to)
		}
	}
	return all
}

// pull moves a block towards those that it leads to, when that makes more lines shorter than longer.
func (l *layout) pull(at int, to []int, into int) {
	if at == l.start || len(to) <= into {
		return
	}
	nearest := math.MaxInt
	for _, t := range to {
		nearest = min(nearest, l.layer[t])
	}
	l.layer[at] = max(l.layer[at], nearest-1)
}

// build makes the cells, and the links between them.
func (l *layout) build() {
	last := 0
	for i := range l.blocks {
		l.cells = append(l.cells, cell{block: i, to: -1, layer: l.layer[i], h: height(&l.blocks[i])})
		last = max(last, l.layer[i])
	}
	l.gaps = make([]gap, last+2)
	for to := range l.blocks {
		l.bundle(to)
	}
	if l.start >= 0 {
		n := l.net(0, l.start)
		n.left = append(n.left, l.entry(l.start))
		n.exit, n.out = l.entry(l.start), true
		if len(n.right) == 0 {
			n.right = append(n.right, n.exit)
		}
	}
	l.layers = make([][]int, last+1)
	for i := range l.cells {
		l.layers[l.cells[i].layer] = append(l.layers[l.cells[i].layer], i)
	}
}

// entry is where lines come into a block.
func (l *layout) entry(block int) port { return port{block, entryOffset} }

// lane returns the cell of a lane, which is made when it is asked for first.
func (l *layout) lane(key lane) port {
	i, ok := l.lanes[key]
	if !ok {
		i = len(l.cells)
		l.cells = append(l.cells, cell{block: -1, to: key.to, layer: key.layer, h: laneHeight})
		l.lanes[key] = i
	}
	return port{i, laneHeight / 2}
}

// net returns the net of a block in a gap.
func (l *layout) net(gap, to int) *net {
	g := &l.gaps[gap]
	for _, n := range g.nets {
		if n.to == to {
			return n
		}
	}
	n := &net{to: to}
	g.nets = append(g.nets, n)
	return n
}

// How much lines want to be straight: lanes most of all, errors least.
const (
	laneWeight    = 12
	onwardWeight  = 40
	chosenWeight  = 2
	failingWeight = .2
)

// bundle lays the lines to one block.
func (l *layout) bundle(to int) {
	at := l.layer[to]
	first, last := at, at-1 // layers that lines come from: onward from first, back from last
	var sources []struct {
		port   port
		layer  int
		weight float64
	}
	for i := range l.blocks {
		for j, e := range l.blocks[i].exits {
			if e.to != to {
				continue
			}
			first, last = min(first, l.layer[i]), max(last, l.layer[i])
			sources = append(sources, struct {
				port   port
				layer  int
				weight float64
			}{port{i, exitOffset(&l.blocks[i], j)}, l.layer[i], []float64{onwardWeight, chosenWeight, failingWeight}[e.way]})
		}
	}
	for k := first + 1; k <= at; k++ {
		n := l.net(k, to)
		n.exit, n.out = l.entry(to), true
		if k < at {
			n.exit = l.lane(lane{to, k, false})
		}
		n.right = append(n.right, n.exit)
		if k-1 > first {
			before := l.lane(lane{to, k - 1, false})
			n.left = append(n.left, before)
			l.links = append(l.links, link{before, n.exit, laneWeight})
		}
	}
	for k := last; k >= at; k-- {
		here := l.lane(lane{to, k, true})
		n := l.net(k+1, to)
		n.exit, n.out = here, false
		n.left = append(n.left, here)
		if k < last {
			after := l.lane(lane{to, k + 1, true})
			n.right = append(n.right, after)
			l.links = append(l.links, link{here, after, laneWeight})
		}
		if k == at {
			n := l.net(at, to)
			if len(n.right) == 0 {
				n.right = append(n.right, l.entry(to))
			}
			n.exit, n.out = l.entry(to), true
			n.right = append(n.right, here)
			l.links = append(l.links, link{here, n.exit, chosenWeight})
		}
	}
	for _, s := range sources {
		n := l.net(s.layer+1, to)
		n.left = append(n.left, s.port)
		l.links = append(l.links, link{s.port, n.exit, s.weight})
	}
}

func (l *layout) y(p port) float64 { return l.cells[p.cell].y + p.off }

// sweeps over the layers, after which the order hardly gets better.
const sweeps = 24

// order sorts each layer so that few lines cross.
func (l *layout) order() {
	for _, cells := range l.layers {
		slices.SortStableFunc(cells, func(a, b int) int { return cmp.Compare(l.rank(a), l.rank(b)) })
		l.stack(cells)
	}
	near := l.neighbours()
	best, least := l.orders(), l.crossings()
	for s := range sweeps {
		for i := range l.layers {
			k := i
			if s%2 == 1 {
				k = len(l.layers) - 1 - i
			}
			l.sort(l.layers[k], near, s%2 == 0)
		}
		if n := l.crossings(); n < least {
			best, least = l.orders(), n
		}
	}
	l.layers = best
	for _, cells := range l.layers {
		l.stack(cells)
	}
}

// rank is a cell's first order: as a walk through the flow comes by, lanes as the block they lead to, those that lead
// back below.
func (l *layout) rank(i int) int {
	c := &l.cells[i]
	switch {
	case c.block < 0:
		return 2*l.turn[c.to] + 1
	case !l.blocks[c.block].reached:
		return 2*len(l.blocks) + 2*l.turn[c.block]
	}
	return 2 * l.turn[c.block]
}

func (l *layout) orders() [][]int {
	all := make([][]int, len(l.layers))
	for i, cells := range l.layers {
		all[i] = slices.Clone(cells)
	}
	return all
}

// stack puts the cells of a layer below each other, around the height 0.
func (l *layout) stack(cells []int) {
	y := 0.0
	for i, c := range cells {
		if i > 0 {
			y += l.space(cells[i-1], c)
		}
		l.cells[c].y = y
		y += l.cells[c].h
	}
	for _, c := range cells {
		l.cells[c].y -= y / 2
	}
}

// neighbour is the other end of a link.
type neighbour struct {
	own    float64 // offset of the own port
	other  port
	weight float64
}

func (l *layout) neighbours() [][]neighbour {
	near := make([][]neighbour, len(l.cells))
	for _, k := range l.links {
		near[k.a.cell] = append(near[k.a.cell], neighbour{k.a.off, k.b, k.weight})
		near[k.b.cell] = append(near[k.b.cell], neighbour{k.b.off, k.a, k.weight})
	}
	return near
}

// wish is where a cell would like its top to be, for its neighbours on one side; those of its own layer count too, a
// little.
func (l *layout) wish(i int, near [][]neighbour, side func(own, other int) bool) (y, weight float64) {
	for _, n := range near[i] {
		w := n.weight
		switch other := l.cells[n.other.cell].layer; {
		case other == l.cells[i].layer:
			w *= .2
		case !side(l.cells[i].layer, other):
			continue
		}
		y += w * (l.y(n.other) - n.own)
		weight += w
	}
	if weight == 0 {
		return l.cells[i].y, 0
	}
	return y / weight, weight
}

func before(own, other int) bool { return other < own }
func after(own, other int) bool  { return other > own }
func anywhere(int, int) bool     { return true }

// sort orders a layer by what its cells wish.
func (l *layout) sort(cells []int, near [][]neighbour, onward bool) {
	side := after
	if onward {
		side = before
	}
	wishes := make(map[int]float64, len(cells))
	for _, c := range cells {
		y, _ := l.wish(c, near, side)
		wishes[c] = y + l.cells[c].h/2
		if c := &l.cells[c]; c.block >= 0 && !l.blocks[c.block].reached {
			wishes[c.block] += farBelow
		}
	}
	slices.SortStableFunc(cells, func(a, b int) int { return cmp.Compare(wishes[a], wishes[b]) })
	l.stack(cells)
}

// farBelow keeps what is not reached apart from what is.
const farBelow = 1e7

// crossings counts how many pairs of lines cross between layers.
func (l *layout) crossings() (n int) {
	between := make([][][2]float64, len(l.layers)+1)
	for _, k := range l.links {
		a, b := k.a, k.b
		la, lb := l.cells[a.cell].layer, l.cells[b.cell].layer
		if la == lb {
			continue
		}
		if la > lb {
			a, b, la, lb = b, a, lb, la
		}
		between[lb] = append(between[lb], [2]float64{l.y(a), l.y(b)})
	}
	for _, lines := range between {
		for i, p := range lines {
			for _, q := range lines[:i] {
				if (p[0]-q[0])*(p[1]-q[1]) < 0 {
					n++
				}
			}
		}
	}
	return n
}
