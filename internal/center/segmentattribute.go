package center

import (
	"maps"
	"slices"
	"strings"
)

// SegmentAttribute is the API's union: exactly one member is set.
type SegmentAttribute struct {
	ValueString  *string                     `json:"s,omitempty"`
	ValueMap     map[string]SegmentAttribute `json:"m,omitempty"`
	ValueInteger *int64                      `json:"i,omitempty"`
	ValueList    []SegmentAttribute          `json:"l,omitempty"`
	ValueArn     *string                     `json:"a,omitempty"`
}

// whole says that the value, and every value within it, has exactly one member set.
func (v SegmentAttribute) whole() bool {
	for _, within := range v.ValueMap {
		if !within.whole() {
			return false
		}
	}
	for _, within := range v.ValueList {
		if !within.whole() {
			return false
		}
	}
	return v.members() == 1
}

// equal says that both hold the same.
func (v SegmentAttribute) equal(w SegmentAttribute) bool {
	return sameValue(v.ValueString, w.ValueString) && sameValue(v.ValueInteger, w.ValueInteger) && sameValue(v.ValueArn, w.ValueArn) &&
		maps.EqualFunc(v.ValueMap, w.ValueMap, SegmentAttribute.equal) && slices.EqualFunc(v.ValueList, w.ValueList, SegmentAttribute.equal)
}

func sameValue[V comparable](a, b *V) bool { return a == b || a != nil && b != nil && *a == *b }

func (v SegmentAttribute) members() int {
	n := 0
	for _, set := range []bool{v.ValueString != nil, v.ValueMap != nil, v.ValueInteger != nil, v.ValueList != nil, v.ValueArn != nil} {
		if set {
			n++
		}
	}
	return n
}

// checkUserSegments applies the rules for segment attributes that users define.
func checkUserSegments(all map[string]SegmentAttribute) error {
	for k, v := range all {
		switch {
		case !v.whole():
			return Refuse(InvalidRequest, "SegmentAttributes values must have exactly one member set, at every depth")
		case strings.HasPrefix(k, systemKey):
			return Refuse(InvalidRequest, "SegmentAttributes may set no system key but connect:Subtype")
		case !validKey(k):
			return Refuse(InvalidRequest, "SegmentAttributes keys may hold letters, digits, - and _ only; one of %d characters does not", len([]rune(k)))
		}
	}
	return nil
}

// UserSegments are the segment attributes that users have defined, which are held against the instance's predefined ones.
func UserSegments(all map[string]SegmentAttribute) map[string]SegmentAttribute {
	if _, ok := all[SubtypeKey]; !ok {
		return all
	}
	rest := maps.Clone(all)
	delete(rest, SubtypeKey)
	return rest
}

// systemKey begins the keys of segment attributes that Amazon Connect itself sets.
const systemKey = "connect:"
