package flowchart

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Options are how a picture is drawn.
type Options struct {
	Title string  // name of the flow; "" for that of the document
	Path  []Visit // what a contact did, in order; none for a picture of the flow alone
	// Inline leaves the style sheet out, for a page that carries [Style] already, and gives each block the id that
	// [Anchor] tells. It shows no title: the page does. ID is what ids begin with, so that several pictures may be on one
	// page.
	Inline bool
	ID     string
}

// Anchor is the id of a block in an inline picture.
func Anchor(id, action string) string { return fmt.Sprintf("%s%x", id, action) }

// Visit is one action that a contact has come by.
type Visit struct {
	Action string // identifier
	Next   string // identifier of the action that followed, "" for none
	Branch string // that was taken: NextAction, an error type, or an operator and its operand; "" where it is not known
	Step   int    // its number, where a picture shows a part of a path; 0 for its place in Path
}

// Draw makes an SVG picture of a flow document. The error says why it is not one.
func Draw(doc []byte, o Options) ([]byte, error) {
	c, err := read(doc)
	if err != nil {
		return nil, err
	}
	c.follow(o.Path)
	if o.Title == "" {
		o.Title = c.name
	}
	if o.Title == "" {
		o.Title = "Flow"
	}
	top := float64(margin + titleRoom)
	if o.Inline {
		top = margin + titleRoom/2
	}
	p := &picture{layout: lay(c, top), Options: o}
	if !o.Inline {
		p.entitle()
	}
	p.draw()
	return p.Bytes(), nil
}

// follow marks a path.
func (c *chart) follow(path []Visit) {
	index := make(map[string]int, len(c.blocks))
	for i := range c.blocks {
		if _, again := index[c.blocks[i].id]; !again {
			index[c.blocks[i].id] = i
		}
	}
	for n, v := range path {
		i, known := index[v.Action]
		if !known {
			continue
		}
		b := &c.blocks[i]
		step := v.Step
		if step == 0 {
			step = n + 1
		}
		b.visits = append(b.visits, step)
		if to, known := index[v.Next]; known {
			b.take(to, v.Branch)
		}
	}
}

// take marks the branch that leads to a block: the named one if there is one, or else the first.
func (b *block) take(to int, branch string) {
	var taken *exit
	for i := range b.exits {
		switch e := &b.exits[i]; {
		case e.to != to:
		case e.name == branch:
			e.taken = true
			return
		case taken == nil:
			taken = e
		}
	}
	if taken != nil {
		taken.taken = true
	}
}

// picture is written from back to front.
type picture struct {
	*layout
	Options
	title []string // in lines, none in an inline picture
	bytes.Buffer
}

func (p *picture) f(format string, args ...any) { fmt.Fprintf(&p.Buffer, format, args...) }

// startWidth is the room for the sign where the flow starts.
const startWidth = 62

func (p *picture) draw() {
	w, h := p.size()
	class := "fc"
	if len(p.Path) > 0 {
		class += " traced"
	}
	p.f(`<svg xmlns="http://www.w3.org/2000/svg" class="%s" width="%s" height="%s" viewBox="0 0 %[2]s %[3]s" role="graphics-document" aria-roledescription="flow chart" aria-labelledby="%[4]st %[4]sd">`+"\n",
		class, num(w), num(h), escape(p.ID))
	p.f("<title id=\"%st\">%s</title>\n<desc id=\"%sd\">%s</desc>\n", escape(p.ID), escape(p.Title), escape(p.ID), escape(p.summary()))
	if !p.Inline {
		p.f("<style>%s</style>\n", Style)
	}
	p.f(`<clipPath id="%sc"><rect width="%d" height="%d"/></clipPath>`+"\n", escape(p.ID), blockWidth-4, 4000)
	p.f(`<rect class="paper" width="100%%" height="100%%"/>` + "\n")
	for i, line := range p.title {
		p.f(`<text class="title" aria-hidden="true" x="%d" y="%d">%s</text>`+"\n", margin, margin+14+titleLine*i, escape(line))
	}
	p.f(`<text class="sum" aria-hidden="true" x="%d" y="%s">%s</text>`+"\n", margin, num(p.top-margin/2-4), escape(p.summary()))
	p.lines()
	for _, i := range p.reading() {
		p.block(i)
	}
	p.f("</svg>\n")
}

// entitle breaks the title into lines as wide as the picture, and moves the blocks down for those.
func (p *picture) entitle() {
	w, _ := p.size()
	p.title = wrap(p.Title, titleSize*bold, max(w-2*margin, leastTitle), maxTitles)
	down := float64(titleLine * max(len(p.title)-1, 0))
	p.top += down
	for i := range p.cells {
		p.cells[i].y += down
	}
}

func (p *picture) size() (w, h float64) {
	last := &p.gaps[len(p.gaps)-1]
	w = last.x + last.width + margin
	for i := range p.cells {
		h = max(h, p.cells[i].y+p.cells[i].h)
	}
	for _, line := range p.title {
		w = max(w, 2*margin+width(line, titleSize*bold))
	}
	return max(w, 2*margin+width(p.summary(), sumSize)), h + margin
}

