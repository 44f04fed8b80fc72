package server

import (
	"net/http"
	"runtime/metrics"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/api"
)

// metrics answers in the text form that Prometheus reads (its documentation, "Exposition formats").
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	var e exposition
	e.family("parley_info", "gauge", "The version that runs.")
	e.sample(1, "version", Version())
	e.family("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.")
	e.sample(float64(s.started.UnixMilli()) / 1000)

	all := s.api.Counters()
	for _, f := range []struct {
		name, help string
		value      func(api.Counter) int64
	}{
		{"parley_requests_total", "Requests, by operation.", func(c api.Counter) int64 { return c.Requests }},
		{"parley_requests_refused_total", "Requests answered 4xx, by operation.", func(c api.Counter) int64 { return c.Refused }},
		{"parley_requests_failed_total", "Requests answered 5xx, by operation.", func(c api.Counter) int64 { return c.Failed }},
	} {
		e.family(f.name, "counter", f.help)
		for _, c := range all {
			e.sample(float64(f.value(c)), "service", c.Service, "operation", c.Operation)
		}
	}

	h := s.hub.Stats()
	e.one("parley_sockets", "gauge", "Open sockets.", float64(h.Sockets))
	e.one("parley_socket_chats", "gauge", "Chats with a subscribed socket.", float64(h.Streams))
	e.one("parley_socket_queue_frames", "gauge", "Frames that wait for their sockets.", float64(h.Queued))
	e.one("parley_socket_queue_deepest_frames", "gauge", "Frames that wait for the slowest socket.", float64(h.Deepest))
	e.one("parley_socket_frames_total", "counter", "Items handed to sockets.", float64(h.Delivered))
	e.one("parley_gap_items_repaired_total", "counter", "Items that were lost between nodes and read from the store.", float64(h.Repaired))
	e.one("parley_slow_sockets_closed_total", "counter", "Sockets closed because they did not read.", float64(h.SlowClosed))

	states := s.engine.Stats()
	e.one("parley_states_kept", "gauge", "Decoded states of chats that nobody works on at the moment.", float64(states.States))
	e.one("parley_states_kept_bytes", "gauge", "Memory that they take, about.", float64(states.Bytes))
	e.one("parley_state_hits_total", "counter", "Uses of a chat that found its state decoded.", float64(states.Hits))
	e.one("parley_state_misses_total", "counter", "Uses of a chat that read and decoded its state.", float64(states.Misses))

	r := s.router.Stats()
	leads := 0.0
	if r.Leads {
		leads = 1
	}
	e.one("parley_router_leads", "gauge", "Whether this node routes contacts: 1 or 0.", leads)
	e.one("parley_router_waiting_contacts", "gauge", "Contacts in queues, as the router of this node sees them.", float64(r.Waiting))
	e.one("parley_router_agents", "gauge", "Agents who have ever worked, as the router of this node sees them.", float64(r.Agents))
	e.one("parley_router_passes_total", "counter", "Passes over an instance's waiting contacts and agents.", float64(r.Passes))
	e.one("parley_router_pass_seconds_total", "counter", "Time that passes took.", r.PassSeconds)
	e.one("parley_router_looks_total", "counter", "Readings of all rows of routing.", float64(r.Looks))
	e.one("parley_router_offers_total", "counter", "Offers of contacts to agents.", float64(r.Offers))
	e.one("parley_router_offer_seconds_total", "counter", "Time that offers took until they were stored.", r.OfferSeconds)
	e.one("parley_router_offers_refused_total", "counter", "Offers that were refused, because a contact or an agent had changed.", float64(r.Refused))

	erased := s.erasures.Stats()
	e.one("parley_chats_erased_total", "counter", "Chats that this node has erased, for their age or because it was asked to.", float64(erased.Chats))
	e.one("parley_chat_items_erased_total", "counter", "Items of erased chats that this node has deleted.", float64(erased.Items))
	e.one("parley_contact_rows_deleted_total", "counter", "Rows of contacts, flow runs, offers and agents' times that this node has deleted for their age.", float64(erased.Records))
	e.one("parley_flow_contents_deleted_total", "counter", "Contents of flows and modules that this node has deleted because nothing needed them.", float64(erased.Contents))
	e.one("parley_erasure_failures_total", "counter", "Steps of erasing that failed and are tried again.", float64(erased.Failures))
	e.one("parley_erasure_overdue_seconds", "gauge", "How far beyond --keep-chats the oldest ended chat was when this node last looked.", erased.Overdue.Seconds())
	d := s.door.Stats()
	e.one("parley_unauthenticated_bytes", "gauge", "Bytes of requests whose callers are not known yet.", float64(d.Held))
	e.one("parley_unauthenticated_refused_total", "counter", "Requests of callers not known yet that found no room, or had to make room.", float64(d.Refused))

	e.runtime()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(e.text)
}

// runtime adds what Go's runtime knows without stopping the world.
func (e *exposition) runtime() {
	figures := []struct{ from, name, kind, help string }{
		{"/sched/goroutines:goroutines", "go_goroutines", "gauge", "Goroutines."},
		{"/memory/classes/heap/objects:bytes", "go_heap_objects_bytes", "gauge", "Memory of objects that live or were not yet swept."},
		{"/memory/classes/total:bytes", "go_memory_bytes", "gauge", "Memory mapped by the Go runtime."},
		{"/gc/cycles/total:gc-cycles", "go_gc_cycles_total", "counter", "Completed collections."},
	}
	samples := make([]metrics.Sample, len(figures))
	for i, f := range figures {
		samples[i].Name = f.from
	}
	metrics.Read(samples)
	for i, f := range figures {
		if v := samples[i].Value; v.Kind() == metrics.KindUint64 {
			e.one(f.name, f.kind, f.help, float64(v.Uint64()))
		}
	}
}

// exposition is the text in the making.
type exposition struct {
	text []byte
	name string // of the family at hand
}

func (e *exposition) family(name, kind, help string) {
	e.name = name
	e.text = append(e.text, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+kind+"\n"...)
}

// sample adds a value of the family; labels are names and values in turn.
func (e *exposition) sample(v float64, labels ...string) {
	e.text = append(e.text, e.name...)
	for i := 0; i+1 < len(labels); i += 2 {
		e.text = append(e.text, "{,"[min(i, 1)])
		e.text = append(e.text, labels[i]+`="`+escapeLabel.Replace(labels[i+1])+`"`...)
	}
	if len(labels) > 0 {
		e.text = append(e.text, '}')
	}
	e.text = append(e.text, ' ')
	e.text = strconv.AppendFloat(e.text, v, 'f', -1, 64)
	e.text = append(e.text, '\n')
}

// one adds a family of one value.
func (e *exposition) one(name, kind, help string, v float64) {
	e.family(name, kind, help)
	e.sample(v)
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
