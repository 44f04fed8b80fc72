package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// Bounds of what one search may ask (inferred: Amazon Connect documents none). A request's body nests deeper only to
// be refused, and a search compares every record with every condition.
const (
	maxConditionDepth = 10
	maxConditions     = 1000
)

// maxPlaceName is how many bytes of a name count in the order of searches, so that a place fits into a NextToken.
const maxPlaceName = 512

// Condition is what a search asks of a record. All members that are given must hold: an empty one holds for every record.
type Condition struct {
	At       string // where the request has it, for refusals
	Any, All []Condition
	Text     *TextCondition
	Date     *DateCondition
	Words    map[string]string // what a record has word for word, by the members of the request that ask for it
	Tag      *TagCondition
	Group    *GroupCondition
	List     *ListCondition
}

// TextCondition compares a text or an id.
type TextCondition struct {
	Field, Value *string
	Comparison   string // a StringComparisonType; "" is EXACT
}

// DateCondition compares a date.
type DateCondition struct {
	Field, Value *string
	Comparison   string // a DateComparisonType; "" is EQUAL_TO
}

// TagCondition asks for a tag, with a value or with any.
type TagCondition struct{ Key, Value *string }

// GroupCondition asks for those in a hierarchy group, or also in the groups below it.
type GroupCondition struct {
	Group    *string // an id or ARN
	Children bool
}

// ListCondition asks for an element of a list for which all of these hold.
type ListCondition struct {
	List *string
	Of   []ElementCondition
}

// ElementCondition asks something of one element of a list. The members that are given must hold.
type ElementCondition struct {
	Text   *TextCondition
	Number *NumberCondition
}

// NumberCondition compares a number.
type NumberCondition struct {
	Field      *string
	Min, Max   *int64
	Comparison string // a NumberComparisonType; "" is EQUAL
}

// comparing is how a field is compared.
type comparing int

const (
	byText  comparing = iota // whatever the case of letters
	byName                   // as byText, and CONTAINS takes few characters
	byID                     // exactly
	byWord                   // exactly, with a member of the request that is for this field alone
	byDate                   // as 2006-01-02
	byGroup                  // by the hierarchy group that the record is in
	byItems                  // by elements of a list
)

// CONTAINS on names and descriptions takes this many characters (API reference: searches of users, queues, routing profiles,
// security profiles, flows and modules).
const minContains, maxContains = 2, 25

// field is what a search can compare of a record.
type field[R any] struct {
	name string // as Amazon Connect spells it
	how  comparing
	// One of these says what a record has there: one value, or whether one of several matches, or one element of a list.
	one   func(*R) string
	some  func(r *R, match func(string) bool) bool
	items func(r *R, match func(item) bool) bool
	// parse takes the id out of an ARN, of fields that hold ids.
	parse func(string) string
	// below are a hierarchy group and all groups below it.
	below func(ctx context.Context, c *Catalog, at center.InstanceID, group string) (map[string]bool, error)
}

// item is an element of a list: a proficiency.
type item struct {
	name, value string
	level       float64
}

// headFields are the fields that most kinds have. text is how names and descriptions are compared.
func headFields[R any](text comparing, key func(*R) (id, name string), description func(*R) string, parse func(string) string) []field[R] {
	return []field[R]{
		nameField(text, key),
		{name: "description", how: text, one: description},
		idField("resourceID", parse, func(r *R) string {
			id, _ := key(r)
			return id
		}),
	}
}

func nameField[R any](text comparing, key func(*R) (id, name string)) field[R] {
	return field[R]{name: "name", how: text, one: func(r *R) string {
		_, name := key(r)
		return name
	}}
}

func idField[R any](name string, parse func(string) string, id func(*R) string) field[R] {
	return field[R]{name: name, how: byID, one: id, parse: parse}
}

// wordField is a field that the request's member of that name asks for.
func wordField[R any](member string, word func(*R) string) field[R] {
	return field[R]{name: member, how: byWord, one: word}
}

// parseID reads ids and ARNs that end in "/TAIL/ID".
func parseID(tail string) func(string) string {
	return func(s string) string { return center.ResourceID(s, tail) }
}