func (p *picture) summary() string {
	visited, lost := 0, 0
	for i := range p.blocks {
		if len(p.blocks[i].visits) > 0 {
			visited++
		}
		if !p.blocks[i].reached {
			lost++
		}
	}
	s := count(len(p.blocks), "action")
	if lost > 0 {
		s += ", " + strconv.Itoa(lost) + " that nothing leads to"
	}
	if len(p.Path) > 0 {
		s += "; the path has " + count(len(p.Path), "step") + " and came by " + count(visited, "action")
	}
	return s
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// reading is the order in which a person would read the blocks.
func (p *picture) reading() []int {
	all := make([]int, len(p.blocks))
	for i := range all {
		all[i] = i
	}
	slices.SortFunc(all, func(a, b int) int { return p.turn[a] - p.turn[b] })
	return all
}

// lines are drawn under the blocks: errors first, and last those that the path took.
func (p *picture) lines() {
	p.f(`<g class="lines" aria-hidden="true" fill="none">` + "\n")
	if p.start >= 0 {
		p.begin()
	}
	for _, pass := range []struct {
		way   way
		taken bool
	}{{failing, false}, {conditional, false}, {onward, false}, {failing, true}, {conditional, true}, {onward, true}} {
		for i := range p.blocks {
			for j, e := range p.blocks[i].exits {
				if e.to >= 0 && e.way == pass.way && e.taken == pass.taken {
					p.branch(i, j)
				}
			}
		}
	}
	p.f("</g>\n")
}

// begin draws the sign where the flow starts.
func (p *picture) begin() {
	x, y := p.gaps[0].x, p.y(p.entry(p.start))
	n := p.net(0, p.start)
	points := []point{{x + startWidth - 12, y}}
	if p.upright(n) {
		points = append(points, point{n.x, y})
	}
	p.f(`<path class="l v" d="%s"/>`+"\n", rounded(append(points, point{p.left(0), y})))
	p.f(`<rect class="start" x="%s" y="%s" width="%d" height="24" rx="12"/><text class="start" x="%s" y="%s" text-anchor="middle">Start</text>`+"\n",
		num(x), num(y-12), startWidth-12, num(x+startWidth/2-6), num(y+4))
}

func (p *picture) branch(from, i int) {
	b, e := &p.blocks[from], &p.blocks[from].exits[i]
	class := "l " + []string{"next", "cond", "err"}[e.way]
	if e.taken {
		class += " v"
	}
	if !b.reached {
		class += " off"
	}
	p.f(`<path class="%s" d="%s"><title>%s</title></path>`+"\n", class, rounded(p.line(from, i)),
		escape(b.name+" · "+e.label+" → "+p.blocks[e.to].name))
}

func (p *picture) block(i int) {
	b, c := &p.blocks[i], &p.cells[i]
	class := "b " + b.family
	if !b.reached {
		class += " off"
	}
	if len(b.visits) > 0 {
		class += " v"
		if p.Path[len(p.Path)-1].Action == b.id {
			class += " last"
		}
	}
	anchor := ""
	if p.Inline {
		anchor = fmt.Sprintf(` id="%s" tabindex="-1"`, escape(Anchor(p.ID, b.id)))
	}
	p.f(`<g%s class="%s" transform="translate(%s %s)" role="graphics-symbol" aria-roledescription="action" aria-label="%s">`+"\n",
		anchor, class, num(p.left(c.layer)), num(c.y), escape(p.spoken(i)))
	p.f(`<title>%s</title><rect class="box" width="%d" height="%s" rx="8"/><path class="bar" d="M8 0H%d a8 8 0 0 1 8 8H0a8 8 0 0 1 8 -8z"/>`,
		escape(b.id+"\n"+b.kind+"\n"+b.detail), blockWidth, num(c.h), blockWidth-8)
	p.f("\n"+`<g clip-path="url(#%sc)">`, escape(p.ID))
	y := float64(blockPad + nameRow - 4)
	for i, line := range b.names {
		if i > 0 {
			y += nameLine
		}
		p.f(`<text class="name" x="%d" y="%s">%s</text>`, textPad, num(y), escape(line))
	}
	for _, line := range b.kinds {
		y += kindRow
		p.f(`<text class="kind" x="%d" y="%s">%s</text>`, textPad, num(y), escape(line))
	}
	for _, line := range b.lines {
		y += detailRow
		p.f(`<text class="detail" x="%d" y="%s">%s</text>`, textPad, num(y), escape(line))
	}
	p.f("</g>\n")
	p.exits(b)
	if p.incoming(i) {
		p.f(`<path class="arrow" d="M0 %dl-%d -4.5v9z"/>`, entryOffset, arrow)
	}
	p.badge(b)
	p.f("</g>\n")
}

// kindLine is the type, or of a block that goes by its type, the beginning of the identifier.
func kindLine(b *block) string {
	if isUUID(b.id) {
		return b.id[:8]
	}
	return b.kind
}

// exits are the rows of branches, with a dot where each line begins.
func (p *picture) exits(b *block) {
	if rows(b) > 0 {
		p.f(`<path class="rule" d="M0 %sH%d"/>`, num(body(b)), blockWidth)
	}
	for j := range b.exits {
		e := &b.exits[j]
		y := exitOffset(b, j)
		class := []string{"next", "cond", "err"}[e.way]
		label := visible(e.label)
		if e.to < 0 {
			class += " lost"
			label += " → " + missing(visible(e.lost))
		}
		if e.taken {
			class += " v"
		}
		size := float64(exitSize)
		if e.to < 0 || e.taken {
			size *= bold
		}
		if e.way != onward || e.to < 0 {
			p.f(`<text class="exit %s" x="%d" y="%s" text-anchor="end" clip-path="url(#%sc)">%s</text>`, class, blockWidth-textPad, num(y+4), escape(p.ID), escape(fit(label, size, textWidth)))
		}
		p.f(`<circle class="dot %s" cx="%d" cy="%s" r="3.5"/>`+"\n", class, blockWidth, num(y))
	}
}

func missing(id string) string {
	if id == "" {
		return "nowhere"
	}
	return "? " + id
}

// incoming says whether a line leads to a block.
func (p *picture) incoming(to int) bool {
	return to == p.start || slices.ContainsFunc(p.blocks, func(b block) bool {
		return slices.ContainsFunc(b.exits, func(e exit) bool { return e.to == to })
	})
}

// maxVisits is how many ordinals fit on a badge.
const maxVisits = 4

// badge says at which steps of the path a block was come by.
func (p *picture) badge(b *block) {
	if len(b.visits) == 0 {
		return
	}
	var steps []string
	for _, n := range b.visits[:min(len(b.visits), maxVisits)] {
		steps = append(steps, strconv.Itoa(n))
	}
	s := strings.Join(steps, ", ")
	if more := len(b.visits) - maxVisits; more > 0 {
		s += " +" + strconv.Itoa(more)
	}
	w := width(s, 11) + 14
	p.f(`<rect class="badge" x="%s" y="-10" width="%s" height="20" rx="10"/><text class="badge" x="%s" y="4" text-anchor="middle">%s</text>`+"\n",
		num(blockWidth-w-8), num(w), num(blockWidth-w/2-8), s)
}

// spoken is a block in a sentence, for those who hear the picture.
func (p *picture) spoken(i int) string {
	b := &p.blocks[i]
	var s strings.Builder
	if i == p.start {
		s.WriteString("Start: ")
	}
	s.WriteString(b.name + ", " + spaced(b.kind))
	if b.detail != "" {
		s.WriteString(": " + b.detail)
	}
	s.WriteString(".")
	for _, e := range b.exits {
		to := "nowhere"
		if e.to >= 0 {
			to = p.blocks[e.to].name
		}
		s.WriteString(" " + e.label + " leads to " + to)
		if e.taken {
			s.WriteString(", taken")
		}
		s.WriteString(".")
	}
	if !b.reached {
		s.WriteString(" Nothing leads here.")
	}
	for n, step := range b.visits {
		if n == 0 {
			s.WriteString(" Step")
		}
		s.WriteString(" " + strconv.Itoa(step))
	}
	return s.String()
}

// rounded is a path along points with round corners.
func rounded(points []point) string {
	var b strings.Builder
	b.WriteString("M" + num(points[0].x) + " " + num(points[0].y))
	for i := 1; i < len(points)-1; i++ {
		in, at, out := points[i-1], points[i], points[i+1]
		r := min(corner, distance(in, at)/2, distance(at, out)/2)
		if r < .5 {
			b.WriteString("L" + num(at.x) + " " + num(at.y))
			continue
		}
		from, to := towards(at, in, r), towards(at, out, r)
		b.WriteString("L" + num(from.x) + " " + num(from.y) + "Q" + num(at.x) + " " + num(at.y) + " " + num(to.x) + " " + num(to.y))
	}
	end := points[len(points)-1]
	b.WriteString("L" + num(end.x) + " " + num(end.y))
	return b.String()
}

func distance(a, b point) float64 { return math.Hypot(a.x-b.x, a.y-b.y) }

func towards(from, to point, r float64) point {
	d := distance(from, to)
	return point{from.x + (to.x-from.x)*r/d, from.y + (to.y-from.y)*r/d}
}

// num writes a coordinate, to a tenth.
func num(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;", "\n", "&#10;")

// escape writes a text so that XML and HTML take it for nothing else.
func escape(s string) string {
	rows := strings.Split(s, "\n")
	for i, row := range rows {
		rows[i] = visible(row)
	}
	return entities.Replace(strings.Join(rows, "\n"))
}
