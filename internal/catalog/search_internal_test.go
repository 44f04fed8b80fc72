package catalog

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
)

// thing is a record with a field of each sort.
type thing struct {
	id, name, note, zone, day, state, group string
	others                                  []string
	tags                                    map[string]string
	items                                   []item
	hidden                                  bool
}

// groups are hierarchy groups by the one that each is in.
var groups = map[string]string{"g1": "", "g2": "g1", "g3": "g2", "g4": "g1", "g5": ""}

func things() *Kind[thing] {
	key := func(t *thing) (string, string) { return t.id, t.name }
	return &Kind[thing]{
		rows: "thing", word: "thing", key: key, tags: func(t *thing) *map[string]string { return &t.tags },
		fields: append(headFields(byName, key, func(t *thing) string { return t.note }, parseID("thing")),
			field[thing]{name: "timezone", how: byText, one: func(t *thing) string { return t.zone }},
			field[thing]{name: "others", how: byID, parse: parseID("other"), some: func(t *thing, match func(string) bool) bool { return slices.ContainsFunc(t.others, match) }},
			field[thing]{name: "EffectiveFrom", how: byDate, one: func(t *thing) string { return t.day }},
			wordField("StateCondition", func(t *thing) string { return t.state }),
			field[thing]{name: "Group", how: byGroup, parse: parseID("agent-group"), one: func(t *thing) string { return t.group }, below: belowGroup},
			field[thing]{name: "PROFICIENCIES", how: byItems, items: func(t *thing, match func(item) bool) bool { return slices.ContainsFunc(t.items, match) }}),
		hidden: func(t *thing) bool { return t.hidden },
	}
}

// searched is a search among some things.
func searched(ctx context.Context, k *Kind[thing], some []thing, after string, limit int, where []Condition) ([]*thing, int, error) {
	p := planning{fields: k.heads(), ctx: ctx}
	holds, err := p.each(where, 1)
	if err != nil {
		return nil, 0, err
	}
	return k.pick(ctx, k.inOrder(some), after, limit, holds)
}

func belowGroup(_ context.Context, _ *Catalog, _ center.InstanceID, group string) (map[string]bool, error) {
	found := map[string]bool{group: true}
	for g := range groups {
		if naiveBelow(g, group) {
			found[g] = true
		}
	}
	return found, nil
}

// holds is the twin of the evaluator: it reads a condition as the specification does, one record and member at a time.
func holds(c *Condition, t *thing) bool {
	ok := true
	if len(c.Any) > 0 {
		n := 0
		for i := range c.Any {
			if holds(&c.Any[i], t) {
				n++
			}
		}
		ok = ok && n > 0
	}
	for i := range c.All {
		ok = ok && holds(&c.All[i], t)
	}
	if c.Text != nil {
		ok = ok && naiveText(c.Text, t)
	}
	if c.Date != nil {
		d, v := t.day, *c.Date.Value
		ok = ok && map[string]bool{"": d == v, "EQUAL_TO": d == v, "GREATER_THAN": d > v, "GREATER_THAN_OR_EQUAL_TO": d >= v, "LESS_THAN": d < v, "LESS_THAN_OR_EQUAL_TO": d <= v}[c.Date.Comparison]
	}
	if word, asked := c.Words["StateCondition"]; asked {
		ok = ok && t.state == word
	}
	if c.Tag != nil {
		v, has := t.tags[*c.Tag.Key]
		ok = ok && has && (c.Tag.Value == nil || *c.Tag.Value == v)
	}
	if c.Group != nil {
		id := strings.TrimPrefix(*c.Group.Group, "arn:x/agent-group/")
		ok = ok && (t.group == id || c.Group.Children && naiveBelow(t.group, id))
	}
	if c.List != nil {
		n := 0
		for _, i := range t.items {
			fits := true
			for _, e := range c.List.Of {
				if e.Text != nil {
					v := i.name
					if strings.ToUpper(*e.Text.Field) == "VALUE" {
						v = i.value
					}
					fits = fits && naiveCompare(e.Text.Comparison, strings.ToLower(v), strings.ToLower(*e.Text.Value))
				}
				if e.Number != nil {
					fits = fits && naiveNumber(e.Number, i.level)
				}
			}
			if fits {
				n++
			}
		}
		ok = ok && n > 0
	}
	return ok
}

func naiveBelow(g, top string) bool {
	for ; g != ""; g = groups[g] {
		if g == top {
			return true
		}
	}
	return false
}

