package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// says is the content of a module that says something.
func says(text string) string {
	return fmt.Sprintf(`{"Version":"2019-10-30","StartAction":"say","Actions":[
		{"Identifier":"say","Type":"MessageParticipant","Parameters":{"Text":%q},"Transitions":{"NextAction":"end"}},
		{"Identifier":"end","Type":"EndFlowModuleExecution","Parameters":{},"Transitions":{}}],"Settings":{}}`, text)
}

// all runs something several times at once.
func all(n int, do func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// Requests at the same moment, on two nodes, with one ClientToken make one module.
func TestAClientTokenMakesOneModule(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	ids := make([]center.ModuleID, 8)
	all(len(ids), func(i int) {
		id, err := nodes[i%2].CreateModule(w.ctx, instance, center.FlowModule{Name: "Farewell"}, says("bye"), "token")
		if err != nil {
			t.Error(err)
		}
		ids[i] = id
	})
	if len(slices.Compact(slices.Clone(ids))) != 1 {
		t.Errorf("there are several answers: %v", ids)
	}
	found, err := catalog.Modules.List(w.ctx, nodes[0], instance, "", 10, nil)
	w.must(err)
	if len(found) != 1 || found[0].ID != ids[0] {
		t.Errorf("there are the modules %+v, want one, %s", found, ids[0])
	}
}

// Versions made at the same moment have numbers of their own, without a gap, and what they have does not change.
func TestVersionsMadeAtOnce(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	id, err := c.CreateModule(w.ctx, instance, center.FlowModule{Name: "Farewell"}, says("bye"), "")
	w.must(err)
	ref := center.ModuleRef{ID: id}
	all(10, func(int) {
		if _, err := c.CreateModuleVersion(w.ctx, instance, ref, center.Version{}); err != nil {
			t.Error(err)
		}
		if _, err := c.CreateFlowVersion(w.ctx, instance, center.FlowRef{ID: w.flow}, center.Version{}); err != nil {
			t.Error(err)
		}
	})
	modules, err := catalog.ModuleVersions.List(w.ctx, c, instance, string(ref.ID), 0, 100)
	w.must(err)
	flows, err := catalog.FlowVersions.List(w.ctx, c, instance, string(w.flow), 0, 100)
	w.must(err)
	for _, found := range [][]center.Version{modules, flows} {
		if len(found) != 10 {
			t.Fatalf("there are %d versions, want 10", len(found))
		}
		for i, v := range found {
			if v.Number != int64(i+1) {
				t.Errorf("version %d has the number %d", i+1, v.Number)
			}
		}
	}
	next := says("see you")
	w.must(c.UpdateModuleContent(w.ctx, instance, ref, &next, nil))
	old, err := c.Module(w.ctx, instance, center.ModuleRef{ID: id, Qualifier: "10"})
	w.must(err)
	now, err := c.Module(w.ctx, instance, ref)
	w.must(err)
	if old.Content != says("bye") || now.Content != next {
		t.Error("a version has changed with its module")
	}
}

// What belongs to one module stays when another goes, however many there are.
func TestDeletingAModuleLeavesOthersAlone(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	var refs []center.ModuleRef
	for _, name := range []string{"one", "two", "three"} {
		id, err := c.CreateModule(w.ctx, instance, center.FlowModule{Name: name}, says(name), "")
		w.must(err)
		ref := center.ModuleRef{ID: id}
		refs = append(refs, ref)
		for i := range 120 {
			_, err := c.CreateModuleVersion(w.ctx, instance, ref, center.Version{})
			w.must(err)
			err = c.CreateModuleAlias(w.ctx, instance, ref, &center.Alias{Of: string(id), Name: fmt.Sprintf("alias %d", i), Version: 1})
			w.must(err)
		}
	}
	w.must(c.DeleteModule(w.ctx, instance, refs[1]))
	for _, ref := range []center.ModuleRef{refs[0], refs[2]} {
		versions, err := catalog.ModuleVersions.List(w.ctx, c, instance, string(ref.ID), 0, 1000)
		w.must(err)
		aliases, err := catalog.ModuleAliases.List(w.ctx, c, instance, string(ref.ID), "", 1000)
		w.must(err)
		if len(versions) != 120 || len(aliases) != 120 {
			t.Errorf("module %s has %d versions and %d aliases, want 120 of each", ref.ID, len(versions), len(aliases))
		}
	}
	rest, err := w.store.Resources(w.ctx, instance, "flow-module-version", "", 1000)
	w.must(err)
	if len(rest) != 240 {
		t.Errorf("%d versions are left, want those of two modules", len(rest))
	}
	if err := catalog.ModuleVersions.Delete(w.ctx, c, instance, string(refs[0].ID), 1); !center.Is(err, center.InUse) {
		t.Errorf("a version with aliases beyond the first page was deleted: %v", err)
	}
}

// With the quotas of Amazon Connect there is an end to all kinds of things, and a repeated request is still answered.
func TestResourceQuotas(t *testing.T) {
	w := newWorld(t)
	free, c := w.node(), w.limited()
	function := func(i int) string {
		return fmt.Sprintf("arn:aws:lambda:us-east-1:123456789012:function:f%d", i)
	}
	for i := range 50 {
		w.must(c.Allow(w.ctx, instance, catalog.Functions, function(i), "same"))
	}
	if err := c.Allow(w.ctx, instance, catalog.Functions, function(50), ""); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("the 51st function: %v", err)
	}
	w.must(c.Allow(w.ctx, instance, catalog.Functions, function(7), "same"))
	w.must(free.Allow(w.ctx, instance, catalog.Functions, function(50), ""))

	module := center.FlowModule{Name: "first"}
	first, err := c.CreateModule(w.ctx, instance, module, says("bye"), "token")
	w.must(err)
	for i := range 199 {
		_, err := c.CreateModule(w.ctx, instance, center.FlowModule{Name: fmt.Sprint(i)}, says("bye"), "")
		w.must(err)
	}
	if _, err := c.CreateModule(w.ctx, instance, center.FlowModule{Name: "last"}, says("bye"), ""); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("the 201st module: %v", err)
	}
	again, err := c.CreateModule(w.ctx, instance, module, says("bye"), "token")
	w.must(err)
	if again != first {
		t.Errorf("the first request again made %s, not %s", again, first)
	}
}

