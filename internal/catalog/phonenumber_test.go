package catalog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

func claim(w *world, c *catalog.Catalog, at center.InstanceID, number string, once catalog.ClientToken) (center.PhoneNumberID, error) {
	return c.ClaimNumber(w.ctx, at, &center.PhoneNumber{Head: center.Head[center.PhoneNumberID]{Name: number}}, once)
}

// newInstance is another instance.
func newInstance(w *world, c *catalog.Catalog, alias string) center.InstanceID {
	w.Helper()
	i, err := c.CreateInstance(w.ctx, center.Instance{Alias: alias, IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
	return i.ID
}

// A number that several claim at the same moment, for several instances on two nodes, is claimed once; the same request
// again is answered with the same number.
func TestANumberIsClaimedOnce(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	at := []center.InstanceID{instance, newInstance(w, nodes[0], "other")}
	won := make([]center.PhoneNumberID, 8)
	all(8, func(i int) {
		id, err := claim(w, nodes[i%2], at[i/4], "+12065550100", catalog.ClientToken{})
		if err != nil && !center.Is(err, center.InvalidParameter) {
			t.Error(err)
		}
		won[i] = id
	})
	won = slices.DeleteFunc(won, func(id center.PhoneNumberID) bool { return id == "" })
	if len(won) != 1 {
		t.Errorf("%d claims succeeded, want 1", len(won))
	}
	once, err := catalog.NewClientToken("token", "request")
	w.must(err)
	ids := make([]center.PhoneNumberID, 8)
	all(8, func(i int) {
		id, err := claim(w, nodes[i%2], instance, "+12065550101", once)
		if err != nil {
			t.Error(err)
		}
		ids[i] = id
	})
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("the same request has the answers %v", ids)
	}
}

// A number that is moved to and fro while it is released is in one instance or in none, and can be claimed again.
func TestANumberIsMovedAndReleasedAtOnce(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	at := []center.InstanceID{instance, newInstance(w, nodes[0], "other")}
	for round := range 5 {
		id, err := claim(w, nodes[0], instance, "+12065550100", catalog.ClientToken{})
		w.must(err)
		all(7, func(i int) {
			var err error
			switch i {
			case 3:
				err = nodes[i%2].ReleaseNumber(w.ctx, id)
			case 4:
				_, err = nodes[i%2].PhoneNumber(w.ctx, id)
			default:
				err = nodes[i%2].MoveNumber(w.ctx, id, at[i/2%2])
			}
			if err != nil && !(i != 3 && center.Is(err, center.NotFound)) {
				t.Errorf("round %d: %v", round, err)
			}
		})
		for _, kind := range []string{"phone-number", "claimed-phone-number"} {
			for _, of := range append(at, "") {
				if left, err := w.store.Resources(w.ctx, of, kind, "", 10); err != nil || len(left) != 0 {
					t.Errorf("round %d: %d rows of kind %s are left in %q, %v", round, len(left), kind, of, err)
				}
			}
		}
	}
}

// A number that is moved to and fro is found all the while.
func TestAMovingNumberIsFound(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	at := []center.InstanceID{instance, newInstance(w, nodes[0], "other")}
	id, err := claim(w, nodes[0], instance, "+12065550100", catalog.ClientToken{})
	w.must(err)
	all(8, func(i int) {
		for j := range 20 {
			var err error
			switch {
			case i < 4:
				err = nodes[i%2].MoveNumber(w.ctx, id, at[(i/2+j)%2])
			case i < 6:
				_, err = nodes[i%2].PhoneNumber(w.ctx, id)
			default:
				err = nodes[i%2].UpdateNumber(w.ctx, id, func(n *center.PhoneNumber) error { n.Description += "x"; return nil })
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	n, err := nodes[0].PhoneNumber(w.ctx, id)
	w.must(err)
	if len(n.Description) != 40 {
		t.Errorf("%d of 40 changes are left", len(n.Description))
	}
}

// The numbers of an instance that is deleted can be claimed by others, also when the deletion was cut off before.
func TestNumbersOfADeletedInstance(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	gone := newInstance(w, c, "other")
	id, err := claim(w, c, gone, "+12065550100", catalog.ClientToken{})
	w.must(err)
	// The rows of the instance, and then the process.
	w.must(w.store.DeleteInstance(w.ctx, gone, now))
	if _, err := c.PhoneNumber(w.ctx, id); !center.Is(err, center.NotFound) {
		t.Errorf("a number of an instance that is gone was found: %v", err)
	}
	if found, err := c.ListNumbers(w.ctx, "", "", 10, nil); err != nil || len(found) != 0 {
		t.Errorf("listed %v, %v", found, err)
	}
	w.must(c.CloseInstance(w.ctx, gone))
	if err := c.CloseInstance(w.ctx, gone); !center.Is(err, center.NotFound) {
		t.Errorf("an instance was deleted twice: %v", err)
	}
	_, err = claim(w, c, instance, "+12065550100", catalog.ClientToken{})
	w.must(err)
	if _, err := claim(w, c, gone, "+12065550101", catalog.ClientToken{}); !center.Is(err, center.NotFound) {
		t.Errorf("a number was claimed to an instance that is gone: %v", err)
	}
}

// With the quotas of Amazon Connect an instance has five numbers. None that is claimed is offered.
func TestNumbersThatAreOffered(t *testing.T) {
	w := newWorld(t)
	c := w.limited()
	other := newInstance(w, c, "other")
	for i := range 5 {
		offered, err := c.AvailableNumbers(w.ctx, instance, "GB", center.NumberTollFree, "+44808", "", 1)
		w.must(err)
		if want := fmt.Sprintf("+44808157000%d", i); len(offered) != 1 || offered[0] != want {
			t.Fatalf("%v is offered, want %s", offered, want)
		}
		_, err = claim(w, c, instance, offered[0], catalog.ClientToken{})
		w.must(err)
	}
	if _, err := claim(w, c, instance, "+448081570009", catalog.ClientToken{}); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("the sixth number: %v", err)
	}
	_, err := claim(w, c, other, "+448081570009", catalog.ClientToken{})
	w.must(err)
}
