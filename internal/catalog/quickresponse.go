package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Rows of quick responses, and those that keep their shortcuts unique.
const (
	quickRows    = "quick-response"
	shortcutRows = "quick-response-shortcut"
)

// QuickResponses are the quick responses of an instance. A routing profile that one is for may be deleted: then no agent finds it by
// that profile. How many an instance may have is ours: searches read all of them.
var QuickResponses = &Kind[center.QuickResponse]{
	rows: quickRows, word: "QUICK_RESPONSE", tail: "quick-response",
	key:   (*center.QuickResponse).Key,
	stamp: (*center.QuickResponse).Stamp,
	check: (*center.QuickResponse).Check,
	taken: "a quick response of that name or with that shortcut key already exists in the instance",
	limit: 5000, plural: "quick responses",
	with: []string{shortcutRows},
}

// quickShortcut is the shortcut of a quick response.
type quickShortcut struct {
	Key string                 `json:"key"`
	Of  center.QuickResponseID `json:"of"`
}

var quickShortcuts = &Kind[quickShortcut]{
	rows: shortcutRows, word: "QUICK_RESPONSE_SHORTCUT",
	key:   func(s *quickShortcut) (id, name string) { return s.Key, "" },
	stamp: func(*quickShortcut, func() string, time.Time) {},
	refs: func(s *quickShortcut) []store.Ref {
		return []store.Ref{{Kind: quickRows, ID: string(s.Of)}}
	},
}

// shortcutOf are the rows of a quick response beside its own.
func (c *Catalog) shortcutOf(at center.InstanceID, r *center.QuickResponse) ([]store.Resource, error) {
	if r.Shortcut == "" {
		return nil, nil
	}
	row, err := quickShortcuts.fresh(at, &quickShortcut{r.ShortcutKey(), r.ID}, c.Now())
	return []store.Resource{row}, err
}

// CreateQuickResponse makes a quick response, whose routing profiles must exist.
func (c *Catalog) CreateQuickResponse(ctx context.Context, at center.InstanceID, r *center.QuickResponse) error {
	if err := c.checkQuick(ctx, at, r); err != nil {
		return err
	}
	r.ID, r.Created = center.QuickResponseID(c.NewID()), c.Now().UTC()
	shortcut, err := c.shortcutOf(at, r)
	if err != nil {
		return err
	}
	_, err = QuickResponses.Create(ctx, c, at, r, ClientToken{}, shortcut...)
	return err
}

