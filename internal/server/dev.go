package server

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/door"
	"github.com/parley-chat/parley/internal/stock"
	"github.com/parley-chat/parley/internal/ui"
)

// What a development server is seeded with; the ids never change.
const (
	SeedAccount  = "123456789012"
	SeedRegion   = "us-east-1"
	SeedInstance = center.InstanceID("11111111-1111-4111-8111-111111111111")
	SeedAlias    = "parley-dev"
	SeedFlow     = center.FlowID("22222222-2222-4222-8222-222222222222")
	SeedFlowName = "Welcome"
)

// SeedQueueFlow is the stock flow of the seeded instance that puts a chat in the basic queue, where agents take it.
var SeedQueueFlow = stock.FlowID(SeedInstance, "Sample queue customer")

//go:embed welcome.json
var welcome string

// seed makes the instance, the flow and the users that a development server has, unless they are there.
func (s *Server) seed(ctx context.Context) error {
	_, err := s.catalog.Instance(ctx, SeedInstance)
	if center.Is(err, center.NotFound) {
		_, err = s.catalog.CreateInstance(ctx, center.Instance{
			ID: SeedInstance, Alias: SeedAlias, IdentityManagementType: center.IdentityManaged, InboundCalls: true, OutboundCalls: true,
		}, "")
	}
	if err != nil {
		return fmt.Errorf("seed the instance: %w", err)
	}
	_, err = s.catalog.Flow(ctx, SeedInstance, center.FlowRef{ID: SeedFlow, Qualifier: center.SavedQualifier})
	if center.Is(err, center.NotFound) {
		_, err = s.catalog.CreateFlow(ctx, SeedInstance, center.ContactFlow{
			ID: SeedFlow, Name: SeedFlowName, Type: center.TypeContactFlow,
			Description: "Greets the customer, waits, says goodbye.",
		}, welcome, true)
	}
	if center.Is(err, center.Duplicate) {
		err = s.seedTaken(ctx, err)
	}
	if err != nil {
		return fmt.Errorf("seed the flow: %w", err)
	}
	return s.seedUsers(ctx)
}

// Furnish puts into the instance what the configuration says. Two at a time wait for each other.
func (s *Server) Furnish(ctx context.Context) error {
	return s.furnishAlone(ctx, s.furnish)
}

// furnishAlone calls f while nobody else furnishes the instance, resets it, or leaves with it.
func (s *Server) furnishAlone(ctx context.Context, f func(context.Context) error) error {
	select {
	case s.furnishing <- struct{}{}:
		defer func() { <-s.furnishing }()
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("nothing was done to the instance: %w", err)
	}
	return f(ctx)
}

// furnish is called alone.
func (s *Server) furnish(ctx context.Context) error {
	s.whole = false
	if s.cfg.Furnish != nil {
		applied, err := s.cfg.Furnish(ctx, s.inside)
		if err != nil {
			return err
		}
		s.furnished.Store(&applied)
	}
	s.whole = true
	return nil
}

// leave gives the instance to the configuration's Leave, when nobody changes it any more.
func (s *Server) leave(ctx context.Context) error {
	if s.cfg.Leave == nil {
		return nil
	}
	return s.furnishAlone(ctx, func(ctx context.Context) error { return s.cfg.Leave(ctx, s.inside, s.whole) })
}

// seedTaken looks for who has the name of the seeded flow, which was not found by its id: another flow, which may keep it,
// or that very flow, in a database that is damaged.
func (s *Server) seedTaken(ctx context.Context, taken error) error {
	flows, err := catalog.Flows.List(ctx, s.catalog, SeedInstance, "", 1000, func(f *center.ContactFlow) bool { return f.Name == SeedFlowName })
	switch {
	case err != nil:
		return err
	case len(flows) == 1 && flows[0].ID != SeedFlow:
		s.cfg.Log.Warn("the seeded flow was deleted, and another flow has its name", "flow", flows[0].ID)
		return nil
	}
	return s.store.Damaged("resource", fmt.Errorf("the flow %s is found in one way and not in another: %w", SeedFlow, taken))
}