// Search finds the records of an instance for which all conditions hold, in the order of their names and then of their
// ids: up to limit of those behind a [Kind.Place], and how many there are in all. They are for reading only.
func (k *Kind[R]) Search(ctx context.Context, c *Catalog, at center.InstanceID, after string, limit int, where ...Condition) (found []*R, total int, err error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, 0, err
	}
	p := planning{fields: k.heads(), ctx: ctx, c: c, at: at}
	holds, err := p.each(where, 1)
	if err != nil {
		return nil, 0, err
	}
	sorted, err := k.sorted(ctx, c, at)
	if err != nil {
		return nil, 0, err
	}
	return k.pick(ctx, sorted, after, limit, holds)
}

// pick is what a search does with all records, in its order.
func (k *Kind[R]) pick(ctx context.Context, sorted []*R, after string, limit int, holds []test) (found []*R, total int, err error) {
	start := 0
	if name, id, ok := k.parsePlace(after); ok {
		start, _ = slices.BinarySearchFunc(sorted, struct{}{}, func(r *R, _ struct{}) int {
			return cmp.Or(comparePlaces(k.title(r), k.ID(r), name, id), -1)
		})
	}
	at := recordUnderTest[R]{kind: k}
	s := subject{record: &at, folded: make([]string, len(k.fields)), foldedOf: make([]int, len(k.fields))}
	for i, r := range sorted {
		if i%1000 == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		at.r, s.n = r, i+1
		if k.hidden != nil && k.hidden(r) || !all(holds, &s) {
			continue
		}
		total++
		if i >= start && len(found) < limit {
			found = append(found, r)
		}
	}
	return found, total, nil
}

// sorted are the records that a search goes through, in its order.
func (k *Kind[R]) sorted(ctx context.Context, c *Catalog, at center.InstanceID) ([]*R, error) {
	read := k.records
	if k.gather != nil {
		read = k.gathered
	}
	known, err := read(ctx, c, at)
	if err != nil {
		return nil, err
	}
	known.sort.Do(func() { known.byName = k.inOrder(known.byID) })
	return known.byName, nil
}

// gathered is what gather reads. It is kept for as long as the kind's rows stay as they are.
func (k *Kind[R]) gathered(ctx context.Context, c *Catalog, at center.InstanceID) (*records[R], error) {
	return keptDecoded(ctx, c, kindOf{at: at, rows: k.rows, gathered: true}, func() ([]R, int, error) { return k.gather(ctx, c, at) })
}

func (k *Kind[R]) inOrder(some []R) []*R {
	sorted := make([]*R, len(some))
	for i := range some {
		sorted[i] = &some[i]
	}
	slices.SortFunc(sorted, func(a, b *R) int {
		return comparePlaces(k.title(a), k.ID(a), k.title(b), k.ID(b))
	})
	return sorted
}

// title is the name that searches sort by: a kind's first field.
func (k *Kind[R]) title(r *R) string { return k.fields[0].one(r) }

func comparePlaces(aName, aID, bName, bID string) int {
	return cmp.Or(cmp.Compare(cutName(aName), cutName(bName)), cmp.Compare(aID, bID))
}

func cutName(name string) string { return name[:min(len(name), maxPlaceName)] }

// Place is where a record stands in the order of searches. It stays good when the record is gone.
func (k *Kind[R]) Place(r **R) string {
	return k.word + "\x00" + cutName(k.title(*r)) + "\x00" + k.ID(*r)
}

// IsPlace says whether a text is a place among the records of this kind.
func (k *Kind[R]) IsPlace(s string) bool {
	_, _, ok := k.parsePlace(s)
	return ok
}

func (k *Kind[R]) parsePlace(s string) (name, id string, ok bool) {
	s, ok = strings.CutPrefix(s, k.word+"\x00")
	last := strings.LastIndexByte(s, 0)
	if !ok || last < 0 {
		return "", "", false
	}
	return s[:last], s[last+1:], true
}

// The tests of a search know nothing of the type of the records, so that they are compiled once and not for each kind.

// record is what tests ask of the record under test. Fields are named by their index.
type record interface {
	one(field int) string
	some(field int, match func(string) bool) bool
	items(field int, match func(item) bool) bool
	tag(key string) (string, bool)
}

// recordUnderTest is a record of a kind as tests see it.
type recordUnderTest[R any] struct {
	kind *Kind[R]
	r    *R
}

func (u *recordUnderTest[R]) one(field int) string { return u.kind.fields[field].one(u.r) }

func (u *recordUnderTest[R]) some(field int, match func(string) bool) bool {
	return u.kind.fields[field].some(u.r, match)
}

