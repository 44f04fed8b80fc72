package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/center"
)

// The file is the one that Amazon Connect's page "Import quick responses" hands out to be filled in. Its first row names the columns.
// What exactly they are called there is published nowhere but in words (Name, Shortcut key, Routing Profile; "header keys … used to
// generate payloads for the CreateQuickResponse API"): so names count without regard to case, spaces and marks, and the names of the
// API's members count too.

// quickColumns are the columns, each with the names that it goes by in lower-case letters. The first name is the field's own.
var quickColumns = []struct {
	title string
	names []string
}{
	{"Name", []string{"name"}},
	{"Description", []string{"description"}},
	{"Shortcut key", []string{"shortcutkey", "shortcut"}},
	{"Routing profile", []string{"routingprofiles", "routingprofile", "routingprofilename", "routingprofilenames", "groupingconfigurationvalues"}},
	{"Content", []string{"content", "response", "contentcontent"}},
	{"Content type", []string{"contenttype", "format"}},
	{"Channels", []string{"channels", "channel"}},
	{"Language", []string{"language"}},
	{"Active", []string{"isactive", "active", "activate", "status"}},
}

// columnOf is the title of the column of a field.
func columnOf(field string) string {
	for _, c := range quickColumns {
		if c.names[0] == strings.ToLower(field) {
			return c.title
		}
	}
	return field
}

// maxImport is how many quick responses one file may have. Amazon Connect takes 100.
const maxImport = 1000

// requiredMark is what Amazon Connect's template has where something must be filled in.
const requiredMark = "*required field"

// quickRow is a row of a file.
type quickRow struct {
	center.QuickResponse
	number   int    // of the spreadsheet's row: the first one has the names of the columns
	profiles string // names of routing profiles, as they stand there
}

// readQuickResponses reads a file. Its rows are there also where there are problems, so that all problems can be told.
func readQuickResponses(text []byte) (rows []quickRow, problems rowProblems) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		line := 1 + bytes.Count(text[:firstInvalid(text)], []byte("\n"))
		problems.add(line, "", "the file is not UTF-8 from line %d on; save it as CSV UTF-8", line)
		return nil, problems
	}
	from := csv.NewReader(bytes.NewReader(text))
	from.Comma, from.FieldsPerRecord = separator(text), -1
	head, err := from.Read()
	if err != nil {
		problems.add(1, "", "the first row must name the columns: %s", csvError(err))
		return nil, problems
	}
	columns := readHead(head, &problems)
	number, lines := 1, linesIn(text, from)
	for {
		cells, err := from.Read()
		number++
		if err == nil {
			// The reader leaves out lines without anything, which are rows of the spreadsheet too.
			begins, _ := from.FieldPos(0)
			number += begins - 1 - lines
			lines = linesIn(text, from)
		}
		switch {
		case errors.Is(err, io.EOF):
			if len(rows) == 0 && len(problems) == 0 {
				problems.add(number, "", "the file has no quick response")
			}
			return rows, problems
		case err != nil:
			problems.add(number, "", "%s", csvError(err)) // and what follows cannot be told from it
			return rows, problems
		case !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }):
			continue // spreadsheets leave such rows
		case len(rows) == maxImport:
			problems.add(number, "", "a file may have at most %d quick responses", maxImport)
			return rows, problems
		}
		rows = append(rows, readRow(number, cells, columns, &problems))
	}
}

func csvError(err error) string {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return "the file is empty"
	case errors.As(err, &parse):
		return parse.Err.Error()
	}
	return err.Error()
}

// linesIn is how many lines have been read.
func linesIn(text []byte, from *csv.Reader) int {
	return bytes.Count(text[:from.InputOffset()], []byte("\n"))
}

// firstInvalid is where a text stops being UTF-8.
func firstInvalid(text []byte) int {
	at := 0
	for at < len(text) {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
	return at
}

// separator is what the first line separates its names by. Spreadsheets write semicolons where a comma is in numbers.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, other := range ";\t" {
		if n := bytes.Count(line, []byte(string(other))); n > most {
			best, most = other, n
		}
	}
	return best
}

