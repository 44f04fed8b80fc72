package store

import (
	"strings"
	"testing"
)

// A password is read as it was meant, or the URL is refused without a word of it: pgx and libpq would take a part of it for
// a host, a port or a database, and name that.
func FuzzPostgresPassword(f *testing.F) {
	for _, between := range []string{
		"", ":", "@", "/", "?", "#", "%", "%zz", "%2", "%25", "%40", " ", "\t", "\n", "+", "&", "=", ",", "[", "]", "\\", "'", `"`, "ü", "\xff", "\x00",
		"@host/", "/@", "@@", "@:1", "/1", ":1/", "@h:1/", "?password=", "@h?password=", "@h,", "://",
	} {
		f.Add(between)
	}
	f.Fuzz(func(t *testing.T, between string) {
		for _, word := range []string{"hunter2", "2024"} { // the other one could be a port
			password := word + between + "canary"
			config, err := parsePostgres("postgres://parley:" + password + "@db.example:5433/facts?sslmode=disable")
			switch {
			case err != nil && (strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "canary")):
				t.Errorf("%q is refused with %v", password, err)
			case err == nil && (config.Host != "db.example" || config.Port != 5433 || config.Database != "facts" || config.User != "parley"):
				t.Errorf("%q: the host is %q, the port %d, the database %q, the user %q", password, config.Host, config.Port, config.Database, config.User)
			}
			if err := CheckURL("postgres://db.example/facts?user=parley&password=" + password); err != nil &&
				(strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "canary")) {
				t.Errorf("%q in the query is refused with %v", password, err)
			}
		}
	})
}

func TestPostgresURLs(t *testing.T) {
	for _, c := range []struct {
		url  string
		want string // part of the error, "" for none
	}{
		{"postgres://parley@db/parley", ""},
		{"postgresql://parley:pa%24s@db:5432/parley?sslmode=disable", ""},
		{"postgres://parley:pa?s#sw:o+rd@db/parley", ""}, // libpq takes all of them as they are
		{"postgres://parley:secret@db1:5432,db2:5433,[::1]:5434/parley", ""},
		{"postgres:///parley?host=/var/run/postgresql&user=parley&password=secret", ""},
		{"postgres://db/parley?user=me%40example.com", ""},
		{"sqlite:parley.db", ""},
		{"postgres://parley:hunter2%zz@db/parley", "%25"},
		{"postgres://parley:hun ter2@db/parley", "%20"},
		{"postgres://parley:hun@ter2@db/parley", "%40"},
		{"postgres://parley:hun/ter2@db/parley", "%2F"},
		{"postgres://parley:1234/ter2@db/parley", "%2F"},
		{"postgres://parley:hunter2", "port"},
		{"postgres://parley:secret@db:hunter2/parley", "port"},
		{"postgres://parley:secret@db:70000/parley", "port"},
		{"postgres://db/parley?password=hun&ter2", "last"},
		{"postgres://db/parley?p%61ssword=hun&ter2=x", "last"},
		{"postgres://db/parley?p%zz=hunter2", "%25"},
		{"postgres://parley:hunter2@db/parley?sslmode=perhaps", "sslmode"},
		{"postgres://parley@db/parley?sslmode=perhaps&password=hunter2", "sslmode"},
	} {
		err := CheckURL(c.url)
		switch {
		case (err == nil) != (c.want == ""):
			t.Errorf("%s: %v", c.url, err)
		case err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "ter2")):
			t.Errorf("%s: %v, which must say %s and nothing of the password", c.url, err, c.want)
		}
	}
}
