package center

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

func (v SegmentAttribute) members() int {
	n := 0
	for _, set := range []bool{v.ValueString != nil, v.ValueMap != nil, v.ValueInteger != nil, v.ValueList != nil, v.ValueArn != nil} {
		if set {
			n++
		}
	}
	return n
}

// systemKey begins the keys of segment attributes that Amazon Connect itself sets.
const systemKey = "connect:"
