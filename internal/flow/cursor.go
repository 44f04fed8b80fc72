package flow

// cursor walks JSON that is known to be valid, and so has no errors to report.
// It never recurses: what is nested deep costs no stack.
type cursor[T ~string | ~[]byte] struct {
	src T
	at  int
}

func (c *cursor[T]) space() {
	for c.at < len(c.src) {
		switch c.src[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

// word steps over a number, true, false or null.
func (c *cursor[T]) word() {
	for c.at < len(c.src) {
		switch c.src[c.at] {
		case ' ', '\t', '\n', '\r', ',', ':', ']', '}':
			return
		}
		c.at++
	}
}

// stringEnd steps over a string and says whether it holds escapes.
func (c *cursor[T]) stringEnd() (escaped bool) {
	for c.at++; c.src[c.at] != '"'; c.at++ {
		if c.src[c.at] == '\\' {
			escaped = true
			c.at++
		}
	}
	c.at++
	return escaped
}

// enter steps over what opens or separates the members of a container, and
// says whether another member follows. At the end it steps over end.
func (c *cursor[T]) enter(end byte) bool {
	c.space()
	switch c.src[c.at] {
	case end:
		c.at++
		return false
	case '{', '[', ',':
		c.at++
		c.space()
	}
	if c.src[c.at] == end {
		c.at++
		return false
	}
	return true
}

// skip steps over a value and the space before it, and returns where the value
// begins.
func (c *cursor[T]) skip() (start int) {
	c.space()
	start = c.at
	for depth := 0; ; {
		switch c.src[c.at] {
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			depth--
			c.at++
		case '"':
			c.stringEnd()
		case ' ', '\t', '\n', '\r', ',', ':':
			c.at++
			continue
		default:
			c.word()
		}
		if depth == 0 {
			return start
		}
	}
}