func (u *recordUnderTest[R]) items(field int, match func(item) bool) bool {
	return u.kind.fields[field].items(u.r, match)
}

func (u *recordUnderTest[R]) tag(key string) (string, bool) {
	value, ok := (*u.kind.tags(u.r))[key]
	return value, ok
}

// subject is the record under test, the nth of a search. A text is folded once, however many conditions compare it.
type subject struct {
	record
	n        int // from 1
	folded   []string
	foldedOf []int
}

func (s *subject) fold(field int) string {
	if s.foldedOf[field] != s.n {
		s.folded[field], s.foldedOf[field] = fold(s.one(field)), s.n
	}
	return s.folded[field]
}

// fold makes texts equal that differ only in the case of letters.
func fold(s string) string { return strings.ToLower(s) }

type test func(*subject) bool

func all(tests []test, s *subject) bool {
	for _, t := range tests {
		if !t(s) {
			return false
		}
	}
	return true
}

// fieldHead is what planning needs to know of a field.
type fieldHead struct {
	name  string
	how   comparing
	many  bool // it has some, not one
	parse func(string) string
	below func(ctx context.Context, c *Catalog, at center.InstanceID, group string) (map[string]bool, error)
}

func (k *Kind[R]) heads() []fieldHead {
	heads := make([]fieldHead, len(k.fields))
	for i := range k.fields {
		f := &k.fields[i]
		heads[i] = fieldHead{name: f.name, how: f.how, many: f.some != nil, parse: f.parse, below: f.below}
	}
	return heads
}

// planning makes tests of conditions, once for all records.
type planning struct {
	fields     []fieldHead
	ctx        context.Context
	c          *Catalog
	at         center.InstanceID
	conditions int
}

// count refuses more conditions than a search may have.
func (p *planning) count() error {
	if p.conditions++; p.conditions > maxConditions {
		return center.Refuse(center.InvalidParameter, "SearchFilter and SearchCriteria must have at most %d conditions together, got more", maxConditions)
	}
	return nil
}

func (p *planning) each(some []Condition, depth int) ([]test, error) {
	tests := make([]test, len(some))
	for i := range some {
		var err error
		if tests[i], err = p.test(&some[i], depth); err != nil {
			return nil, err
		}
	}
	return tests, nil
}

func (p *planning) test(c *Condition, depth int) (test, error) {
	if err := p.count(); err != nil {
		return nil, err
	}
	if depth > maxConditionDepth {
		return nil, center.Refuse(center.InvalidParameter, "SearchCriteria must nest conditions at most %d deep, got more: %s", maxConditionDepth, c.At)
	}
	some, err := p.each(c.Any, depth+1)
	if err != nil {
		return nil, err
	}
	tests, err := p.each(c.All, depth+1)
	if err != nil {
		return nil, err
	}
	if len(some) > 0 {
		tests = append(tests, func(s *subject) bool {
			return slices.ContainsFunc(some, func(t test) bool { return t(s) })
		})
	}
	leaves, err := p.leaves(c)
	if err != nil {
		return nil, err
	}
	if tests = append(leaves, tests...); len(tests) == 1 {
		return tests[0], nil
	}
	return func(s *subject) bool { return all(tests, s) }, nil
}

// leaves are the tests of a condition's own members.
func (p *planning) leaves(c *Condition) (tests []test, err error) {
	add := func(t test, failed error) {
		if tests = append(tests, t); err == nil {
			err = failed
		}
	}
	if c.Text != nil {
		add(p.text(c.At+".StringCondition", c.Text))
	}
	if c.Date != nil {
		add(p.date(c.At+".DateCondition", c.Date))
	}
	for member, word := range c.Words {
		add(p.word(member, word))
	}
	if c.Group != nil {
		add(p.group(c.At+".HierarchyGroupCondition", c.Group))
	}
	if c.List != nil {
		add(p.list(c.At+".ListCondition", c.List))
	}
	if c.Tag != nil {
		add(p.tag(c.At, c.Tag))
	}
	return tests, err
}

// find finds the field that a condition names among those that are compared in certain ways.
func (p *planning) find(at string, named *string, how ...comparing) (int, error) {
	var names []string
	for i := range p.fields {
		if !slices.Contains(how, p.fields[i].how) {
			continue
		}
		if named != nil && strings.EqualFold(p.fields[i].name, *named) {
			return i, nil
		}
		names = append(names, p.fields[i].name)
	}
	if named == nil {
		return 0, required(at + ".FieldName")
	}
	return 0, noField(at, *named, names...)
}

