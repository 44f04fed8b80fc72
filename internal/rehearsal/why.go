package rehearsal

// why says why no play took a branch, "" when nothing is known to keep a contact from it.
func (x *exploration) why(b *block, branch string, reached bool) string {
	if !reached {
		return "no branch that was taken leads here"
	}
	return ""
}