// A page of some kind of flows goes on past those of other kinds.
func TestListsFilter(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	var archived []center.ModuleID
	for i := range 30 {
		id, err := c.CreateModule(w.ctx, instance, center.FlowModule{Name: fmt.Sprint(i)}, says("bye"), "")
		w.must(err)
		if i%10 == 3 {
			w.must(c.UpdateModule(w.ctx, instance, center.ModuleRef{ID: id}, func(m *center.FlowModule) error { m.Archived = true; return nil }))
			archived = append(archived, id)
		}
	}
	var found []center.ModuleID
	for after := ""; ; {
		page, err := catalog.Modules.List(w.ctx, c, instance, after, 2, func(m *center.FlowModule) bool { return m.Archived })
		w.must(err)
		for _, m := range page {
			found = append(found, m.ID)
			after = string(m.ID)
		}
		if len(page) < 2 {
			break
		}
	}
	if !slices.Equal(found, archived) {
		t.Errorf("found %v, want %v", found, archived)
	}
}

// A ClientToken makes one view, for as long as the request stays the same.
func TestAClientTokenMakesOneView(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	const template = `{"Head":{"Configuration":{}},"Body":[{"_id":"a","Type":"Text"}]}`
	create := func(name string) (*catalog.View, error) {
		return c.CreateView(w.ctx, instance, center.View{Name: name}, template, nil, true, "token")
	}
	ids := make([]center.ViewID, 8)
	all(len(ids), func(i int) {
		v, err := create("one")
		if err != nil {
			t.Error(err)
			return
		}
		ids[i] = v.Ref.ID
	})
	if len(slices.Compact(slices.Clone(ids))) != 1 {
		t.Errorf("there are several answers: %v", ids)
	}
	if _, err := create("two"); !center.Is(err, center.Conflict) {
		t.Errorf("another request with the token: %v", err)
	}
	w.must(c.DeleteView(w.ctx, instance, center.ViewRef{ID: ids[0]}))
	if _, err := create("one"); !center.Is(err, center.NotFound) {
		t.Errorf("the view that the token made was deleted: %v", err)
	}
}

// A reference is kept as it was given, which is no reason to keep a megabyte.
func TestLongReferencesAreRefused(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	a := center.FlowAssociation{ResourceType: center.SMSPhoneNumber, ResourceID: "number", FlowID: "arn:" + strings.Repeat("x", 3000) + "/contact-flow/" + string(w.flow)}
	if err := c.AssociateFlow(w.ctx, instance, a); !center.Is(err, center.InvalidParameter) {
		t.Errorf("a flow named in %d bytes: %v", len(a.FlowID), err)
	}
	a.FlowID, a.ResourceID = string(w.flow), strings.Repeat("x", 3000)
	if err := c.AssociateFlow(w.ctx, instance, a); !center.Is(err, center.InvalidParameter) {
		t.Errorf("a resource named in %d bytes: %v", len(a.ResourceID), err)
	}
}