func required(member string) error {
	return center.Refuse(center.InvalidParameter, "%s is required", member)
}

func noField(at, named string, names ...string) error {
	return center.Refuse(center.InvalidParameter, "%s.FieldName must be one of %s, got another of %d characters", at, strings.Join(names, ", "), len([]rune(named)))
}

func (p *planning) text(at string, c *TextCondition) (test, error) {
	i, err := p.find(at, c.Field, byText, byName, byID)
	if err != nil {
		return nil, err
	}
	f := &p.fields[i]
	match, err := textMatch(at, c, f.name, f.how, f.parse)
	if err != nil {
		return nil, err
	}
	switch {
	case f.many:
		return func(s *subject) bool { return s.some(i, match) }, nil
	case f.how == byID:
		return func(s *subject) bool { return match(s.one(i)) }, nil
	}
	return func(s *subject) bool { return match(s.fold(i)) }, nil
}

// textMatch is the comparison that a condition asks for with values of a field; but for ids, they are folded.
func textMatch(at string, c *TextCondition, name string, how comparing, parse func(string) string) (func(string) bool, error) {
	if c.Value == nil {
		return nil, required(at + ".Value")
	}
	value := *c.Value
	if n := len([]rune(value)); how == byName && c.Comparison == "CONTAINS" && (n < minContains || n > maxContains) {
		return nil, center.Refuse(center.InvalidParameter, "%s.Value must have %d to %d characters when %s is compared with CONTAINS, got %d", at, minContains, maxContains, name, n)
	}
	if how != byID {
		value = fold(value)
	}
	switch c.Comparison {
	case "STARTS_WITH":
		return func(s string) bool { return strings.HasPrefix(s, value) }, nil
	case "CONTAINS":
		return func(s string) bool { return strings.Contains(s, value) }, nil
	case "EXACT", "":
		if parse != nil {
			value = parse(value)
		}
		return func(s string) bool { return s == value }, nil
	}
	return nil, unknownComparison(at, c.Comparison, "STARTS_WITH, CONTAINS, EXACT")
}

func unknownComparison(at, comparison, known string) error {
	return center.Refuse(center.InvalidParameter, "%s.ComparisonType must be one of %s, got another of %d characters", at, known, len([]rune(comparison)))
}

func (p *planning) date(at string, c *DateCondition) (test, error) {
	i, err := p.find(at, c.Field, byDate)
	if err != nil {
		return nil, err
	}
	if c.Value == nil {
		return nil, required(at + ".Value")
	}
	if err := center.CheckDate(at+".Value", *c.Value); err != nil {
		return nil, err
	}
	match, ok := map[string]func(int) bool{
		"GREATER_THAN":             func(n int) bool { return n > 0 },
		"GREATER_THAN_OR_EQUAL_TO": func(n int) bool { return n >= 0 },
		"LESS_THAN":                func(n int) bool { return n < 0 },
		"LESS_THAN_OR_EQUAL_TO":    func(n int) bool { return n <= 0 },
		"EQUAL_TO":                 func(n int) bool { return n == 0 },
	}[cmp.Or(c.Comparison, "EQUAL_TO")]
	if !ok {
		return nil, unknownComparison(at, c.Comparison, "GREATER_THAN, LESS_THAN, GREATER_THAN_OR_EQUAL_TO, LESS_THAN_OR_EQUAL_TO, EQUAL_TO")
	}
	value := *c.Value
	return func(s *subject) bool { return match(cmp.Compare(s.one(i), value)) }, nil
}

func (p *planning) word(member, word string) (test, error) {
	i := slices.IndexFunc(p.fields, func(f fieldHead) bool { return f.how == byWord && f.name == member })
	if i < 0 {
		return nil, fmt.Errorf("catalog: no field of the kind is for %s", member)
	}
	return func(s *subject) bool { return s.one(i) == word }, nil
}

func (p *planning) tag(at string, c *TagCondition) (test, error) {
	if c.Key == nil {
		return nil, required(at + ".TagKey")
	}
	key := *c.Key
	return func(s *subject) bool {
		value, ok := s.tag(key)
		return ok && (c.Value == nil || value == *c.Value)
	}, nil
}