// checkQuick refuses a quick response that cannot be, and one for routing profiles that do not exist.
func (c *Catalog) checkQuick(ctx context.Context, at center.InstanceID, r *center.QuickResponse) error {
	if err := r.Check(); err != nil {
		return err
	}
	for _, id := range r.Profiles {
		if _, err := RoutingProfiles.Get(ctx, c, at, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// UpdateQuickResponse puts a quick response in the place of one, whose id, tags and time of creation it keeps, and returns it.
func (c *Catalog) UpdateQuickResponse(ctx context.Context, at center.InstanceID, id string, to center.QuickResponse) (*center.QuickResponse, error) {
	if err := c.checkQuick(ctx, at, &to); err != nil {
		return nil, err
	}
	err := QuickResponses.change(ctx, c, at, id, func(r *center.QuickResponse, _ int64, commit *store.ResourceCommit) error {
		return c.replaceQuick(at, r, &to, commit)
	})
	return &to, err
}

// replaceQuick puts to in the place of r, and the change of the shortcut into the commit.
func (c *Catalog) replaceQuick(at center.InstanceID, r, to *center.QuickResponse, commit *store.ResourceCommit) error {
	to.ID, to.Tags, to.Created, to.Modified = r.ID, r.Tags, r.Created, c.Now().UTC()
	if before := r.ShortcutKey(); before != to.ShortcutKey() {
		if before != "" {
			commit.Delete = append(commit.Delete, quickShortcuts.deletion(at, before))
		}
		rows, err := c.shortcutOf(at, to)
		if err != nil {
			return err
		}
		commit.Insert = append(commit.Insert, rows...)
	}
	*r = *to
	return nil
}

// QuickResponsesFor finds the quick responses that agents of a routing profile see in a channel, the best first. any says whether the
// instance has any at all.
func (c *Catalog) QuickResponsesFor(ctx context.Context, at center.InstanceID, text string, profile center.RoutingProfileID, channel string) (found []*center.QuickResponse, any bool, err error) {
	all, err := QuickResponses.all(ctx, c, at)
	if err != nil {
		return nil, false, err
	}
	return center.FindQuickResponses(all, text, profile, channel), len(all) > 0, nil
}

// Imported is what an import has done.
type Imported struct{ Created, Updated int }

// maxImportTries is how often an import is planned anew because another change was faster.
const maxImportTries = 5

// ImportQuickResponses makes quick responses of a CSV file as Amazon Connect reads it, all or none. With replace, one whose name
// exists is put in the place of that; else that is a problem. All problems are told at once, by the row of the spreadsheet.
func (c *Catalog) ImportQuickResponses(ctx context.Context, at center.InstanceID, text []byte, replace bool, by center.UserID) (done Imported, err error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return done, err
	}
	rows, problems := readQuickResponses(text)
	for range maxImportTries {
		plan, err := c.planImport(ctx, at, rows, slices.Clone(problems), replace, by)
		if err != nil {
			return done, err
		}
		err = QuickResponses.commit(ctx, c, plan.commit)
		switch {
		case err == nil:
			return plan.Imported, nil
		case !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) && !center.Is(err, center.Duplicate):
			return done, err
		}
	}
	return done, center.Refuse(center.Conflict, "others change the quick responses at the same time; try again")
}

// importPlan is what an import will do.
type importPlan struct {
	Imported
	commit store.ResourceCommit
}

// planImport decides what becomes of the rows of a file, or refuses them with all problems.
func (c *Catalog) planImport(ctx context.Context, at center.InstanceID, rows []quickRow, problems rowProblems, replace bool, by center.UserID) (plan importPlan, err error) {
	profiles, err := RoutingProfiles.all(ctx, c, at)
	if err != nil {
		return plan, err
	}
	there, err := c.quickThere(ctx, at)
	if err != nil {
		return plan, err
	}
	plan.commit.Exist = ofInstance(at)
	now := c.Now()
	names, shortcuts := map[string]int{}, map[string]int{} // the rows that have them
	for i := range rows {
		row, r := &rows[i], rows[i].QuickResponse
		r.Profiles = row.resolve(profiles, &problems)
		for _, p := range r.Problems() {
			problems.add(row.number, columnOf(p.Field), "%s", p.Message)
		}
		if first := names[r.Name]; first != 0 {
			problems.add(row.number, "Name", "is that of row %d too", first)
		} else if r.Name != "" {
			names[r.Name] = row.number
		}
		if key := r.ShortcutKey(); key != "" {
			if first := shortcuts[key]; first != 0 {
				problems.add(row.number, "Shortcut key", "is that of row %d too", first)
			} else {
				shortcuts[key] = row.number
			}
		}
		old := there.named[r.Name]
		if old != nil && !replace {
			problems.add(row.number, "Name", "is that of a quick response that exists; import with replace to change it")
		}
		if len(problems) > 0 {
			continue
		}
		r.ModifiedBy = by
		if err := c.planRow(at, &r, old, &plan, now); err != nil {
			return plan, err
		}
	}
	// A shortcut may be taken over from a quick response that gets another one in the same file.
	for i := range rows {
		holder, name := there.shortcut[rows[i].ShortcutKey()], rows[i].Name
		if holder != "" && holder != name && !(replace && names[holder] != 0) {
			problems.add(rows[i].number, "Shortcut key", "is that of a quick response that exists, %s", center.Printable(holder))
		}
	}
	if n := len(there.named) + plan.Created; len(problems) == 0 && n > QuickResponses.limit {
		return plan, center.Refuse(center.QuotaExceeded, "the instance would have %d quick responses; it may have at most %d", n, QuickResponses.limit)
	}
	return plan, problems.refusal()
}

// planRow puts one row of a file into the plan. old is what it replaces, nil for nothing.
func (c *Catalog) planRow(at center.InstanceID, r *center.QuickResponse, old *quickVersion, plan *importPlan, now time.Time) error {
	if old != nil {
		is := old.QuickResponse
		if err := c.replaceQuick(at, &is, r, &plan.commit); err != nil {
			return err
		}
		row, err := QuickResponses.put(at, &is)
		row.Version, row.Modified = old.version, now
		plan.commit.Replace = append(plan.commit.Replace, row)
		plan.Updated++
		return err
	}
	r.ID, r.Created = center.QuickResponseID(c.NewID()), now.UTC()
	r.Stamp(c.NewID, now.UTC())
	row, err := QuickResponses.fresh(at, r, now)
	if err != nil {
		return err
	}
	shortcut, err := c.shortcutOf(at, r)
	plan.commit.Insert = append(append(plan.commit.Insert, row), shortcut...)
	plan.Created++
	return err
}

// quickVersion is a quick response with the version of its row.
type quickVersion struct {
	center.QuickResponse
	version int64
}

// quickThere is what an instance has: quick responses by their names, and the names of those that have shortcuts.
type quickThere struct {
	named    map[string]*quickVersion
	shortcut map[string]string
}

func (c *Catalog) quickThere(ctx context.Context, at center.InstanceID) (quickThere, error) {
	there := quickThere{map[string]*quickVersion{}, map[string]string{}}
	for after := ""; ; {
		rows, err := c.Store.Resources(ctx, at, quickRows, after, decodePage)
		if err != nil {
			return there, err
		}
		for _, row := range rows {
			r, err := QuickResponses.decode(c, row)
			if err != nil {
				return there, err
			}
			there.named[r.Name] = &quickVersion{*r, row.Version}
			if key := r.ShortcutKey(); key != "" {
				there.shortcut[key] = r.Name
			}
			after = row.ID
		}
		if len(rows) < decodePage {
			return there, nil
		}
	}
}

// ExportQuickResponses writes the quick responses of an instance as a file that ImportQuickResponses reads.
func (c *Catalog) ExportQuickResponses(ctx context.Context, at center.InstanceID) ([]byte, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	all, err := QuickResponses.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	profiles, err := RoutingProfiles.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	names := map[center.RoutingProfileID]string{}
	for i := range profiles {
		names[profiles[i].ID] = profiles[i].Name
	}
	byName := slices.Clone(all)
	slices.SortFunc(byName, func(a, b center.QuickResponse) int { return strings.Compare(a.Name, b.Name) })
	return writeQuickResponses(byName, names)
}

// rowProblems are what is wrong with a file, by row and column.
type rowProblems []rowProblem

type rowProblem struct {
	row           int
	column, wrong string
}

func (p *rowProblems) add(row int, column, format string, args ...any) {
	*p = append(*p, rowProblem{row, column, fmt.Sprintf(format, args...)})
}

// maxProblemsTold bounds a refusal.
const maxProblemsTold = 200

// refusal tells all problems in the order of the rows, one a line; nil when there are none.
func (p rowProblems) refusal() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b rowProblem) int { return a.row - b.row })
	lines := []string{fmt.Sprintf("Nothing was imported. The file has %d problems:", len(p))}
	if len(p) == 1 {
		lines[0] = "Nothing was imported. The file has one problem:"
	}
	for i, q := range p {
		if i == maxProblemsTold {
			lines = append(lines, fmt.Sprintf("and %d more", len(p)-i))
			break
		}
		place := fmt.Sprintf("row %d", q.row)
		if q.column != "" {
			place += ", " + q.column
		}
		lines = append(lines, place+": "+q.wrong)
	}
	return center.Refuse(center.InvalidRequest, "%s", strings.Join(lines, "\n"))
}