func naiveText(c *TextCondition, t *thing) bool {
	value := *c.Value
	lower := strings.ToLower
	switch lower(*c.Field) {
	case "name":
		return naiveCompare(c.Comparison, lower(t.name), lower(value))
	case "description":
		return naiveCompare(c.Comparison, lower(t.note), lower(value))
	case "timezone":
		return naiveCompare(c.Comparison, lower(t.zone), lower(value))
	case "resourceid":
		if c.Comparison == "EXACT" || c.Comparison == "" {
			value = strings.TrimPrefix(value, "arn:x/thing/")
		}
		return naiveCompare(c.Comparison, t.id, value)
	}
	for _, other := range t.others {
		if naiveCompare(c.Comparison, other, value) {
			return true
		}
	}
	return false
}

func naiveCompare(comparison, has, asked string) bool {
	switch comparison {
	case "STARTS_WITH":
		return len(has) >= len(asked) && has[:len(asked)] == asked
	case "CONTAINS":
		for i := range len(has) + 1 {
			if naiveCompare("STARTS_WITH", has[i:], asked) {
				return true
			}
		}
		return false
	}
	return has == asked
}

func naiveNumber(c *NumberCondition, n float64) bool {
	low, high := math.Inf(-1), math.Inf(1)
	if c.Min != nil {
		low = float64(*c.Min)
	}
	if c.Max != nil {
		high = float64(*c.Max)
	}
	return map[string]bool{
		"": n == low, "EQUAL": n == low, "NOT_EQUAL": n != low, "GREATER": n > low, "GREATER_OR_EQUAL": n >= low,
		"LESSER": n < high, "LESSER_OR_EQUAL": n <= high, "RANGE": n >= low && n <= high,
	}[c.Comparison]
}

// Draws of small alphabets, so that conditions hold for some records and not for others.
var (
	aText   = rapid.SampledFrom([]string{"", "a", "A", "aa", "aA", "ab", "Ba", "aBa", "é", "É", "Éa", "baÉa", "ſİ", "ΣΣς", "a\x00a"})
	anID    = rapid.StringMatching(`[ab]{1,2}`)
	aDay    = rapid.SampledFrom([]string{"2026-01-01", "2026-02-28", "2026-03-01"})
	aState  = rapid.SampledFrom([]string{"ACTIVE", "ARCHIVED"})
	aGroup  = rapid.SampledFrom([]string{"g1", "g2", "g3", "g4", "g5", "g6"})
	aString = rapid.SampledFrom([]string{"", "EXACT", "STARTS_WITH", "CONTAINS"})
)

func aThing(id string) *rapid.Generator[thing] {
	return rapid.Custom(func(t *rapid.T) thing {
		return thing{
			id: id, name: aText.Draw(t, "name"), note: aText.Draw(t, "note"), zone: aText.Draw(t, "zone"), day: aDay.Draw(t, "day"), state: aState.Draw(t, "state"),
			group: cmp.Or(rapid.OneOf(aGroup, rapid.Just("")).Draw(t, "group"), ""), others: rapid.SliceOfN(anID, 0, 3).Draw(t, "others"),
			tags: rapid.MapOfN(rapid.SampledFrom([]string{"k", "K", "l"}), rapid.SampledFrom([]string{"", "v", "V"}), 0, 3).Draw(t, "tags"),
			items: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) item {
				return item{aText.Draw(t, "item"), aText.Draw(t, "value"), float64(rapid.IntRange(1, 5).Draw(t, "level"))}
			}), 0, 3).Draw(t, "items"),
			hidden: rapid.IntRange(0, 9).Draw(t, "hidden") == 0,
		}
	})
}

func drawText(t *rapid.T) *TextCondition {
	c := TextCondition{Field: new(string), Value: new(string), Comparison: aString.Draw(t, "comparison")}
	*c.Field = rapid.SampledFrom([]string{"name", "NAME", "description", "timezone", "TimeZone", "resourceID", "resourceId", "others"}).Draw(t, "field")
	switch strings.ToLower(*c.Field) {
	case "resourceid":
		*c.Value = rapid.OneOf(rapid.SampledFrom([]string{"t01", "arn:x/thing/t02", "t0", "T01"}), anID).Draw(t, "id")
		if c.Comparison == "" || c.Comparison == "EXACT" { // Ids that are asked for are read as everywhere.
			*c.Value = strings.ToLower(*c.Value)
		}
	case "others":
		*c.Value = anID.Draw(t, "id")
	case "timezone":
		*c.Value = aText.Draw(t, "value")
	default:
		if *c.Value = aText.Draw(t, "value"); c.Comparison == "CONTAINS" {
			for n := utf8.RuneCountInString(*c.Value); n < minContains; n++ {
				*c.Value += "a"
			}
		}
	}
	return &c
}