// plainName is a name of a column as it counts.
func plainName(s string) string {
	s, _, _ = strings.Cut(s, "<")
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// readHead finds which column of quickColumns each cell of the first row names; -1 for one without a name.
func readHead(head []string, problems *rowProblems) (columns []int) {
	for _, cell := range head {
		name := plainName(cell)
		at := slices.IndexFunc(quickColumns, func(c struct {
			title string
			names []string
		}) bool {
			return slices.Contains(c.names, name)
		})
		switch {
		case name == "":
			at = -1
		case at < 0:
			problems.add(1, "", "there is no column %s; the columns are %s", center.Printable(cell), columnTitles())
		case slices.Contains(columns, at):
			problems.add(1, "", "the column %s is there twice", quickColumns[at].title)
		}
		columns = append(columns, at)
	}
	for _, needed := range []int{0, 4} { // Name and Content
		if !slices.Contains(columns, needed) {
			problems.add(1, "", "the column %s is missing", quickColumns[needed].title)
		}
	}
	return columns
}

func columnTitles() string {
	var all []string
	for _, c := range quickColumns {
		all = append(all, c.title)
	}
	return strings.Join(all, ", ")
}

// readRow reads a row. Spaces around values are none of them, but for those of contents, whose lines may end in any way.
func readRow(number int, cells []string, columns []int, problems *rowProblems) quickRow {
	row := quickRow{number: number}
	row.Format = center.QuickPlain
	for i, cell := range cells {
		if i >= len(columns) {
			if strings.TrimSpace(cell) != "" {
				problems.add(number, "", "it has more cells than there are columns; a text with separators must stand in double quotes")
				break
			}
			continue
		}
		if columns[i] < 0 {
			continue
		}
		column := &quickColumns[columns[i]]
		value := strings.TrimSpace(cell)
		if strings.Contains(strings.ToLower(value), "<"+requiredMark) {
			problems.add(number, column.title, "has Amazon's mark <%s>; take it away", requiredMark)
			continue
		}
		switch column.names[0] {
		case "name":
			row.Name = value
		case "description":
			row.Description = value
		case "shortcutkey":
			row.Shortcut = strings.TrimPrefix(value, "/#")
		case "routingprofiles":
			row.profiles = value
		case "content":
			row.Content = strings.ReplaceAll(cell, "\r\n", "\n")
		case "contenttype":
			row.Format = formatOf(value)
		case "channels":
			row.Channels = channelsOf(value)
		case "language":
			row.Language = value
		case "isactive":
			var ok bool
			if row.Inactive, ok = inactive(value); !ok {
				problems.add(number, column.title, "must be true or false")
			}
		}
	}
	return row
}

// formatOf is the format that a cell names; what it does not know it leaves, to be refused.
func formatOf(s string) string {
	switch lower := strings.ToLower(strings.TrimPrefix(strings.ToLower(s), "application/x.quickresponse;format=")); lower {
	case "", "plain", "plaintext", "plain text", "text/plain":
		return center.QuickPlain
	case "markdown", "richtext", "rich text", "text/markdown":
		return center.QuickMarkdown
	default:
		return lower
	}
}

// channelsOf are the channels that a cell names.
func channelsOf(s string) (channels []string) {
	for name := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(",;|\n", r) }) {
		name = strings.TrimSpace(name)
		for _, known := range center.QuickChannels {
			if strings.EqualFold(name, known) {
				name = known
			}
		}
		if name != "" {
			channels = append(channels, name)
		}
	}
	return channels
}

// inactive reads whether agents find the quick response; they do if the cell is empty.
func inactive(s string) (inactive, ok bool) {
	switch strings.ToLower(s) {
	case "", "true", "yes", "1", "active", "activate", "activated":
		return false, true
	case "false", "no", "0", "inactive", "deactivate", "deactivated":
		return true, true
	}
	return false, false
}

// resolve finds the routing profiles that a row names: one by its name, which may have anything in it, or several, separated by
// semicolons, commas, bars or lines. Names count exactly, as for Amazon Connect; ids and ARNs count too.
func (r *quickRow) resolve(all []center.RoutingProfile, problems *rowProblems) (ids []center.RoutingProfileID) {
	find := func(name string) (center.RoutingProfileID, bool) {
		id := RoutingProfiles.ParseID(name)
		for i := range all {
			if all[i].Name == name || string(all[i].ID) == id {
				return all[i].ID, true
			}
		}
		return "", false
	}
	if r.profiles == "" || strings.EqualFold(r.profiles, "all") {
		return nil
	}
	if id, ok := find(r.profiles); ok {
		return []center.RoutingProfileID{id}
	}
	for name := range strings.FieldsFuncSeq(r.profiles, func(r rune) bool { return strings.ContainsRune(",;|\n", r) }) {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		id, ok := find(name)
		switch {
		case !ok:
			problems.add(r.number, "Routing profile", "the instance has no routing profile %s; names count with their case", center.Printable(name))
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	return ids
}

// writeQuickResponses writes a file that readQuickResponses reads as the same.
func writeQuickResponses(all []center.QuickResponse, profiles map[center.RoutingProfileID]string) ([]byte, error) {
	var out bytes.Buffer
	to := csv.NewWriter(&out)
	head := make([]string, len(quickColumns))
	for i, c := range quickColumns {
		head[i] = c.title
	}
	_ = to.Write(head) // a buffer takes all; Error says so at the end
	for i := range all {
		r := &all[i]
		var names []string
		for _, id := range r.Profiles {
			name := profiles[id]
			if name == "" || strings.ContainsAny(name, ",;|\n") {
				name = string(id) // it was deleted, or could not be told from several
			}
			names = append(names, name)
		}
		active := "true"
		if r.Inactive {
			active = "false"
		}
		_ = to.Write([]string{r.Name, r.Description, r.Shortcut, strings.Join(names, "; "), r.Content, r.Format, strings.Join(r.Channels, "; "), r.Language, active})
	}
	to.Flush()
	return out.Bytes(), to.Error()
}
