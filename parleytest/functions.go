package parleytest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/server"
)

// Function answers in place of an AWS Lambda function that flows invoke. It is handed the event as Amazon Connect sends
// it, {"Name":"ContactFlowEvent","Details":{"ContactData":{…},"Parameters":{…}}}, and returns the response, which is
// sent as JSON; an error is a function that failed. It runs on a goroutine of its own, and its ctx ends with the flow's
// time limit for it.
type Function func(ctx context.Context, event json.RawMessage) (response any, err error)

// serveFunctions lets the server's flows find the functions on a network in memory.
func (s *Server) serveFunctions(cfg *server.Config, functions map[string]Function) {
	if len(functions) == 0 {
		return
	}
	cfg.Functions = map[string]string{}
	routes := http.NewServeMux()
	for name, f := range functions {
		path := "/" + strconv.Itoa(len(cfg.Functions))
		cfg.Functions[name] = endpoint + path
		routes.Handle(path, f)
	}
	listener := memnet.Listen()
	cfg.Dial = listener.DialContext
	h := &http.Server{Handler: routes}
	go h.Serve(listener) //nolint:errcheck // ends with the test
	s.t.Cleanup(func() { _ = h.Close() })
}

// ServeHTTP is the function as those see it who invoke it.
func (f Function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(r.Body)
	if err != nil {
		return // nobody waits for the answer
	}
	response, err := f(r.Context(), event)
	var answer []byte
	if err == nil {
		answer, err = json.Marshal(response)
	}
	if err != nil {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer, _ = json.Marshal(map[string]string{"errorType": "error", "errorMessage": err.Error()}) // strings
	}
	_, _ = w.Write(answer)
}