// devPath is below which everything exists in development alone.
const devPath = "/_parley/"

// maxDevBody is enough for a chat's 32 KiB of attributes, and for some characters that are escaped.
const maxDevBody = 64 << 10

// devRoutes are the endpoints below devPath.
func (s *Server) devRoutes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxDevBody)
			var v any
			var err error = &http.MaxBytesError{Limit: maxDevBody}
			if r.ContentLength <= maxDevBody {
				v, err = f(r)
			}
			if err != nil {
				writeJSON(w, devStatus(err), map[string]string{"error": devMessage(err)})
				return
			}
			writeJSON(w, http.StatusOK, v)
		})
	}
	handle("GET /_parley/info", s.info)
	handle("GET /_parley/clock", func(*http.Request) (any, error) { return s.clock(), nil })
	handle("POST /_parley/clock", s.advance)
	handle("POST /_parley/reset", s.reset)
	handle("GET /_parley/contacts", s.contacts)
	handle("GET /_parley/timers", s.timers)
	handle("GET /_parley/routing", s.routing)
	handle("POST /_parley/start", s.startChat)
	s.pathRoutes(mux)
	return mux
}

// mistake is what a caller of /_parley/ did wrong.
type mistake string

func (m mistake) Error() string { return string(m) }

func devStatus(err error) int {
	var (
		wrong   mistake
		refused *center.Error
		tooLong *http.MaxBytesError
	)
	switch {
	case errors.Is(err, door.ErrFull):
		return http.StatusServiceUnavailable
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &wrong):
		return http.StatusBadRequest
	case errors.As(err, &refused) && refused.Code == center.Unavailable:
		return http.StatusServiceUnavailable
	case errors.As(err, &refused) && refused.Code != center.Internal:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// devMessage is a refusal without its cause, which is for logs.
func devMessage(err error) string {
	var refused *center.Error
	if errors.As(err, &refused) {
		return refused.Message
	}
	return err.Error()
}

// endpoint is the address to tell people: what they asked for, or what the operator set.
func (s *Server) endpoint(r *http.Request) string {
	if s.cfg.PublicURL != "" {
		return s.cfg.PublicURL
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && strings.Trim(host, hostCharacters) != "" {
		host = local.String()
	}
	return scheme + "://" + host
}

// hostCharacters are those of names, addresses and ports. A Host may legally hold more (RFC 3986, section 3.2.2), some
// of which a shell would run: what is shown is there to be copied into one.
const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"

// page is what the landing page shows.
func (s *Server) page(r *http.Request) ui.Page {
	p := ui.Page{Endpoint: s.endpoint(r), Region: s.cfg.Partition.Region, Dev: s.cfg.Dev}
	if s.cfg.Dev {
		p.Instance, p.Flow = string(SeedInstance), string(SeedFlow)
	}
	return p
}

// FlowInfo is a flow at a glance.
type FlowInfo struct {
	ID   center.FlowID `json:"id"`
	ARN  string        `json:"arn"`
	Name string        `json:"name"`
	Type string        `json:"type"`
	// Stock says that the flow was there from the instance's beginning, and kept its name.
	Stock bool `json:"stock,omitempty"`
}

func stockLast(f FlowInfo) int {
	if f.Stock {
		return 1
	}
	return 0
}

// InstanceInfo is an instance at a glance.
type InstanceInfo struct {
	ID    center.InstanceID `json:"id"`
	Alias string            `json:"alias"`
	ARN   string            `json:"arn"`
	Flows []FlowInfo        `json:"flows"`
}

// Instances lists the first hundred instances and their flows, for people to look at: their own first.
func (s *Server) Instances(ctx context.Context) ([]InstanceInfo, error) {
	instances, err := s.catalog.Instances(ctx, "", 100)
	if err != nil {
		return nil, err
	}
	all := []InstanceInfo{}
	for _, i := range instances {
		info := InstanceInfo{ID: i.ID, Alias: i.Alias, ARN: s.cfg.Partition.InstanceARN(i.ID), Flows: []FlowInfo{}}
		flows, err := catalog.Flows.List(ctx, s.catalog, i.ID, "", 1000, nil)
		if err != nil {
			return nil, err
		}
		for _, f := range flows {
			info.Flows = append(info.Flows, FlowInfo{
				ID: f.ID, ARN: s.cfg.Partition.FlowARN(i.ID, f.ID), Name: f.Name, Type: f.Type, Stock: f.ID == stock.FlowID(i.ID, f.Name),
			})
		}
		slices.SortStableFunc(info.Flows, func(a, b FlowInfo) int { return stockLast(a) - stockLast(b) })
		all = append(all, info)
	}
	return all, nil
}

func (s *Server) info(r *http.Request) (any, error) {
	all, err := s.Instances(r.Context())
	if err != nil {
		return nil, err
	}
	var applied any
	if p := s.furnished.Load(); p != nil {
		applied = *p
	}
	return struct {
		Endpoint   string            `json:"endpoint"`
		Region     string            `json:"region"`
		Account    string            `json:"account"`
		InstanceID center.InstanceID `json:"instanceId"`
		FlowID     center.FlowID     `json:"contactFlowId"`
		Instances  []InstanceInfo    `json:"instances"`
		Users      []Person          `json:"users"`
		Applied    any               `json:"applied,omitempty"`
		Clock      clockInfo         `json:"clock"`
		Version    string            `json:"version"`
	}{s.endpoint(r), s.cfg.Partition.Region, s.cfg.Partition.Account, SeedInstance, SeedFlow, all, People(), applied, s.clock(), Version()}, nil
}

type clockInfo struct {
	Now    string `json:"now"`
	Manual bool   `json:"manual"`
}

func (s *Server) clock() clockInfo {
	_, manual := s.cfg.Clock.(*ManualClock)
	return clockInfo{Now: center.FormatTime(s.cfg.Clock.Now()), Manual: manual}
}

// advance moves contact time on: {"advance":"5m"} or {"to":"2026-01-02T15:04:05.000Z"}. Each timer on the way fires
// at its own time, and its consequences are there before the answer is.
func (s *Server) advance(r *http.Request) (any, error) {
	clock, manual := s.cfg.Clock.(*ManualClock)
	if !manual {
		return nil, mistake("contact time is real time here; start with --clock manual to advance it")
	}
	var body struct{ Advance, To string }
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	select { // two that advance by an hour each advance by two
	case s.advancing <- struct{}{}:
		defer func() { <-s.advancing }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	target := clock.Now()
	switch {
	case body.Advance != "":
		d, err := time.ParseDuration(body.Advance)
		if err != nil || d < 0 {
			return nil, mistake(`advance must be a duration such as "90s", "5m" or "25h"`)
		}
		target = target.Add(d)
	case body.To != "":
		t, err := time.Parse(time.RFC3339, body.To)
		if err != nil || t.Before(target) {
			return nil, mistake("to must be an RFC 3339 time that is not before the contact time")
		}
		target = t
	default:
		return nil, mistake(`give {"advance":"5m"} or {"to":"2026-01-02T15:04:05.000Z"}`)
	}
	if err := s.advanceTo(r.Context(), clock, target); err != nil {
		return nil, err
	}
	return s.clock(), nil
}

func (s *Server) advanceTo(ctx context.Context, clock *ManualClock, target time.Time) error {
	for {
		// Also waits for what is being answered just now: its rows are leased, and not to be seen as due.
		if err := s.Settle(ctx); err != nil {
			return err
		}
		next, ok, err := s.NextDue(ctx)
		if err != nil {
			return err
		}
		if !ok || next.After(target) {
			clock.Set(target)
			return s.Settle(ctx)
		}
		clock.Set(next)
	}
}

// NextDue is the contact time at which something is due, if anything is: for those who test it.
func (s *Server) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	at, ok, err = s.engine.NextDue(ctx)
	if routed := s.router.Next(); err == nil && !routed.IsZero() && (!ok || routed.Before(at)) {
		at, ok = routed, true
	}
	return at, ok, err
}

// reset empties the store and seeds it anew. It is not left half done when whoever asked for it has gone. Sockets are
// closed: their clients ask for a new connection, are refused, and learn so that the chat is over.
func (s *Server) reset(r *http.Request) (any, error) {
	ctx := context.WithoutCancel(r.Context())
	if err := s.furnishAlone(ctx, s.resetStore); err != nil {
		return nil, err
	}
	s.hub.SendAway(ctx, 0)
	return map[string]bool{"reset": true}, nil
}

// resetStore is called alone.
func (s *Server) resetStore(ctx context.Context) error {
	s.whole = false
	s.furnished.Store(nil)
	if err := s.store.Reset(ctx); err != nil {
		return err
	}
	s.engine.Forget() // what was decoded of it
	if err := s.tokens.Reload(ctx); err != nil {
		return err
	}
	if err := s.seed(ctx); err != nil {
		return err
	}
	return s.furnish(ctx)
}

func (s *Server) contacts(r *http.Request) (any, error) {
	all, err := s.overview.Chats(r.Context(), 1000)
	return map[string]any{"contacts": all}, err
}

func (s *Server) timers(r *http.Request) (any, error) {
	due, err := s.store.AllDue(r.Context(), 1000)
	if err != nil {
		return nil, err
	}
	type timer struct {
		Contact center.ChatID `json:"contact"`
		Timer   string        `json:"timer"`
		At      string        `json:"at"`
	}
	all := []timer{}
	for _, d := range due {
		all = append(all, timer{center.ChatID(d.Stream), chat.TimerName(d.Key), center.FormatTime(d.At)})
	}
	return map[string]any{"timers": all}, nil
}

// startChat lets the chat page begin: what a company's own backend does with StartChatContact.
func (s *Server) startChat(r *http.Request) (any, error) {
	var body struct {
		InstanceID     center.InstanceID `json:"InstanceId"`
		ContactFlowID  string            `json:"ContactFlowId"`
		DisplayName    string
		Attributes     map[string]string
		PersistentChat *struct {
			RehydrationType string
			SourceContactID center.ContactID `json:"SourceContactId"`
		}
	}
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	flow := center.ParseFlow(body.ContactFlowID)
	cmd := center.StartChat{
		Instance: body.InstanceID, Flow: flow.ID, FlowQualifier: flow.Qualifier, DisplayName: body.DisplayName, Attributes: body.Attributes,
		ContentTypes: []string{center.TextPlain, center.TextMarkdown, center.ApplicationJSON, center.Interactive, center.InteractiveResponse},
	}
	if cmd.Instance == "" {
		cmd.Instance = SeedInstance
	}
	if cmd.Flow == "" {
		cmd.Flow = SeedFlow
	}
	if n := len([]rune(cmd.DisplayName)); n < 1 || n > 256 {
		return nil, mistake(fmt.Sprintf("DisplayName must have 1 to 256 characters, got %d", n))
	}
	if p := body.PersistentChat; p != nil {
		cmd.Persistent = &center.Persistence{Type: p.RehydrationType, Source: p.SourceContactID}
	}
	started, err := s.chats.Start(r.Context(), cmd)
	if err != nil {
		return nil, err
	}
	answer := map[string]string{
		"ContactId": string(started.Contact), "ParticipantId": string(started.Participant), "ParticipantToken": started.Token,
	}
	if started.ContinuedFrom != "" {
		answer["ContinuedFromContactId"] = string(started.ContinuedFrom)
	}
	return answer, nil
}

func decodeBody(r *http.Request, v any) error {
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(r.Body); err != nil {
		return err
	}
	if raw.Len() == 0 {
		return nil
	}
	if err := json.Unmarshal(raw.Bytes(), v); err != nil {
		return mistake("the body must be JSON: " + err.Error())
	}
	return nil
}
