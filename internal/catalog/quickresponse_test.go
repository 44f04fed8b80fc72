package catalog_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// quickNames are the names and shortcuts of all quick responses, by name.
func quickNames(w *world, c *catalog.Catalog) string {
	w.Helper()
	found, _, err := c.QuickResponsesFor(w.ctx, instance, "", center.BasicRoutingProfileID(instance), "Chat")
	w.must(err)
	var all []string
	for _, r := range found {
		all = append(all, r.Name+":"+r.Shortcut)
	}
	return strings.Join(all, " ")
}

func (w *world) imports(c *catalog.Catalog, replace bool, text string) catalog.Imported {
	w.Helper()
	done, err := c.ImportQuickResponses(w.ctx, instance, []byte(text), replace, "")
	w.must(err)
	return done
}

func TestQuickResponsesAreImported(t *testing.T) {
	for name, text := range map[string]string{
		"as the guide describes it": "Name,Description,Shortcut key,Routing Profile,Content\nWelcome,,W,All,\"Hello, {{Attributes.Customer}}!\nHow can I help?\"\n",
		"by members of the API":     "name,content,shortcutKey,contentType,isActive,channels,language\nWelcome,\"Hello, {{Attributes.Customer}}!\nHow can I help?\",W,application/x.quickresponse;format=plain,TRUE,Chat,en_US\n",
		"of a spreadsheet":          "\ufeffName;Content;Shortcut key;\r\n Welcome ;\"Hello, {{Attributes.Customer}}!\r\nHow can I help?\";/#W;\r\n;;;\r\n",
		"with tabs and marks":       "Name <*Required field>\tContent <*Required field>\tShortcut key\nWelcome\t\"Hello, {{Attributes.Customer}}!\nHow can I help?\"\tW\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.node()
			if done := w.imports(c, false, text); done != (catalog.Imported{Created: 1}) {
				t.Fatalf("%+v", done)
			}
			found, any, err := w.node().QuickResponsesFor(w.ctx, instance, "w", center.BasicRoutingProfileID(instance), "Chat")
			w.must(err)
			if !any || len(found) != 1 || found[0].Content != "Hello, {{Attributes.Customer}}!\nHow can I help?" || found[0].Name != "Welcome" || found[0].Shortcut != "W" {
				t.Errorf("%+v", found)
			}
		})
	}
}

// All problems of a file are told at once, by the rows of the spreadsheet, and nothing is applied.
func TestProblemsOfImports(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	w.imports(c, false, "Name,Content,Shortcut key\nThere,text,t\n")
	long := strings.Repeat("x", 1025)
	for _, file := range []struct {
		name, text string
		want       []string
	}{
		{"many", "Name,Content,Shortcut key,Routing profile,Active,Content type,Language,Channels\n" +
			"Good,text,g,Basic Routing Profile,yes,markdown,de_DE,\"Chat, email\"\n" +
			"\n" +
			"," + long + ",12345678901,basic routing profile; Sales,perhaps,html,english,Voice\n" +
			"Good,\"two\nlines\",G,,,,,\n" +
			"There,text,t,,,,,\n" +
			"Other,text,T,,,,,\n" +
			"Marked,<*Required field>,,,,,,\n" +
			"Long,text,,,,,,,more\n", []string{
			"The file has 17 problems:",
			"row 4, Active: must be true or false",
			"row 4, Routing profile: the instance has no routing profile ",
			"row 4, Routing profile: the instance has no routing profile ",
			"row 4, Name: is required",
			"row 4, Shortcut key: must have at most 10 characters, got 11",
			"row 4, Content: must have at most 1024 characters, got 1025",
			"row 4, Content type: must be plain or markdown",
			"row 4, Channels: may have Chat and Email, each once",
			"row 4, Language: must be a language and a region, such as en_US",
			"row 5, Name: is that of row 2 too",
			"row 5, Shortcut key: is that of row 2 too",
			"row 6, Name: is that of a quick response that exists",
			"row 7, Shortcut key: is that of row 6 too",
			"row 7, Shortcut key: is that of a quick response that exists",
			"row 8, Content: has Amazon's mark",
			"row 8, Content: is required",
			"row 9: it has more cells than there are columns",
		}},
		{"no head", "Hello,text\n", []string{"row 1: there is no column", "row 1: there is no column", "row 1: the column Name is missing", "row 1: the column Content is missing"}},
		{"a column twice", "Name,Content,name\nA,b,c\n", []string{"row 1: the column Name is there twice"}},
		{"empty", "", []string{"row 1: the first row must name the columns: the file is empty"}},
		{"head alone", "Name,Content\n", []string{"row 2: the file has no quick response"}},
		{"open quotes", "Name,Content\nA,text\nB,\"text\n", []string{"row 3: extraneous or missing \" in quoted-field"}},
		{"Latin-1", "Name,Content\nA,Gr\xfc\xdfe\n", []string{"row 2: the file is not UTF-8 from line 2 on"}},
		{"too many", "Name,Content\n" + func() (rows string) {
			for i := range 1001 {
				rows += fmt.Sprintf("N%d,text\n", i)
			}
			return rows
		}(), []string{"row 1002: a file may have at most 1000 quick responses"}},
	} {
		_, err := c.ImportQuickResponses(w.ctx, instance, []byte(file.text), false, "")
		if !center.Is(err, center.InvalidRequest) {
			t.Errorf("%s: %v", file.name, err)
			continue
		}
		rest := err.Error()
		for _, want := range file.want {
			before, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%s: no %q in order in\n%s", file.name, want, err)
				break
			}
			_ = before
			rest = after
		}
	}
	if got := quickNames(w, c); got != "There:t" {
		t.Errorf("there are %s", got)
	}
}