func drawCondition(t *rapid.T, depth int) Condition {
	var c Condition
	ptr := func(s string) *string { return &s }
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 0}).Draw(t, "members") {
		switch rapid.IntRange(0, 6).Draw(t, "leaf") {
		case 0, 1:
			c.Text = drawText(t)
		case 2:
			c.Date = &DateCondition{ptr(rapid.SampledFrom([]string{"EffectiveFrom", "effectivefrom"}).Draw(t, "field")), ptr(aDay.Draw(t, "day")),
				rapid.SampledFrom([]string{"", "GREATER_THAN", "LESS_THAN", "GREATER_THAN_OR_EQUAL_TO", "LESS_THAN_OR_EQUAL_TO", "EQUAL_TO"}).Draw(t, "comparison")}
		case 3:
			c.Words = map[string]string{"StateCondition": aState.Draw(t, "state")}
		case 4:
			c.Tag = &TagCondition{Key: ptr(rapid.SampledFrom([]string{"k", "K", "m"}).Draw(t, "key"))}
			if rapid.Bool().Draw(t, "valued") {
				c.Tag.Value = ptr(rapid.SampledFrom([]string{"", "v", "V"}).Draw(t, "value"))
			}
		case 5:
			c.Group = &GroupCondition{ptr(rapid.SampledFrom([]string{"", "arn:x/agent-group/"}).Draw(t, "form") + aGroup.Draw(t, "group")), rapid.Bool().Draw(t, "children")}
		case 6:
			c.List = &ListCondition{List: ptr("PROFICIENCIES")}
			for range rapid.IntRange(0, 2).Draw(t, "elements") {
				var e ElementCondition
				if rapid.IntRange(0, 2).Draw(t, "text") == 0 {
					e.Text = &TextCondition{ptr(rapid.SampledFrom([]string{"name", "Value"}).Draw(t, "field")), ptr(aText.Draw(t, "value")), aString.Draw(t, "comparison")}
				}
				if rapid.Bool().Draw(t, "number") {
					low, high := rapid.Int64Range(0, 3).Draw(t, "low"), rapid.Int64Range(3, 6).Draw(t, "high")
					e.Number = &NumberCondition{ptr("limit"), &low, &high, rapid.SampledFrom([]string{"", "GREATER_OR_EQUAL", "GREATER", "LESSER_OR_EQUAL", "LESSER", "EQUAL", "NOT_EQUAL", "RANGE"}).Draw(t, "comparison")}
				}
				c.List.Of = append(c.List.Of, e)
			}
		}
	}
	if depth > 1 {
		for range rapid.IntRange(0, 2).Draw(t, "or") {
			c.Any = append(c.Any, drawCondition(t, depth-1))
		}
		for range rapid.IntRange(0, 2).Draw(t, "and") {
			c.All = append(c.All, drawCondition(t, depth-1))
		}
	}
	return c
}

// A search finds, in pages of any length, what its twin finds by looking at one record after the other.
func TestSearchesFindWhatHolds(t *testing.T) {
	sizes := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		var some []thing
		for i := range rapid.IntRange(0, 12).Draw(t, "records") {
			some = append(some, aThing(fmt.Sprintf("t%02d", i)).Draw(t, "record"))
		}
		for range 20 {
			// Most conditions ask for one thing; what many ask for together no record has.
			where := []Condition{drawCondition(t, rapid.SampledFrom([]int{1, 1, 2, 4}).Draw(t, "depth"))}
			if rapid.IntRange(0, 3).Draw(t, "filtered") == 0 {
				where = append(where, drawCondition(t, 1))
			}
			n := comparePages(t, some, where)
			switch {
			case n == 0:
				sizes["none"]++
			case n == len(some):
				sizes["all"]++
			default:
				sizes["some"]++
			}
		}
	})
	if sizes["some"] < sizes["none"]/4 || sizes["some"] < sizes["all"]/4 {
		t.Errorf("conditions hold for too few or for too many records: %v", sizes)
	}
}

