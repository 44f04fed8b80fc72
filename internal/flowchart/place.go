package flowchart

import (
	"cmp"
	"math"
	"slices"
)

// Measures of the picture, in pixels.
const (
	blockWidth  = 236
	nameRow     = 22
	nameLine    = 17 // of the name that goes on below
	kindRow     = 16
	detailRow   = 16
	exitRow     = 20
	blockPad    = 7
	entryOffset = 19

	laneHeight = 6
	blockSpace = 26 // between blocks
	laneSpace  = 8  // between lanes
	mixedSpace = 15

	trackWidth = 9
	gapPad     = 17
	arrow      = 8
	margin     = 28
	titleRoom  = 52
	titleLine  = 26  // of the title that goes on below
	leastTitle = 420 // room for a title, however small the picture
	corner     = 7
)

// body is the height of a block above its branches.
func body(b *block) float64 {
	return blockPad + nameRow + nameLine*float64(len(b.names)-1) + kindRow*float64(len(b.kinds)) + detailRow*float64(len(b.lines)) + blockPad
}

// rows are how many branches have rows of their own: the way onward leaves at the height of the name, where lines come
// in, so that what mostly happens is a straight line.
func rows(b *block) int {
	if len(b.exits) > 0 && b.exits[0].way == onward {
		return len(b.exits) - 1
	}
	return len(b.exits)
}

func height(b *block) float64 {
	if rows(b) == 0 {
		return body(b)
	}
	return body(b) + exitRow*float64(rows(b)) + blockPad/2
}

// exitOffset is where the line of a branch leaves its block.
func exitOffset(b *block, i int) float64 {
	if b.exits[i].way == onward {
		return entryOffset
	}
	return body(b) + exitRow*float64(i-len(b.exits)+rows(b)) + exitRow/2
}

// space is how far apart two cells are, at least.
func (l *layout) space(a, b int) float64 {
	switch x, y := &l.cells[a], &l.cells[b]; {
	case x.block < 0 && y.block < 0:
		return laneSpace
	case x.block < 0 || y.block < 0:
		return mixedSpace
	}
	return blockSpace
}

// rounds of placing, after which hardly anything moves.
const rounds = 60

// place moves the cells of each layer towards where their lines are straight, and keeps their order.
func (l *layout) place() {
	near := l.neighbours()
	for r := range rounds {
		side := []func(int, int) bool{before, after, anywhere}[r%3]
		if r >= rounds-4 {
			side = anywhere
		}
		for i := range l.layers {
			k := i
			if r%2 == 1 {
				k = len(l.layers) - 1 - i
			}
			l.settle(l.layers[k], near, side)
		}
	}
	for range 3 {
		for _, cells := range l.layers {
			l.straighten(cells, near)
		}
	}
	top := math.Inf(1)
	for i := range l.cells {
		top = min(top, l.cells[i].y)
	}
	for i := range l.cells {
		l.cells[i].y = math.Round(l.cells[i].y - top + l.top)
	}
}

// settle places one layer: the least sum of weighted squares of the distances to what the cells wish, their order and
// their spaces kept. This is isotonic regression, by pooling adjacent violators.
func (l *layout) settle(cells []int, near [][]neighbour, side func(own, other int) bool) {
	type pool struct {
		y, weight float64 // of the first cell, were all spaces 0
		n         int
	}
	var pools []pool
	offsets := make([]float64, len(cells))
	for i, c := range cells {
		if i > 0 {
			offsets[i] = offsets[i-1] + l.cells[cells[i-1]].h + l.space(cells[i-1], c)
		}
		y, weight := l.wish(c, near, side)
		p := pool{y - offsets[i], max(weight, .05), 1}
		for len(pools) > 0 && pools[len(pools)-1].y > p.y {
			q := pools[len(pools)-1]
			pools = pools[:len(pools)-1]
			p = pool{(p.y*p.weight + q.y*q.weight) / (p.weight + q.weight), p.weight + q.weight, p.n + q.n}
		}
		pools = append(pools, p)
	}
	i := 0
	for _, p := range pools {
		for range p.n {
			l.cells[cells[i]].y = p.y + offsets[i]
			i++
		}
	}
}

// jog is the longest step in a line that is rather taken out.
const jog = 18

