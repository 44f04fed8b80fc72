package center

import "maps"

// maxAttributeBytes is how large the contact attributes may be, all keys and values together.
const maxAttributeBytes = 32768

// checkAttributes applies the rules for contact attributes: keys of letters, digits, dash and underscore, and at
// most 32,768 bytes of UTF-8 over all keys and values.
func checkAttributes(a map[string]string) error {
	for k := range a {
		if !validKey(k) {
			return Refuse(InvalidRequest, "Attributes keys may hold letters, digits, - and _ only; one of %d characters does not", len([]rune(k)))
		}
	}
	if n := attributeBytes(a); n > maxAttributeBytes {
		return Refuse(InvalidRequest, "Attributes must be at most %d bytes of UTF-8 over all keys and values, got %d", maxAttributeBytes, n)
	}
	return nil
}

func validKey(k string) bool {
	for i := 0; i < len(k); i++ {
		c := k[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return k != ""
}

func attributeBytes(a map[string]string) int {
	n := 0
	for k, v := range a {
		n += len(k) + len(v)
	}
	return n
}

// SetAttributes merges attributes into the session's. A key cannot be taken away; an empty value frees its space.
func (d *Draft) SetAttributes(set map[string]string) error {
	if err := checkAttributes(set); err != nil {
		return err
	}
	merged := maps.Clone(d.Chat.Attributes)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, set)
	if n := attributeBytes(merged); n > maxAttributeBytes {
		return Refuse(InvalidRequest, "Attributes must be at most %d bytes of UTF-8 over all keys and values, with those already set it would be %d", maxAttributeBytes, n)
	}
	d.PutAttributes(merged)
	return nil
}

// PutAttributes replaces the whole map, already checked.
func (d *Draft) PutAttributes(all map[string]string) {
	c := d.Edit()
	c.Attributes = all
	c.Current().LastUpdate = d.Now
}
