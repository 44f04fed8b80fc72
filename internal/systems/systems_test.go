package systems

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAsk(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.Path != "/profiles" || string(body) != `{"System":"CustomerProfiles"}` || r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(400)
			return
		}
		_, _ = w.Write([]byte(`{"Data":{"FirstName":"Ana"}}`))
	}))
	defer s.Close()
	c, err := New(map[string]string{"customerprofiles": s.URL + "/profiles"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Ask(t.Context(), "CustomerProfiles", []byte(`{"System":"CustomerProfiles"}`))
	if err != nil || string(answer) != `{"Data":{"FirstName":"Ana"}}` {
		t.Errorf("%q %v", answer, err)
	}
	if _, err := c.Ask(t.Context(), "CustomerProfiles", []byte(`{}`)); err == nil || err.Error() != "the answer was 400 Bad Request" {
		t.Error(err)
	}
	if _, err := c.Ask(t.Context(), "Cases", nil); err == nil || err.Error() != "no endpoint is configured for Cases" {
		t.Error(err)
	}
}

func TestURLsAreChecked(t *testing.T) {
	for _, urls := range []map[string]string{{"": "http://localhost"}, {"Cases": "localhost:80"}} {
		if _, err := New(urls, nil); err == nil {
			t.Errorf("%v was accepted", urls)
		}
	}
}
