package flow

import "slices"

// References are the paths of the references in a text, such as [Attributes name] for $.Attributes.name, and whether the
// whole text is one reference.
func References(s string) (paths [][]string, whole bool) {
	if ref := wholeReference(s); ref != nil {
		return [][]string{ref.names()}, true
	}
	for _, p := range newText(s).parts {
		if p.ref != nil {
			paths = append(paths, p.ref.names())
		}
	}
	return paths, false
}

func (ref *reference) names() []string { return slices.Concat([]string{ref.root}, ref.path) }
