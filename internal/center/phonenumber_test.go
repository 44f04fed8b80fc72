package center

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

// No two pools have a number in common, and every number of a pool is known as that pool's.
func TestNumberPools(t *testing.T) {
	type bounds struct {
		first, last string
		pool        *numberPool
	}
	var all []bounds
	for i := range numberPools {
		p := &numberPools[i]
		for j, r := range p.ranges {
			first, last := r.number(0), r.number(r.count-1)
			if len(last) > 16 || len(first) != len(last) || len(first) < 9 {
				t.Errorf("%s %s: %s to %s are no E.164 numbers", p.country, p.kind, first, last)
			}
			if j > 0 && p.ranges[j-1].number(0) >= first {
				t.Errorf("%s %s: %s is not in order", p.country, p.kind, first)
			}
			for _, n := range []string{first, last} {
				if country, kind, ok := PoolOf(n); !ok || country != p.country || kind != p.kind {
					t.Errorf("%s of %s %s is taken for %s %s", n, p.country, p.kind, country, kind)
				}
			}
			all = append(all, bounds{first, last, p})
		}
	}
	slices.SortFunc(all, func(a, b bounds) int {
		return cmp.Or(cmp.Compare(len(a.first), len(b.first)), strings.Compare(a.first, b.first))
	})
	for i := range all[1:] {
		a, b := all[i], all[i+1]
		if len(a.first) == len(b.first) && a.last >= b.first {
			t.Errorf("%s %s and %s %s share %s", a.pool.country, a.pool.kind, b.pool.country, b.pool.kind, b.first)
		}
	}
	if n := len(strings.Fields(callingCodes)); n != 237 {
		t.Errorf("there are %d countries, want the 237 of the API model", n)
	}
	for _, none := range []string{"", "+", "+1", "12065550100", "+1206555010", "+12065550200", "+120655501000", "+1206555010x", "+14155552671"} {
		if country, kind, ok := PoolOf(none); ok {
			t.Errorf("%q is taken for a number of %s %s", none, country, kind)
		}
	}
}

// Pages of available numbers have each number once, in order, and none that is taken.
func TestAvailableNumbers(t *testing.T) {
	for _, c := range []struct {
		country, kind, prefix string
		want                  int
	}{
		{"US", NumberDID, "+1206", 100}, {"US", NumberDID, "+120655501234", 0}, {"US", NumberDID, "+1206555012", 10}, {"US", NumberTollFree, "", 560},
		{"US", NumberTollFree, "+18005", 80}, {"GB", NumberDID, "+44", 7000}, {"GB", NumberDID, "+1", 0}, {"CH", NumberDID, "+4", 10000},
		{"CH", NumberTollFree, "", 1000}, {"JM", NumberTollFree, "", 0}, {"CH", "SHORT_CODE", "", 0}, {"AU", NumberTollFree, "", 6}, {"XX", NumberDID, "", 0},
	} {
		if got := AvailableNumbers(c.country, c.kind, c.prefix, "", func(string) bool { return false }, 1<<20); len(got) != c.want {
			t.Errorf("%s %s %q: %d numbers, want %d", c.country, c.kind, c.prefix, len(got), c.want)
		}
		var paged []string
		third := 0
		taken := func(n string) bool { return n[len(n)-1] == '3' }
		for after := ""; ; after = paged[len(paged)-1] {
			page := AvailableNumbers(c.country, c.kind, c.prefix, after, taken, 700)
			paged = append(paged, page...)
			if len(page) < 700 {
				break
			}
		}
		for _, n := range AvailableNumbers(c.country, c.kind, c.prefix, "", func(string) bool { return false }, 1<<20) {
			if taken(n) {
				third++
			}
		}
		if len(paged) != c.want-third || !slices.IsSorted(paged) || slices.ContainsFunc(paged, taken) {
			t.Errorf("%s %s %q: %d numbers in pages, want %d in order", c.country, c.kind, c.prefix, len(paged), c.want-third)
		}
	}
}