// What the quota of flows refuses leaves nothing behind.
func TestARefusedFlowIsNotKept(t *testing.T) {
	w := newWorld(t)
	free := w.node()
	for i := range 100 {
		_, err := free.CreateFlow(w.ctx, instance, center.ContactFlow{Name: fmt.Sprint("flow ", i), Type: center.TypeContactFlow}, ends, true)
		w.must(err)
	}
	kept := func() int {
		rows, err := w.store.Resources(w.ctx, instance, "flow-content", "", 1000)
		w.must(err)
		return len(rows)
	}
	before := kept()
	another := ends + " "
	_, err := w.limited().CreateFlow(w.ctx, instance, center.ContactFlow{Name: "one more", Type: center.TypeContactFlow}, another, true)
	if !center.Is(err, center.QuotaExceeded) || kept() != before {
		t.Errorf("%d contents more, %v", kept()-before, err)
	}
}

// A flow's aliases and versions go with it, and those of others stay.
func TestDeletingAFlowTakesItsAliasesAlong(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	other, err := c.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "other", Type: center.TypeContactFlow}, ends, true)
	w.must(err)
	for _, id := range []center.FlowID{w.flow, other.ID} {
		ref := center.FlowRef{ID: id}
		_, err := c.CreateFlowVersion(w.ctx, instance, ref, center.Version{})
		w.must(err)
		for i := range 120 {
			err = c.CreateFlowAlias(w.ctx, instance, ref, &center.Alias{Of: string(id), Name: fmt.Sprintf("alias %d", i), Version: 1})
			w.must(err)
		}
	}
	if err := catalog.FlowVersions.Delete(w.ctx, c, instance, string(w.flow), 1); !center.Is(err, center.InUse) {
		t.Errorf("a version with aliases was deleted: %v", err)
	}
	w.must(c.DeleteFlow(w.ctx, instance, center.FlowRef{ID: w.flow}))
	for _, kind := range []string{"contact-flow-alias", "contact-flow-version"} {
		rest, err := w.store.Resources(w.ctx, instance, kind, "", 1000)
		w.must(err)
		for _, r := range rest {
			if !strings.HasPrefix(r.ID, string(other.ID)) {
				t.Errorf("%s %s is left", kind, r.ID)
			}
		}
		if len(rest) == 0 {
			t.Errorf("nothing of the other flow is left of kind %s", kind)
		}
	}
}

// Quick connects that several calls add to one queue, and take away, at the same moment are there or gone, each once.
func TestRowsChangedAtOnce(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	queue := center.Queue{Head: center.Head[center.QueueID]{Name: "Support"}, Type: center.QueueStandard, Status: center.QueueEnabled, Hours: center.HoursID(center.SeededID(instance, "hours-of-operation", center.BasicHoursName))}
	w.must(c.CreateQueue(w.ctx, instance, &queue, nil))
	var ids []center.QuickConnectID
	for i := range 12 {
		q := center.QuickConnect{Head: center.Head[center.QuickConnectID]{Name: fmt.Sprint(i)}, Type: center.QuickConnectFlow, Flow: string(w.flow)}
		_, err := catalog.QuickConnects.Create(w.ctx, c, instance, &q, catalog.ClientToken{})
		w.must(err)
		ids = append(ids, q.ID)
	}
	nodes := []*catalog.Catalog{c, w.node()}
	all(12, func(i int) { // each is added by two calls
		w.must(catalog.QueueQuickConnects.Add(w.ctx, nodes[i%2], instance, string(queue.ID), []center.QuickConnectID{ids[i], ids[(i+1)%12]}))
	})
	_, rows, err := catalog.QueueQuickConnects.List(w.ctx, c, instance, string(queue.ID), "", 100)
	w.must(err)
	if !slices.Equal(rows, ids) {
		t.Errorf("there are %v, want %v", rows, ids)
	}
	all(6, func(i int) {
		w.must(catalog.QueueQuickConnects.Remove(w.ctx, nodes[i%2], instance, string(queue.ID), []center.QuickConnectID{ids[2*i], ids[(2*i+2)%12]}))
	})
	if _, rows, err = catalog.QueueQuickConnects.List(w.ctx, c, instance, string(queue.ID), "", 100); err != nil || len(rows) != 6 {
		t.Errorf("there are %v, %v", rows, err)
	}
	many := slices.Repeat(ids, 5)
	if err := catalog.QueueQuickConnects.Add(w.ctx, c, instance, string(queue.ID), many); !center.Is(err, center.InvalidParameter) {
		t.Errorf("%d in one call: %v", len(many), err)
	}
	w.must(catalog.QueueQuickConnects.Add(w.ctx, c, instance, string(queue.ID), ids))
	w.must(c.DeleteQueue(w.ctx, instance, queue.ID))
	if left, err := w.store.Resources(w.ctx, instance, "queue-quick-connect", "", 10); err != nil || len(left) != 0 {
		t.Errorf("%d rows of a queue that is gone, %v", len(left), err)
	}
}

