package signin

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const pool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Ab"

func TestURLsAreChecked(t *testing.T) {
	for _, c := range []struct {
		urls  map[string]string
		plain bool
		want  string // "" when it is fine
	}{
		{map[string]string{pool: "https://login.example.com/"}, false, ""},
		{map[string]string{pool: "http://localhost:9000"}, true, ""},
		{map[string]string{pool: "http://login.example.com"}, false, "https"},
		{map[string]string{"": "https://login.example.com"}, false, "without a name"},
		{map[string]string{pool: "login.example.com"}, false, "URL"},
		{map[string]string{pool: "https://login.example.com?x=1"}, false, "query"},
		{map[string]string{pool: "https://me:secret@login.example.com"}, false, "user"},
	} {
		_, err := New(Options{URLs: c.urls, Plain: c.plain})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.urls, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error has the password: %v", err)
		}
	}
}

// Whatever the redirect and the state say, they are each one parameter of the page's.
func TestPage(t *testing.T) {
	c, err := New(Options{URLs: map[string]string{"us-east-1_Ab": "https://login.example.com/"}})
	if err != nil {
		t.Fatal(err)
	}
	const redirect = "https://shop.example.com/back?a=1&state=mine&client_id=other#x"
	page, ok := c.Page(pool, "client&x", redirect, "v4.local.s+/=", "challenge")
	u, err := url.Parse(page)
	if !ok || err != nil {
		t.Fatal(page, err)
	}
	want := url.Values{
		"response_type": {"code"}, "client_id": {"client&x"}, "redirect_uri": {redirect}, "state": {"v4.local.s+/="},
		"scope": {"openid"}, "code_challenge": {"challenge"}, "code_challenge_method": {"S256"},
	}
	if u.Host != "login.example.com" || u.Path != "/oauth2/authorize" || u.Query().Encode() != want.Encode() {
		t.Error(page)
	}
	other := "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Other"
	if _, ok := c.Page(other, "c", redirect, "s", "x"); ok || c.Knows(other) || !c.Knows(pool) {
		t.Error("a pool that nobody has configured has a page")
	}
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func idToken(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestRedeem(t *testing.T) {
	const good = `{"sub":"s","aud":"client","exp":1767323105,"token_use":"id","given_name":"Ana"}`
	for _, c := range []struct {
		name, answer string
		status       int
		want, wrong  string
	}{
		{"claims", `{"id_token":"` + idToken(good) + `","access_token":"a"}`, 200, good, ""},
		{"many audiences", `{"id_token":"` + idToken(`{"sub":"s","aud":["x","client"],"exp":1767323105}`) + `"}`, 200, `{"sub":"s","aud":["x","client"],"exp":1767323105}`, ""},
		{"a code that was used", `{"error":"invalid_grant"}`, 400, "", "400"},
		{"a page instead", `<html>`, 200, "", "without an id_token"},
		{"no ID token", `{"access_token":"a"}`, 200, "", "without an id_token"},
		{"not a JWT", `{"id_token":"a.b"}`, 200, "", "no JSON Web Token"},
		{"not base64", `{"id_token":"a.*.c"}`, 200, "", "cannot be read"},
		{"not JSON", `{"id_token":"` + idToken(`x`) + `"}`, 200, "", "cannot be read"},
		{"another client's", `{"id_token":"` + idToken(`{"sub":"s","aud":"other","exp":1767323105}`) + `"}`, 200, "", "another app client"},
		{"nobody's", `{"id_token":"` + idToken(`{"sub":"s","exp":1767323105}`) + `"}`, 200, "", "another app client"},
		{"of nobody", `{"id_token":"` + idToken(`{"aud":"client","exp":1767323105}`) + `"}`, 200, "", "names nobody"},
		{"an access token", `{"id_token":"` + idToken(`{"sub":"s","aud":"client","exp":1767323105,"token_use":"access"}`) + `"}`, 200, "", "something else"},
		{"expired", `{"id_token":"` + idToken(`{"sub":"s","aud":"client","exp":1767322900}`) + `"}`, 200, "", "expired"},
		{"without an end", `{"id_token":"` + idToken(`{"sub":"s","aud":"client"}`) + `"}`, 200, "", "expired"},
		{"led elsewhere", ``, 302, "", "302"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				asked = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}))
			defer s.Close()
			client, err := New(Options{URLs: map[string]string{pool: s.URL}, Plain: true, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			claims, err := client.Redeem(t.Context(), pool, "client", "https://shop/back", "c0de", "v3rifier")
			if string(claims) != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s, %v", claims, err)
			}
			if err != nil && (strings.Contains(err.Error(), "c0de") || strings.Contains(err.Error(), "invalid_grant")) {
				t.Errorf("the error tells what was said: %v", err)
			}
			const want = "POST /oauth2/token application/x-www-form-urlencoded client_id=client&code=c0de&code_verifier=v3rifier&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fshop%2Fback"
			if asked != want {
				t.Errorf("asked %s", asked)
			}
		})
	}
	c, _ := New(Options{})
	if _, err := c.Redeem(t.Context(), pool, "client", "", "c", "v"); err == nil {
		t.Error("a pool that nobody has configured was asked")
	}
}