// comparePages compares all pages of a search with what its twin finds, and returns how many records that is.
func comparePages(t *rapid.T, some []thing, where []Condition) int {
	var want []string
	for _, one := range slices.SortedFunc(slices.Values(some), func(a, b thing) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) }) {
		if !one.hidden && !slices.ContainsFunc(where, func(c Condition) bool { return !holds(&c, &one) }) {
			want = append(want, one.id)
		}
	}
	k, limit := things(), rapid.IntRange(1, 13).Draw(t, "limit")
	var got []string
	for after := ""; ; {
		found, total, err := searched(t.Context(), k, some, after, limit, where)
		if err != nil {
			t.Fatal(err)
		}
		if total != len(want) {
			t.Fatalf("the search counts %d, want %d: %+v", total, len(want), where)
		}
		for _, r := range found {
			got = append(got, r.id)
		}
		if len(found) < limit {
			break
		}
		if after = k.Place(&found[len(found)-1]); !k.IsPlace(after) {
			t.Fatalf("%q is no place", after)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("found %v, want %v, for %+v", got, want, where)
	}
	return len(want)
}

// What is there from the first page to the last is found once, whatever comes and goes between the pages.
func TestSearchPagesWhileRecordsChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var some []thing
		next := 0
		add := func() {
			some = append(some, aThing(fmt.Sprintf("t%02d", next)).Draw(t, "record"))
			some[len(some)-1].hidden = false
			next++
		}
		for range rapid.IntRange(1, 15).Draw(t, "records") {
			add()
		}
		stays := map[string]bool{}
		for _, one := range some {
			stays[one.id] = true
		}
		k, seen := things(), map[string]int{}
		for after := ""; ; {
			found, _, err := searched(t.Context(), k, some, after, 3, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range found {
				seen[r.id]++
			}
			if len(found) < 3 {
				break
			}
			after = k.Place(&found[2])
			for range rapid.IntRange(0, 2).Draw(t, "gone") {
				if i := rapid.IntRange(0, len(some)).Draw(t, "which"); i < len(some) {
					delete(stays, some[i].id)
					some = slices.Delete(slices.Clone(some), i, i+1)
				}
			}
			if next < 60 && rapid.Bool().Draw(t, "new") {
				some = slices.Clone(some)
				add()
			}
		}
		for id := range stays {
			if seen[id] != 1 {
				t.Fatalf("%s was there all the time and was found %d times", id, seen[id])
			}
		}
		for id, n := range seen {
			if n > 1 {
				t.Fatalf("%s was found %d times", id, n)
			}
		}
	})
}

