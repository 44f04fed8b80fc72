package flowchart

import (
	"strings"
	"unicode"
)

// Nothing here knows fonts: widths are those of a common sans serif, a little generous.

// width of a text in pixels, at a size.
func width(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += advance(r)
	}
	return w * size
}

// advance is the width of a character, in ems.
func advance(r rune) float64 {
	switch {
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
		return 0
	case r >= 0x1100:
		return 1.05
	case strings.ContainsRune("iljtfrI.,:;'|!()[]{} ", r):
		return .33
	case strings.ContainsRune("mwMW@%…—", r):
		return .9
	case unicode.IsUpper(r):
		return .69
	}
	return .59
}

// The room for text in a block.
const (
	textPad    = 13
	textWidth  = blockWidth - 2*textPad
	nameSize   = 13.5
	kindSize   = 11
	detailSize = 12
	exitSize   = 11.5
	titleSize  = 20
	sumSize    = 12
	maxNames   = 3    // lines of a block's name
	maxKinds   = 2    // lines of its type
	maxLines   = 2    // lines of a block's detail
	maxTitles  = 3    // lines of the picture's title
	bold       = 1.07 // how much wider bold letters are
)

// lines breaks a detail into at most maxLines.
func lines(detail string) []string { return wrap(detail, detailSize, textWidth, maxLines) }

// names breaks the name of a block into at most maxNames lines, of which there is at least one.
func names(b *block) []string {
	all := wrap(b.name, nameSize*bold, textWidth, maxNames)
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

// fit is a text on one line.
func fit(s string, size, most float64) string {
	return strings.Join(wrap(s, size, most, 1), "")
}

// piece is a word, or a part of one that is too long for a line.
type piece struct {
	text string
	glue bool // no space before it
}

func (p piece) after(line string) string {
	if p.glue || line == "" {
		return line + p.text
	}
	return line + " " + p.text
}

// wrap breaks a text into lines of at most a width. What does not fit into most lines ends in "…", behind a whole word
// where the line has one. A word that is longer than a line is broken where it has parts: behind a mark, before a capital.
func wrap(s string, size, most float64, maxLines int) (all []string) {
	pieces := pieces(s, size, most)
	for at := 0; at < len(pieces); {
		line, next := pieces[at].text, at+1
		for next < len(pieces) && width(pieces[next].after(line), size) <= most {
			line = pieces[next].after(line)
			next++
		}
		if len(all) == maxLines-1 && next < len(pieces) {
			return append(all, shortened(pieces[at:next], pieces[next], size, most))
		}
		all, at = append(all, line), next
	}
	return all
}

// shortened is a line that goes on beyond its end, where next would follow.
func shortened(on []piece, next piece, size, most float64) string {
	for n := len(on); n > 0; n-- {
		if n < len(on) {
			next = on[n]
		}
		line := ""
		for _, p := range on[:n] {
			line = p.after(line)
		}
		// Between two parts of a word only where there is no whole word before.
		whole := !next.glue || !hasSpace(on[:n])
		if whole && width(line, size)+advance('…')*size <= most {
			return line + "…"
		}
	}
	if len(on) > 0 {
		next = on[0]
	}
	return parts(next.text, size, most-advance('…')*size)[0] + "…"
}

func hasSpace(on []piece) bool {
	for i, p := range on {
		if i > 0 && !p.glue {
			return true
		}
	}
	return false
}

// pieces are the words of a text, none wider than a line.
func pieces(s string, size, most float64) (all []piece) {
	for _, word := range strings.FieldsFunc(visible(s), unicode.IsSpace) {
		if width(word, size) <= most {
			all = append(all, piece{text: word})
			continue
		}
		for i, part := range parts(word, size, most) {
			all = append(all, piece{text: part, glue: i > 0})
		}
	}
	return all
}

// parts breaks a word that is wider than a line: behind marks and before capitals, and in a part that is itself wider than
// a line, anywhere.
func parts(word string, size, most float64) (all []string) {
	start, last := 0, 0 // of the part, and where it could end
	var before rune
	for i, r := range word {
		if i > start && (strings.ContainsRune("-_./:,;=&?|@#+", before) || unicode.IsUpper(r) && !unicode.IsUpper(before)) {
			last = i
		}
		if i > start && width(word[start:i], size)+advance(r)*size > most {
			if last <= start {
				last = i
			}
			all = append(all, word[start:last])
			start = last
		}
		before = r
	}
	return append(all, word[start:])
}

// visible takes out of a text what XML cannot hold, and what would change the direction or the place of what is written
// around it.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) && r != '\u200d' || r == 0xfffe || r == 0xffff:
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