func TestImportsReplace(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := &world{TB: t, ctx: t.Context()}
		open := func() *catalog.Catalog {
			var err error
			w.store, err = store.Open(context.Background(), database, store.Options{Log: slog.New(slog.DiscardHandler), Fatal: func(err error) { t.Error(err) }})
			w.must(err)
			return w.node()
		}
		c := open()
		_, err := c.CreateInstance(w.ctx, center.Instance{ID: instance, Alias: "test", IdentityManagementType: center.IdentityManaged}, "")
		w.must(err)
		w.imports(c, false, "Name,Content,Shortcut key,Active\nA,one,x,true\nB,two,y,true\nC,three,,true\nD,four,d,false\n")
		// Two change shortcuts with each other, one gets one, one loses it, and one is new.
		if done := w.imports(c, true, "Name,Content,Shortcut key\nA,one,y\nB,two,X\nC,3,d\nD,four,\nE,five,e\n"); done != (catalog.Imported{Created: 1, Updated: 4}) {
			t.Errorf("%+v", done)
		}
		const want = "A:y B:X C:d D: E:e"
		if got := quickNames(w, c); got != want {
			t.Errorf("there are %s", got)
		}
		// One that is not in the file keeps its shortcut.
		if _, err := c.ImportQuickResponses(w.ctx, instance, []byte("Name,Content,Shortcut key\nF,six,E\n"), true, ""); !center.Is(err, center.InvalidRequest) {
			t.Errorf("a shortcut of another one: %v", err)
		}
		text, err := c.ExportQuickResponses(w.ctx, instance)
		w.must(err)
		if done := w.imports(c, true, string(text)); done != (catalog.Imported{Updated: 5}) {
			t.Errorf("%+v", done)
		}
		again, err := c.ExportQuickResponses(w.ctx, instance)
		w.must(err)
		if string(again) != string(text) {
			t.Errorf("exported and imported:\n%s\n%s", text, again)
		}
		w.must(w.store.Close())
		c = open()
		defer w.store.Close()
		if got := quickNames(w, c); got != want {
			t.Errorf("after a restart there are %s", got)
		}
	})
}

// Names and shortcuts are unique, in whatever order they are given and taken.
func TestShortcutsAreUnique(t *testing.T) {
	w := newWorld(t)
	c, other := w.node(), w.node()
	quick := func(name, shortcut string) center.QuickResponse {
		return center.QuickResponse{Head: center.Head[center.QuickResponseID]{Name: name}, Content: "text", Format: center.QuickPlain, Shortcut: shortcut}
	}
	create := func(name, shortcut string) (center.QuickResponse, error) {
		r := quick(name, shortcut)
		return r, c.CreateQuickResponse(w.ctx, instance, &r)
	}
	a, err := create("A", "x")
	w.must(err)
	b, err := create("B", "y")
	w.must(err)
	for _, taken := range [][2]string{{"A", ""}, {"C", "X"}, {"C", "x"}} {
		if _, err := create(taken[0], taken[1]); !center.Is(err, center.Duplicate) {
			t.Errorf("%q: %v", taken, err)
		}
	}
	if _, err := other.UpdateQuickResponse(w.ctx, instance, string(b.ID), quick("B", "X")); !center.Is(err, center.Duplicate) {
		t.Errorf("a taken shortcut: %v", err)
	}
	_, err = other.UpdateQuickResponse(w.ctx, instance, string(a.ID), quick("A", "z"))
	w.must(err)
	_, err = other.UpdateQuickResponse(w.ctx, instance, string(b.ID), quick("B", "x"))
	w.must(err)
	w.must(catalog.QuickResponses.Delete(w.ctx, c, instance, string(a.ID)))
	_, err = create("A", "Z")
	w.must(err)
	if got := quickNames(w, c); got != "A:Z B:x" {
		t.Errorf("there are %s", got)
	}
	wrong := quick("D", "")
	wrong.Profiles = []center.RoutingProfileID{"33333333-1111-4111-8111-111111111111"}
	if err := c.CreateQuickResponse(w.ctx, instance, &wrong); !center.Is(err, center.NotFound) {
		t.Errorf("an unknown routing profile: %v", err)
	}
}

// As many as an instance may have are found in a time that nobody notices.
func BenchmarkFindQuickResponses(b *testing.B) {
	w := newWorld(b)
	c := w.node()
	for file := range 5 {
		text := "Name,Content,Shortcut key\n"
		for i := range 1000 {
			text += fmt.Sprintf("Answer %d,%s,s%d\n", file*1000+i, strings.Repeat("Your parcel will come soon. ", 30), file*1000+i)
		}
		w.imports(c, false, text)
	}
	for b.Loop() {
		if _, _, err := c.QuickResponsesFor(w.ctx, instance, "parcel later", center.BasicRoutingProfileID(instance), "Chat"); err != nil {
			b.Fatal(err)
		}
	}
}