// straighten moves cells a little, where that makes the most important of their lines from before straight and there is
// room.
func (l *layout) straighten(cells []int, near [][]neighbour) {
	for i, c := range cells {
		main := neighbour{}
		for _, n := range near[c] {
			if l.cells[n.other.cell].layer == l.cells[c].layer-1 && n.weight > main.weight {
				main = n
			}
		}
		if main.weight == 0 {
			continue
		}
		y := l.y(main.other) - main.own
		above, below := math.Inf(-1), math.Inf(1)
		if i > 0 {
			above = l.cells[cells[i-1]].y + l.cells[cells[i-1]].h + l.space(cells[i-1], c)
		}
		if i+1 < len(cells) {
			below = l.cells[cells[i+1]].y - l.cells[c].h - l.space(c, cells[i+1])
		}
		if math.Abs(y-l.cells[c].y) <= jog && above <= y && y <= below {
			l.cells[c].y = y
		}
	}
}

// route gives each net its upright, and each gap and layer its place.
func (l *layout) route() {
	x := float64(margin)
	for k := range l.gaps {
		g := &l.gaps[k]
		g.x = x
		tracks := l.tracks(g)
		g.width = max(2*gapPad+arrow+trackWidth*float64(tracks), 44)
		if k == 0 {
			g.width += startWidth
		}
		if k == len(l.gaps)-1 && tracks == 0 {
			g.width = 0
		}
		for _, n := range g.nets {
			n.x = g.x + g.width - gapPad - arrow - trackWidth*float64(tracks) + trackWidth*(n.x+.5)
		}
		x += g.width + blockWidth
	}
}

// left is the x of a layer's cells.
func (l *layout) left(layer int) float64 { return l.gaps[layer].x + l.gaps[layer].width }

// upright says whether a net needs one: its lines do not all run straight on.
func (l *layout) upright(n *net) bool {
	top, bottom := l.span(n)
	return bottom-top > .5 || !n.out
}

func (l *layout) span(n *net) (top, bottom float64) {
	top, bottom = math.Inf(1), math.Inf(-1)
	for _, ends := range [][]port{n.left, n.right} {
		for _, p := range ends {
			top, bottom = min(top, l.y(p)), max(bottom, l.y(p))
		}
	}
	return top, bottom
}

// tracks chooses the order of the uprights in a gap, so that few lines cross and none run on top of each other, and
// packs them. It leaves each net's track in its x, and returns how many there are.
func (l *layout) tracks(g *gap) int {
	var nets []*net
	for _, n := range g.nets {
		if l.upright(n) {
			nets = append(nets, n)
		}
	}
	slices.SortStableFunc(nets, func(a, b *net) int {
		ta, ba := l.span(a)
		tb, bb := l.span(b)
		return cmp.Compare(ba-ta, bb-tb)
	})
	for changed, round := true, 0; changed && round < len(nets); round++ {
		changed = false
		for i := 1; i < len(nets); i++ {
			if a, b := nets[i-1], nets[i]; l.conflicts(b, a) < l.conflicts(a, b) {
				nets[i-1], nets[i] = b, a
				changed = true
			}
		}
	}
	count := 0
	for i, n := range nets {
		track := 0
		for _, m := range nets[:i] {
			if l.apart(m, n) {
				track = max(track, int(m.x)+1)
			}
		}
		n.x = float64(track)
		count = max(count, track+1)
	}
	return count
}

// near enough that lines look like one.
const touching = 5

// conflicts counts what goes wrong when a stands left of b: lines that cross count one, lines on top of each other more.
func (l *layout) conflicts(a, b *net) (n int) {
	within := func(ports []port, other *net) (n int) {
		top, bottom := l.span(other)
		for _, p := range ports {
			if y := l.y(p); top < y && y < bottom {
				n++
			}
		}
		return n
	}
	n = within(b.left, a) + within(a.right, b)
	for _, p := range b.left {
		for _, q := range a.right {
			if math.Abs(l.y(p)-l.y(q)) < touching {
				n += 20
			}
		}
	}
	return n
}

// apart says whether two uprights may not share a track.
func (l *layout) apart(a, b *net) bool {
	ta, ba := l.span(a)
	tb, bb := l.span(b)
	return ta-touching < bb && tb-touching < ba || l.conflicts(a, b) != l.conflicts(b, a)
}

// line is the way of a branch, from its block to where it leads.
func (l *layout) line(from, branch int) []point {
	b := &l.blocks[from]
	to := b.exits[branch].to
	y := l.cells[from].y + exitOffset(b, branch)
	k := l.layer[from] + 1
	points := []point{{l.gaps[k].x, y}}
	for {
		n := l.net(k, to)
		exit := l.y(n.exit)
		if l.upright(n) {
			points = append(points, point{n.x, y}, point{n.x, exit})
		}
		y = exit
		switch {
		case n.exit.cell == to:
			return append(points, point{l.left(l.layer[to]), y})
		case n.out:
			k++
		default:
			k--
		}
	}
}

type point struct{ x, y float64 }
