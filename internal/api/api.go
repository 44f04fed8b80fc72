package api

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/policy"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
)

// Sockets takes over requests that open a socket.
type Sockets interface {
	// Serve makes the request a socket of who, whose token was checked.
	Serve(w http.ResponseWriter, r *http.Request, who chat.Caller)
	// Joining waits for a participant with a socket that is being connected, and says whether they are connected now.
	Joining(ctx context.Context, id center.ParticipantID) bool
}

// Keys knows the access keys that requests are signed with.
type Keys interface {
	// Secret returns the secret of an access key; ok is false when there is no such key (any more). It is asked for
	// every signed request.
	Secret(ctx context.Context, accessKeyID string) (secret string, ok bool, err error)
	// Policy returns what the holder of an access key may do, nil for everything; ok as above.
	Policy(ctx context.Context, accessKeyID string) (allowed *policy.Policy, ok bool, err error)
}

// Config is what an [API] is made of.
type Config struct {
	Chats       *chat.Chats
	Agents      *chat.Agents
	Transcripts *chat.Transcripts
	Erasures    *chat.Erasures
	Catalog     *catalog.Catalog
	Insight     *insight.Contacts
	Figures     *insight.Figures
	Present     *insight.Present
	Sockets     Sockets
	// Keys verifies who calls the connect operations. It is not asked when AnyCredentials is set.
	Keys Keys
	// AnyCredentials lets the connect operations be called with any credentials or none: for development alone.
	AnyCredentials bool
	// Who is whoever calls, for the audit log, where AnyCredentials is set and all callers are in this process. Empty: as
	// their signatures say.
	Who string
	// Partition names the region that signatures must be scoped to, and where ARNs live.
	Partition center.Partition
	// PublicURL is how clients reach this server, "https://chat.example.com", for the addresses that answers contain.
	// Empty means: as the request at hand has reached it.
	PublicURL string
	// AnyOrigin lets pages of any origin call participants' operations, whatever the instances approve of.
	AnyOrigin bool
	Throttle  Throttle
	Now       func() time.Time // real time; nil is time.Now
	NewID     func() string    // a new UUID, for x-amzn-RequestId
	Log       *slog.Logger     // nil logs nothing
}

// API serves the operations of Amazon Connect and of its Participant Service, and the address of the sockets.
type API struct {
	Config
	routes  *router
	sts     *target
	limits  *limits
	signers map[string]*signers // by service
	origins origins
	storm   storm
	scratch sync.Pool // of *exchange
}

// New returns an API ready to serve.
func New(c Config) *API {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{Config: c, routes: newRouter(), sts: newSTS(), limits: newLimits(c.Throttle), signers: map[string]*signers{connectService: {}, stsService: {}}}
	a.scratch.New = func() any { return new(exchange) }
	return a
}

// Handles says whether a request is the API's to answer; all others may be pages. It goes by the first segment of
// the path, which is enough to tell the operations of Amazon Connect from everything else, served or not. A request
// that is signed for AWS is meant for an API whatever its path, and so is one in the Query protocol.
func (a *API) Handles(r *http.Request) bool {
	return asksSTS(r) || a.routes.knows(firstSegment(r.URL.Path)) || signed(r.Header)
}

// Counter is how often an operation was called, and how.
type Counter struct {
	Service, Operation string
	Requests           int64
	Refused            int64 // answered 4xx
	Failed             int64 // answered 5xx
}

// Counters returns the figures of every operation that was called, by name.
func (a *API) Counters() []Counter {
	var all []Counter
	for _, t := range append(a.routes.targets[:len(a.routes.targets):len(a.routes.targets)], a.sts) {
		if n := t.requests.Load(); n > 0 {
			all = append(all, Counter{t.service, t.name, n, t.refused.Load(), t.failed.Load()})
		}
	}
	return all
}

// handlers are what the served operations do, by service and name. Each file of operations has its table.
var handlers = map[string]map[string]handler{
	connectService: reconfigured(merge(
		contactOps, erasureOps, authenticationOps, instanceOps, flowOps, flowVersionOps, flowAliasOps, moduleOps,
		moduleAliasOps, associationOps, viewOps, hoursOps, queueOps, quickConnectOps, routingProfileOps,
		predefinedAttributeOps, tagOps, authenticationProfileOps, instanceAttributeOps, storageOps, attachedFilesOps,
		pushOps, phoneNumberOps, promptOps, vocabularyOps, taskTemplateOps, securityProfileOps, agentStatusOps, hierarchyOps,
		userOps, proficiencyOps, botOps, originOps, securityKeyOps, integrationOps, searchOps, searchContactsOps, agentOps,
		metricOps,
	)),
	participantService: merge(participantOps, participantViewOps, participantAuthenticationOps),
}

func merge(tables ...map[string]handler) map[string]handler {
	all := map[string]handler{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

const (
	connectService     = "connect"
	participantService = "participant"
)

// handler is what an operation does with a decoded and checked input.
type handler func(*API, *exchange, wire.Input) (wire.Output, error)

// signedOp adapts the method of an operation that is called with a signature. A malformed InstanceId is refused before
// the operation begins.
func signedOp[I wire.Input, O wire.Output](f func(*API, *exchange, I) (O, error)) handler {
	return func(a *API, x *exchange, in wire.Input) (wire.Output, error) {
		if named, ok := in.(interface{ AtInstance() string }); ok {
			if err := center.CheckInstance(named.AtInstance()); err != nil {
				return nil, err
			}
		}
		return f(a, x, in.(I))
	}
}

// bearerOp adapts the method of an operation that a participant calls in their own name.
func bearerOp[I wire.Input, O wire.Output](f func(*API, *exchange, chat.Caller, I) (O, error)) handler {
	return func(a *API, x *exchange, in wire.Input) (wire.Output, error) { return f(a, x, x.who, in.(I)) }
}

// operations are the served operations of both services.
func operations() []wire.Op {
	return append(append([]wire.Op(nil), connect.Ops...), participant.Ops...)
}

// others are the operations that are known by name only.
func others() []wire.Route {
	return append(append([]wire.Route(nil), connect.Others...), participant.Others...)
}
