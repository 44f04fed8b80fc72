//go:build !race

package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// Of so many contacts a search is measured.
const searchedContacts = 100_000

// BenchmarkSearchContacts measures SearchContacts among 100,000 contacts beside DescribeContact, in the same run: the first
// page of 100, with the total, and the fiftieth. A first page may cost five times as much as DescribeContact, the fiftieth 1.2
// times as much as the first. Each figure is the median of its calls, which take turns.
func BenchmarkSearchContacts(b *testing.B) {
	b.Run(onSQLite, func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "parley.db")
		measureSearch(b, "sqlite:"+file, "sqlite", "file:"+file, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d), made(id, i) AS MATERIALIZED (SELECT randomblob(16), i FROM n) %s`,
			`PRAGMA wal_checkpoint`) // parley has SQLite gather no statistics
	})
	b.Run(onPostgres, func(b *testing.B) {
		base := os.Getenv("PARLEY_TEST_POSTGRES")
		if base == "" {
			b.Skip("needs PARLEY_TEST_POSTGRES")
		}
		database := newDatabase(b, base)
		measureSearch(b, database, "pgx", database, `WITH made(id, i) AS (SELECT decode(md5(i::text), 'hex'), i FROM generate_series(1, %d) AS n(i)) %s`,
			`VACUUM ANALYZE contact`)
	})
}

// copied are the columns of a contact that its copies share.
const copied = `instance, channel, initiation_method, connected_to_system, disconnected, disconnect_reason, subtype, figures`

func measureSearch(b *testing.B, database, driver, source, numbered, settle string) {
	s := newSite(b, database, false)
	var contacts []string
	for range 16 {
		var started struct{ ContactId string }
		s.call("PUT", "/contact/chat", "", map[string]any{
			"InstanceId": s.instance, "ContactFlowId": s.waits, "ParticipantDetails": map[string]string{"DisplayName": "Ana"},
		})(&started)
		s.call("POST", "/contact/stop", "", map[string]string{"InstanceId": s.instance, "ContactId": started.ContactId})(nil)
		contacts = append(contacts, started.ContactId)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	// They began one each 10 ms before now.
	fill := fmt.Sprintf(numbered, searchedContacts-len(contacts), `INSERT INTO contact (id, stream, initiated, shown, `+copied+`)
		SELECT new.id, new.id, c.initiated - new.i * 10, c.initiated - new.i * 10, `+strings.ReplaceAll(copied, "instance", "c.instance")+`
		FROM made AS new, (SELECT * FROM contact LIMIT 1) AS c`)
	if driver == "sqlite" {
		fill = strings.Replace(fill, "WITH RECURSIVE", "INSERT INTO contact (id, stream, initiated, shown, "+copied+") WITH RECURSIVE", 1)
		fill = strings.Replace(fill, "INSERT INTO contact (id, stream, initiated, shown, "+copied+")\n", "\n", 1)
	}
	for _, statement := range []string{fill, settle} {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			b.Fatal(err)
		}
	}
	now := time.Now().Unix()
	search := func(token string) func(any) {
		request := map[string]any{"InstanceId": s.instance, "TimeRange": map[string]any{"Type": "INITIATION_TIMESTAMP", "StartTime": now - 86400, "EndTime": now + 60}}
		if token != "" {
			request["NextToken"] = token
		}
		return s.call("POST", "/search-contacts", "", request)
	}
	var page struct {
		Contacts   []struct{}
		NextToken  string
		TotalCount int
	}
	for range 49 {
		token := page.NextToken
		page.NextToken = ""
		search(token)(&page)
		if len(page.Contacts) != 100 || page.TotalCount != searchedContacts {
			b.Fatalf("a page has %d contacts of %d", len(page.Contacts), page.TotalCount)
		}
	}
	fiftieth := page.NextToken
	var describe, first, last []time.Duration
	measure := func(all *[]time.Duration, do func(any)) {
		began := time.Now()
		do(nil)
		*all = append(*all, time.Since(began))
	}
	n := 0
	for b.Loop() {
		measure(&describe, s.call("GET", "/contacts/"+s.instance+"/"+contacts[n%len(contacts)], "", nil))
		measure(&first, search(""))
		measure(&last, search(fiftieth))
		n++
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return microseconds(all[len(all)/2])
	}
	d, f, l := median(describe), median(first), median(last)
	b.ReportMetric(d, "µs/DescribeContact")
	b.ReportMetric(f, "µs/page1")
	b.ReportMetric(l, "µs/page50")
	b.ReportMetric(f/d, "page1/DescribeContact")
	b.ReportMetric(l/f, "page50/page1")
}
