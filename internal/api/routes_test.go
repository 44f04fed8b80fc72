package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/api"
)

// How many operations the API models of botocore 1.44.8 have.
const (
	connectOperations     = 405
	participantOperations = 11
)

var pathArgument = regexp.MustCompile(`\{[^}]*\}`)

// TestEveryRouteIsAnswered calls every operation of both API models by the route that the model gives it. One that is
// served is reached; every other one answers 501 and names itself.
func TestEveryRouteIsAnswered(t *testing.T) {
	w := newWorld(t, nil)
	served := map[string][]string{}
	for _, op := range api.Operations() {
		served[op.Service] = append(served[op.Service], op.Name)
	}
	for service, want := range map[string]int{"connect": connectOperations, "participant": participantOperations} {
		routes := modelRoutes(t, service)
		if len(routes) != want {
			t.Errorf("%s: the model has %d operations, want %d", service, len(routes), want)
		}
		for name, route := range routes {
			method, template, _ := strings.Cut(route, " ")
			got := w.call(method, pathArgument.ReplaceAllString(template, "x"), "", "{}")
			code := got.header.Get("x-amzn-ErrorType")
			if slices.Contains(served[service], name) {
				if code == "UnknownOperationException" || code == "NotImplementedException" {
					t.Errorf("%s %s is served, but %s answers %s: %s", service, name, route, code, got.body)
				}
				continue
			}
			if got.status != http.StatusNotImplemented || code != "NotImplementedException" || !strings.Contains(got.body, `"`+name+" is not served here.") {
				t.Errorf("%s %s: %s answers %d %s: %s", service, name, route, got.status, code, got.body)
			}
		}
	}
}

// modelRoutes reads the method and path of each operation from a checked-in API model.
func modelRoutes(t *testing.T, service string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../wire/gen/models/" + service + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var model struct {
		Operations map[string]struct {
			HTTP struct {
				Method string `json:"method"`
				URI    string `json:"requestUri"`
			} `json:"http"`
		} `json:"operations"`
	}
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	routes := map[string]string{}
	for name, op := range model.Operations {
		routes[name] = op.HTTP.Method + " " + op.HTTP.URI
	}
	return routes
}