// Conditions that cannot be are refused with the member, the rule and what was given.
func TestConditionsAreRefused(t *testing.T) {
	ptr := func(s string) *string { return &s }
	text := func(field, value, comparison string) Condition {
		return Condition{At: "C", Text: &TextCondition{ptr(field), ptr(value), comparison}}
	}
	number := func(c NumberCondition) Condition {
		return Condition{At: "C", List: &ListCondition{ptr("PROFICIENCIES"), []ElementCondition{{Number: &c}}}}
	}
	one, two := int64(1), int64(2)
	deep := func(n int) Condition {
		c := Condition{At: "C"}
		for range n - 1 {
			c = Condition{At: "C", Any: []Condition{c}}
		}
		return c
	}
	for _, c := range []struct {
		where []Condition
		want  string // "": it is taken
	}{
		{[]Condition{text("name", "a", "CONTAINS")}, "C.StringCondition.Value must have 2 to 25 characters when name is compared with CONTAINS, got 1"},
		{[]Condition{text("Description", strings.Repeat("é", 26), "CONTAINS")}, "C.StringCondition.Value must have 2 to 25 characters when description is compared with CONTAINS, got 26"},
		{[]Condition{text("name", strings.Repeat("é", 25), "CONTAINS")}, ""},
		{[]Condition{text("name", "a", "STARTS_WITH")}, ""},
		{[]Condition{text("timezone", "", "CONTAINS")}, ""},
		{[]Condition{text("size", "a", "")}, "C.StringCondition.FieldName must be one of name, description, resourceID, timezone, others, got another of 4 characters"},
		{[]Condition{text("EffectiveFrom", "2026-01-01", "")}, "C.StringCondition.FieldName must be one of"},
		{[]Condition{text("StateCondition", "ACTIVE", "")}, "C.StringCondition.FieldName must be one of"},
		{[]Condition{text("name", "a", "LIKE")}, "C.StringCondition.ComparisonType must be one of STARTS_WITH, CONTAINS, EXACT, got another of 4 characters"},
		{[]Condition{{At: "C", Text: &TextCondition{Value: ptr("a")}}}, "C.StringCondition.FieldName is required"},
		{[]Condition{{At: "C", Text: &TextCondition{Field: ptr("name")}}}, "C.StringCondition.Value is required"},
		{[]Condition{{At: "C", Any: []Condition{{At: "C.Or[0]", Text: &TextCondition{Field: ptr("name")}}}}}, "C.Or[0].StringCondition.Value is required"},
		{[]Condition{{At: "C", Date: &DateCondition{ptr("EffectiveFrom"), ptr("2026-02-30"), ""}}}, "C.DateCondition.Value must be a date"},
		{[]Condition{{At: "C", Date: &DateCondition{ptr("EffectiveFrom"), nil, ""}}}, "C.DateCondition.Value is required"},
		{[]Condition{{At: "C", Date: &DateCondition{ptr("name"), ptr("2026-02-03"), ""}}}, "C.DateCondition.FieldName must be one of EffectiveFrom"},
		{[]Condition{{At: "C", Date: &DateCondition{ptr("EffectiveFrom"), ptr("2026-02-03"), "BEFORE"}}}, "C.DateCondition.ComparisonType must be one of"},
		{[]Condition{{At: "C", Tag: &TagCondition{}}}, "C.TagKey is required"},
		{[]Condition{{At: "C", Group: &GroupCondition{}}}, "C.HierarchyGroupCondition.Value is required"},
		{[]Condition{{At: "C", List: &ListCondition{}}}, "C.ListCondition.TargetListType is required"},
		{[]Condition{number(NumberCondition{ptr("level"), &one, &two, ""})}, "C.ListCondition.Conditions[0].NumberCondition.FieldName must be one of limit, got another of 5 characters"},
		{[]Condition{number(NumberCondition{nil, &one, &two, ""})}, "NumberCondition.FieldName is required"},
		{[]Condition{number(NumberCondition{ptr("limit"), nil, &two, "GREATER"})}, "NumberCondition.MinValue is required with the ComparisonType GREATER"},
		{[]Condition{number(NumberCondition{ptr("limit"), &one, nil, "RANGE"})}, "NumberCondition.MaxValue is required with the ComparisonType RANGE"},
		{[]Condition{number(NumberCondition{ptr("limit"), nil, &one, "LESSER"})}, ""},
		{[]Condition{number(NumberCondition{ptr("limit"), &two, &one, "RANGE"})}, "NumberCondition.MinValue must not be above MaxValue, got 2 and 1"},
		{[]Condition{number(NumberCondition{ptr("limit"), &two, &one, "NEAR"})}, "NumberCondition.ComparisonType must be one of"},
		{[]Condition{deep(maxConditionDepth)}, ""},
		{[]Condition{deep(maxConditionDepth + 1)}, "SearchCriteria must nest conditions at most 10 deep, got more"},
		{slices.Repeat([]Condition{{At: "C"}}, maxConditions), ""},
		{slices.Repeat([]Condition{{At: "C"}}, maxConditions+1), "must have at most 1000 conditions together, got more"},
		{[]Condition{{At: "C", List: &ListCondition{ptr("PROFICIENCIES"), make([]ElementCondition, maxConditions)}}}, "must have at most 1000 conditions together, got more"},
	} {
		_, _, err := searched(t.Context(), things(), nil, "", 1, c.where)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("refused: %v", err)
		case c.want != "" && (!center.Is(err, center.InvalidParameter) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("got %v, want a refusal with %q", err, c.want)
		}
	}
}

// Names of any length and content give places that fit into a token and lead on.
func TestPlacesOfLongNames(t *testing.T) {
	some := []thing{{id: "t1", name: strings.Repeat("n", 5000) + "1"}, {id: "t2", name: strings.Repeat("n", 5000)}, {id: "t3", name: "\x00"}, {id: "t4"}}
	k := things()
	var got []string
	for after := ""; ; {
		found, _, err := searched(t.Context(), k, some, after, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			break
		}
		got = append(got, found[0].id)
		if after = k.Place(&found[0]); len(after) > 1800 {
			t.Errorf("the place has %d bytes, which base64 makes longer than a token may be", len(after))
		}
	}
	if want := []string{"t4", "t3", "t1", "t2"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	for _, no := range []string{"", "thing", "thing\x00", "queue\x00name\x00id"} {
		if k.IsPlace(no) {
			t.Errorf("%q is taken for a place", no)
		}
	}
}
