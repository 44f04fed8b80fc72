package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/router"
	"github.com/parley-chat/parley/internal/routing"
)

// explanation is why a contact waits, as it is told.
type explanation struct {
	Contact center.ContactID
	Why     string
	Queue   center.QueueID `json:",omitzero"`
	// AgentQueue is the agent whose queue it is.
	AgentQueue center.UserID `json:",omitzero"`
	Enqueued   time.Time     `json:",omitzero"`
	Priority   int           `json:",omitzero"`
	Ahead      int           // contacts of the queue before it
	OfferedTo  center.UserID `json:",omitzero"`
	Step       int           `json:",omitzero"`
	Steps      int           `json:",omitzero"`
	Expires    time.Time     `json:",omitzero"`
	// Next is when time alone changes something.
	Next   time.Time `json:",omitzero"`
	Agents []refusal `json:",omitempty"`
}

// refusal is why an agent does not get the contact.
type refusal struct {
	Agent center.UserID
	Name  string `json:",omitzero"`
	Code  routing.Code
	Why   string
}

// whyWaiting explains why a contact waits.
func (s *Server) whyWaiting(ctx context.Context, at center.InstanceID, id center.ContactID) (*explanation, error) {
	e, err := s.router.Explain(ctx, at, id)
	if errors.Is(err, router.ErrNotWaiting) {
		return &explanation{Contact: id, Why: "The contact does not wait in a queue."}, nil
	}
	if err != nil {
		return nil, err
	}
	c := &e.Contact
	out := &explanation{
		Contact: id, Why: e.String(), Enqueued: c.Enqueued, Priority: c.Priority, Ahead: e.Ahead, Step: e.Step, Steps: e.Steps, Expires: e.Expires, Next: e.Next,
	}
	if out.Queue = c.Queue; c.AgentQueue {
		out.Queue, out.AgentQueue = "", center.UserID(c.Queue)
	}
	if !e.Now {
		out.OfferedTo = e.Offered
	}
	for _, a := range e.Agents {
		line := refusal{Agent: a.Agent, Code: a.Reason.Code, Why: a.Reason.String()}
		if w, err := s.catalog.Worker(ctx, at, a.Agent); err == nil {
			line.Name = w.Name
		}
		out.Agents = append(out.Agents, line)
	}
	return out, nil
}

// routing answers GET /_parley/routing?contact=ID.
func (s *Server) routing(r *http.Request) (any, error) {
	id := center.ContactID(r.URL.Query().Get("contact"))
	if id == "" {
		return nil, mistake("give the id of a contact, as in /_parley/routing?contact=ID")
	}
	at, err := s.overview.InstanceOf(r.Context(), id)
	if err != nil {
		return nil, err
	}
	return s.whyWaiting(r.Context(), at, id)
}

// debugRouting is the same for operators.
func (s *Server) debugRouting(w http.ResponseWriter, r *http.Request) {
	id := center.ContactID(r.PathValue("id"))
	at, err := s.overview.InstanceOf(r.Context(), id)
	var v any
	if err == nil {
		v, err = s.whyWaiting(r.Context(), at, id)
	}
	s.writeDebug(w, v, err)
}
