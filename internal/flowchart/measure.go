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

// fit cuts a text to a width.
func fit(s string, size, most float64) string {
	if width(s, size) <= most {
		return s
	}
	most -= advance('…') * size
	w := 0.0
	for i, r := range s {
		if w += advance(r) * size; w > most {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

// The room for text in a block.
const (
	textPad    = 13
	textWidth  = blockWidth - 2*textPad
	nameSize   = 13.5
	kindSize   = 11
	detailSize = 12
	exitSize   = 11.5
	maxLines   = 2
	bold       = 1.07 // how much wider bold letters are
)

// lines breaks a detail into at most maxLines.
func lines(detail string) (all []string) {
	words := strings.FieldsFunc(visible(detail), unicode.IsSpace)
	line := ""
	for i, word := range words {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if width(longer, detailSize) <= textWidth {
			line = longer
			continue
		}
		if line == "" || len(all) == maxLines-1 {
			return append(all, fit(strings.TrimPrefix(line+" "+strings.Join(words[i:], " "), " "), detailSize, textWidth))
		}
		all, line = append(all, line), word
		if width(word, detailSize) > textWidth {
			return append(all, fit(strings.Join(words[i:], " "), detailSize, textWidth))
		}
	}
	if line != "" {
		all = append(all, line)
	}
	return all
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
