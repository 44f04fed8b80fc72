package store

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What is wrong with a URL is said without quoting it: where its password begins and ends is just what cannot be known.
var (
	errPasswordEscape = errors.New("a % in the user or the password must be written as %25")
	errPasswordEnd    = errors.New("an @, / or : in the user or the password must be written as %40, %2F or %3A, and an @ elsewhere as %40")
	errPasswordLast   = errors.New("a password in the query must be the last parameter, with a & in it written as %26")
	errPort           = errors.New("a port must be a number from 1 to 65535; if this is the password, @HOST must follow it, and a / in it must be written as %2F")
	errPostgresURL    = errors.New("it must be a URL such as postgres://USER:PASSWORD@HOST:5432/DATABASE; what a user or a password has besides letters and digits must be escaped, a space as %20")
)

// CheckURL says what is wrong with the URL of a database, without connecting to it. No error holds a part of a password.
func CheckURL(database string) error {
	if !strings.HasPrefix(database, "postgres://") && !strings.HasPrefix(database, "postgresql://") {
		return nil
	}
	_, err := parsePostgres(database)
	return err
}

// parsePostgres reads a URL as libpq and pgx do, who take a badly escaped password for a host, a port or a database, and
// quote that.
func parsePostgres(raw string) (*pgx.ConnConfig, error) {
	bare, err := withoutPassword(raw)
	if err != nil {
		return nil, err
	}
	if _, err := pgx.ParseConfig(bare); err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(raw)
	if err != nil {
		return nil, errPostgresURL // only the password can be at fault
	}
	return config, nil
}

// withoutPassword returns the same URL without its password, or what makes it doubtful which part that is.
func withoutPassword(raw string) (string, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return "", errPostgresURL
	}
	user := ""
	if i := strings.IndexAny(rest, "@/"); i >= 0 && rest[i] == '@' {
		user, rest = rest[:i], rest[i+1:]
		if _, err := url.PathUnescape(user); err != nil {
			return "", errPasswordEscape
		}
		user, _, _ = strings.Cut(user, ":")
		user += "@"
	}
	if strings.Contains(rest, "@") {
		return "", errPasswordEnd
	}
	hosts := rest
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		hosts = rest[:i]
	}
	if err := checkPorts(hosts); err != nil {
		return "", err
	}
	rest, err := withoutQueryPassword(rest)
	return scheme + "://" + user + rest, err
}

func checkPorts(hosts string) error {
	for host := range strings.SplitSeq(hosts, ",") {
		host = host[strings.LastIndex(host, "]")+1:] // behind an IPv6 address
		_, port, ok := strings.Cut(host, ":")
		if n, err := strconv.ParseUint(port, 10, 16); ok && port != "" && (err != nil || n == 0) {
			return errPort
		}
	}
	return nil
}

func withoutQueryPassword(rest string) (string, error) {
	before, query, _ := strings.Cut(rest, "?")
	var kept []string
	for last := false; query != ""; {
		var one string
		one, query, _ = strings.Cut(query, "&")
		if last {
			return "", errPasswordLast
		}
		name, _, _ := strings.Cut(one, "=")
		name, err := url.PathUnescape(name)
		if err != nil {
			return "", errors.New("a % in the query must be written as %25")
		}
		if last = name == "password" || name == "sslpassword"; !last {
			kept = append(kept, one)
		}
	}
	if len(kept) > 0 {
		before += "?" + strings.Join(kept, "&")
	}
	return before, nil
}