// A change by a caller who has seen an older version is refused, and a list is never older than a
// commit of another node.
func TestExpectedVersionsAndListsOfOtherNodes(t *testing.T) {
	w := newWorld(t)
	one, two := w.node(), w.node()
	hours := center.HoursOfOperation{Name: "Office", TimeZone: "UTC"}
	id, err := catalog.HoursOfOperation.Create(w.ctx, one, instance, &hours, catalog.ClientToken{})
	w.must(err)
	rename := func(c *catalog.Catalog, expected int64, name string) error {
		return catalog.HoursOfOperation.Update(w.ctx, c, instance, id, expected, func(h *center.HoursOfOperation) error {
			h.Name = name
			return nil
		})
	}
	names := func(c *catalog.Catalog) (all []string) {
		found, err := catalog.HoursOfOperation.List(w.ctx, c, instance, "", 10, func(h *center.HoursOfOperation) bool { return string(h.ID) == id })
		w.must(err)
		for _, h := range found {
			all = append(all, h.Name)
		}
		return all
	}
	if got := names(two); !slices.Equal(got, []string{"Office"}) {
		t.Errorf("two lists %v", got)
	}
	w.must(rename(one, 1, "Shop"))
	if got := names(two); !slices.Equal(got, []string{"Shop"}) {
		t.Errorf("two lists %v", got)
	}
	if err := rename(two, 1, "Late"); !center.Is(err, center.Conflict) {
		t.Errorf("a change of an older version: %v", err)
	}
	w.must(rename(two, 0, "Any"))
	if got := names(one); !slices.Equal(got, []string{"Any"}) {
		t.Errorf("one lists %v", got)
	}
}

// An instance has at most two security keys, quotas or not; a request that comes again is no third one. Of origins it has as many
// as it likes where no quotas are kept.
func TestLimitsOfAssociations(t *testing.T) {
	w := newWorld(t)
	c, quotas := w.node(), w.node()
	quotas.Quotas = true
	key := func(i int) *center.SecurityKey {
		return &center.SecurityKey{PEM: "a key", Digest: fmt.Sprint(i)}
	}
	once, err := catalog.NewClientToken("token", "1")
	w.must(err)
	first, err := catalog.SecurityKeys.Create(w.ctx, c, instance, key(1), once)
	w.must(err)
	_, err = catalog.SecurityKeys.Create(w.ctx, c, instance, key(2), catalog.ClientToken{})
	w.must(err)
	if _, err = catalog.SecurityKeys.Create(w.ctx, c, instance, key(3), catalog.ClientToken{}); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("a third key: %v", err)
	}
	if again, err := catalog.SecurityKeys.Create(w.ctx, c, instance, key(1), once); err != nil || again != first {
		t.Errorf("the first request again: %s, %v", again, err)
	}
	origin := func(on *catalog.Catalog, i int) error {
		return catalog.Associate(w.ctx, on, instance, catalog.ApprovedOrigins, &center.ApprovedOrigin{Origin: fmt.Sprintf("https://shop%d.example", i)}, "")
	}
	for i := range 100 {
		w.must(origin(quotas, i))
	}
	if err := origin(quotas, 100); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("an origin beyond the quota: %v", err)
	}
	w.must(origin(c, 100))
	known, err := c.OriginsOf(w.ctx, instance)
	w.must(err)
	if len(known) != 101 || !known["https://shop100.example"] {
		t.Errorf("there are %d origins", len(known))
	}
}

// A use case that is made while its association is deleted leaves no use case without one.
func TestUseCasesAreNeverOrphaned(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	for i := range 20 {
		a := &center.IntegrationAssociation{Type: "APPLICATION", ARN: fmt.Sprintf("arn:aws:app-integrations:us-east-1:123456789012:application/%d", i)}
		id, err := catalog.IntegrationAssociations.Create(w.ctx, nodes[0], instance, a, catalog.ClientToken{})
		w.must(err)
		errs := make([]error, 2)
		all(2, func(n int) {
			if n == 0 {
				_, errs[0] = catalog.UseCases.Create(w.ctx, nodes[0], instance, &center.UseCase{Association: center.IntegrationID(id), Type: "RULES_EVALUATION"}, catalog.ClientToken{})
				return
			}
			errs[1] = catalog.IntegrationAssociations.Delete(w.ctx, nodes[1], instance, id)
		})
		if made, deleted := errs[0] == nil, errs[1] == nil; made == deleted || !made && !center.Is(errs[0], center.NotFound) || !deleted && !center.Is(errs[1], center.InUse) {
			t.Errorf("making: %v, deleting: %v", errs[0], errs[1])
		}
	}
}