func (p *planning) group(at string, c *GroupCondition) (test, error) {
	if c.Group == nil {
		return nil, required(at + ".Value")
	}
	i := slices.IndexFunc(p.fields, func(f fieldHead) bool { return f.how == byGroup })
	if i < 0 {
		return nil, fmt.Errorf("catalog: no field of the kind is for hierarchy groups")
	}
	f := &p.fields[i]
	id := f.parse(*c.Group)
	if !c.Children {
		return func(s *subject) bool { return s.one(i) == id }, nil
	}
	groups, err := f.below(p.ctx, p.c, p.at, id)
	return func(s *subject) bool { return groups[s.one(i)] }, err
}

func (p *planning) list(at string, c *ListCondition) (test, error) {
	if c.List == nil {
		return nil, required(at + ".TargetListType")
	}
	i := slices.IndexFunc(p.fields, func(f fieldHead) bool { return f.how == byItems && f.name == *c.List })
	if i < 0 {
		return nil, fmt.Errorf("catalog: the kind has no list %s", *c.List)
	}
	var tests []func(item) bool
	for n := range c.Of {
		if err := p.count(); err != nil {
			return nil, err
		}
		more, err := elementTests(fmt.Sprintf("%s.Conditions[%d]", at, n), &c.Of[n])
		if err != nil {
			return nil, err
		}
		tests = append(tests, more...)
	}
	return func(s *subject) bool {
		return s.items(i, func(one item) bool {
			return !slices.ContainsFunc(tests, func(t func(item) bool) bool { return !t(one) })
		})
	}, nil
}

// elementTests are the tests of one element of a list of proficiencies.
func elementTests(at string, c *ElementCondition) (tests []func(item) bool, err error) {
	if c.Text != nil {
		of := map[string]func(item) string{
			"name":  func(i item) string { return i.name },
			"value": func(i item) string { return i.value },
		}
		at := at + ".StringCondition"
		if c.Text.Field == nil {
			return nil, required(at + ".FieldName")
		}
		one, ok := of[strings.ToLower(*c.Text.Field)]
		if !ok {
			return nil, noField(at, *c.Text.Field, "name", "value")
		}
		match, err := textMatch(at, c.Text, *c.Text.Field, byText, nil)
		if err != nil {
			return nil, err
		}
		tests = append(tests, func(i item) bool { return match(fold(one(i))) })
	}
	if c.Number != nil {
		match, err := numberMatch(at+".NumberCondition", c.Number)
		if err != nil {
			return nil, err
		}
		tests = append(tests, func(i item) bool { return match(i.level) })
	}
	return tests, nil
}

func numberMatch(at string, c *NumberCondition) (func(float64) bool, error) {
	switch {
	case c.Field == nil:
		return nil, required(at + ".FieldName")
	case !strings.EqualFold(*c.Field, "limit"):
		return nil, noField(at, *c.Field, "limit")
	}
	comparison := cmp.Or(c.Comparison, "EQUAL")
	needsMax := comparison == "LESSER" || comparison == "LESSER_OR_EQUAL" || comparison == "RANGE"
	needsMin := comparison == "RANGE" || !needsMax
	var low, high float64
	if c.Min != nil {
		low = float64(*c.Min)
	} else if needsMin {
		return nil, center.Refuse(center.InvalidParameter, "%s.MinValue is required with the ComparisonType %s", at, comparison)
	}
	if c.Max != nil {
		high = float64(*c.Max)
	} else if needsMax {
		return nil, center.Refuse(center.InvalidParameter, "%s.MaxValue is required with the ComparisonType %s", at, comparison)
	}
	switch comparison {
	case "GREATER_OR_EQUAL":
		return func(n float64) bool { return n >= low }, nil
	case "GREATER":
		return func(n float64) bool { return n > low }, nil
	case "LESSER_OR_EQUAL":
		return func(n float64) bool { return n <= high }, nil
	case "LESSER":
		return func(n float64) bool { return n < high }, nil
	case "EQUAL":
		return func(n float64) bool { return n == low }, nil
	case "NOT_EQUAL":
		return func(n float64) bool { return n != low }, nil
	case "RANGE":
		if low > high {
			return nil, center.Refuse(center.InvalidParameter, "%s.MinValue must not be above MaxValue, got %d and %d", at, *c.Min, *c.Max)
		}
		return func(n float64) bool { return low <= n && n <= high }, nil
	}
	return nil, unknownComparison(at, comparison, "GREATER_OR_EQUAL, GREATER, LESSER_OR_EQUAL, LESSER, EQUAL, NOT_EQUAL, RANGE")
}
