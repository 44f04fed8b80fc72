package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/door"
	"github.com/parley-chat/parley/internal/token"
	"github.com/parley-chat/parley/internal/wire"
)

// Buffers begin with room for a message and its answer; larger ones than maxKept do not wait for another request.
const (
	minBuffer = 1 << 10
	maxKept   = 64 << 10
)

// exchange is one request and its answer. Exchanges are used again, for the sake of their buffers: nothing of one may
// outlive ServeHTTP but what is in the answer's header.
type exchange struct {
	a         *API
	w         http.ResponseWriter
	r         *http.Request
	target    *target // nil while not found
	service   string  // whose spelling errors have
	requestID string
	who       chat.Caller // of an operation that a participant calls
	signature signature   // of all others
	in        wire.Request
	args      [4]string // of the path: room for in.Path
	buffer    []byte    // the request's body, then the answer's
	begun     bool      // the body is being read, or was
	answered  bool
}

// ServeHTTP answers a request, each with an x-amzn-RequestId of its own. Whatever goes wrong, the answer has the
// form of Amazon Connect's errors.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := a.scratch.Get().(*exchange)
	x.a, x.w, x.r = a, w, r
	x.requestID = a.NewID()
	x.answered = false
	x.service = connectService
	if firstSegment(r.URL.Path) == participantService {
		x.service = participantService
	}
	defer x.finish()
	x.head()
	var f *failure
	if r.Method == http.MethodOptions {
		f = x.preflight()
	} else {
		f = x.serve()
	}
	if f != nil {
		x.fail(f)
	}
}

// finish survives a panic of the layers below: the request fails, the server goes on.
func (x *exchange) finish() {
	if fault := recover(); fault != nil {
		if fault == http.ErrAbortHandler || x.answered {
			panic(fault) // the connection ends: there is no honest answer to go on with
		}
		x.a.Log.Error("panic", "requestId", x.requestID, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
		x.fail(x.internal())
		return // with the exchange, whose state nobody knows
	}
	buffer := x.buffer
	if cap(buffer) > maxKept {
		buffer = nil
	}
	a := x.a
	*x = exchange{buffer: buffer}
	a.scratch.Put(x)
}

func (x *exchange) internal() *failure {
	f := &failure{ErrorShape: declarable[center.Internal][0], message: internalMessage}
	if x.service == participantService {
		f.ErrorShape = declarable[center.Internal][1]
	}
	return f
}

// serve does all that comes before the answer of a success, in the order of AWS's front door. Nothing of the body is
// read before it is known that the caller has a token or names an access key of this server.
func (x *exchange) serve() *failure {
	if f := x.caller(); f != nil {
		// Whether a page may read this depends on no instance.
		if hidden := x.crossUnknown(); hidden != nil {
			return hidden
		}
		return f
	}
	if f := x.crossKnown(); f != nil {
		return f
	}
	if x.target.socket {
		x.answered = true
		x.a.Sockets.Serve(x.w, x.r, x.who)
		return nil
	}
	if f := x.readBody(); f != nil {
		return f
	}
	if f := x.prove(); f != nil {
		return f
	}
	if f := x.throttle(); f != nil {
		return f
	}
	if x.target == x.a.sts {
		return x.callerIdentity()
	}
	in := x.target.op.NewInput()
	x.in.Header, x.in.Body = x.r.Header, x.buffer
	if x.r.URL.RawQuery != "" {
		x.in.Query = x.r.URL.Query()
	}
	if err := in.Decode(&x.in); err != nil {
		return x.target.failure(err)
	}
	if f := x.authorize(in); f != nil {
		return f
	}
	if x.target.configures {
		x.r = x.r.WithContext(catalog.By(x.r.Context(), x.author()))
	}
	out, err := x.target.do(x.a, x, in)
	if err != nil {
		return x.target.failure(err)
	}
	x.buffer = out.AppendJSON(x.buffer[:0])
	x.answer(x.target.op.Status)
	return nil
}

// caller finds out what is called, and by whom.
func (x *exchange) caller() *failure {
	if f := x.route(); f != nil {
		return f
	}
	if x.target.socket {
		return x.open(x.r.URL.Query().Get("token"), token.Socket)
	}
	return x.authenticate()
}

// route finds out what is called.
func (x *exchange) route() *failure {
	if asksSTS(x.r) {
		x.service, x.target = stsService, x.a.sts
		x.target.requests.Add(1)
		return nil
	}
	n, args := x.a.routes.find(x.r.URL, x.args[:0])
	if n == nil && x.r.URL.Path == "/" {
		return &failure{ErrorShape: wire.UnknownOperationException, message: "This path is called with POST (GetCallerIdentity of AWS STS) and the Content-Type " + queryForm + "."}
	}
	if n == nil {
		return &failure{ErrorShape: wire.UnknownOperationException, message: "No operation has this path."}
	}
	t := n.method(x.r.Method)
	if t == nil {
		return &failure{ErrorShape: wire.UnknownOperationException, message: "This path is called with " + n.methods() + "."}
	}
	x.target, x.in.Path = t, args
	t.requests.Add(1)
	if t.op == nil && !t.socket {
		return &failure{ErrorShape: wire.NotImplementedException, message: t.name + " is not served here."}
	}
	return nil
}

// authenticate finds out who calls, as far as the header says: a participant, or the holder of an access key, which a
// signature over the body proves only when that has arrived. What a participant's client signs is not looked at: AWS
// documents that these operations do not use Signature Version 4, and clients sign them with empty credentials.
func (x *exchange) authenticate() *failure {
	switch {
	case x.target.bearer != 0:
		return x.open(x.bearer(), x.target.bearer)
	case x.a.AnyCredentials:
		return nil
	}
	x.signature.service = x.service
	f := x.a.claim(x.r, &x.signature)
	if f == nil && x.signature.proven {
		door.Release(x.r.Context())
	}
	return f
}

// prove ends the authentication when the body has arrived. From here on the caller is known.
func (x *exchange) prove() *failure {
	if x.target.bearer == 0 && !x.a.AnyCredentials {
		if f := x.a.prove(&x.signature, x.buffer); f != nil {
			return f
		}
	}
	door.Release(x.r.Context())
	return nil
}

func (x *exchange) bearer() string {
	if values := x.r.Header["X-Amz-Bearer"]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// open finds out whose token it is.
func (x *exchange) open(text string, kind token.Kind) *failure {
	who, err := x.a.Chats.Authenticate(text, kind)
	if err == nil {
		x.who = who
		door.Release(x.r.Context())
		return nil
	}
	var refused *center.Error
	if errors.As(err, &refused) && refused.Code == center.AccessDenied {
		return &failure{ErrorShape: wire.AccessDeniedException, message: refused.Message}
	}
	f := x.internal()
	f.cause = err
	return f
}

// Header values that never change. The keys are spelled as AWS spells them; to HTTP their case means nothing.
var (
	anyOrigin     = []string{"*"}
	exposed       = []string{"x-amzn-RequestId, x-amzn-ErrorType, x-amzn-trace-id, Date"}
	isJSON        = []string{"application/json"}
	isXML         = []string{"text/xml"}
	allowMethods  = []string{"GET, POST, PUT, DELETE, OPTIONS"}
	allowHeaders  = []string{"authorization, content-type, x-amz-bearer, x-amz-content-sha256, x-amz-date, x-amz-user-agent, amz-sdk-invocation-id, amz-sdk-request, x-amz-security-token, x-amz-target"}
	preflightGood = []string{"86400"}
	closing       = []string{"close"}
	varyOrigin    = []string{"Origin"}
)

// head sets what every answer has. Scripts of any page may call the API, but for what [exchange.cross] refuses: no
// credentials that a browser would add by itself are ever looked at.
func (x *exchange) head() {
	h := x.w.Header()
	h["x-amzn-RequestId"] = []string{x.requestID}
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Access-Control-Expose-Headers"] = exposed
}

// preflight answers a browser that asks before it calls. It comes without credentials and is the same for all paths.
// Authorization is named because * does not cover it (the Fetch standard, "CORS non-wildcard request-header name").
func (x *exchange) preflight() *failure {
	if f := x.crossUnknown(); f != nil {
		return f
	}
	h := x.w.Header()
	h["Access-Control-Allow-Methods"] = allowMethods
	h["Access-Control-Allow-Headers"] = allowHeaders
	h["Access-Control-Max-Age"] = preflightGood
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// answer sends the buffer.
func (x *exchange) answer(status int) {
	x.answered = true
	h := x.w.Header()
	h["Content-Type"] = isJSON
	if x.service == stsService {
		h["Content-Type"] = isXML
	}
	if len(x.buffer) >= 2048 {
		// Below that net/http says it by itself, for less.
		h["Content-Length"] = []string{strconv.Itoa(len(x.buffer))}
	}
	x.w.WriteHeader(status)
	_, _ = x.w.Write(x.buffer) // a client that has gone is nobody's fault
}

// fail answers with an error, and writes down those of ours.
func (x *exchange) fail(f *failure) {
	if x.service == stsService {
		f.Code = cmp.Or(stsCodes[f.Code], f.Code)
	}
	h := x.w.Header()
	h["x-amzn-ErrorType"] = []string{f.Code}
	if f.closing || x.lingers() {
		h["Connection"] = closing
	}
	x.note(f)
	door.Release(x.r.Context()) // what was read is in buffers that are used again
	if x.service == stsService {
		x.buffer = f.appendSTS(x.buffer[:0], x.requestID)
	} else {
		x.buffer = f.appendBody(x.buffer[:0], x.service)
	}
	x.answer(f.Status)
}

func (x *exchange) note(f *failure) {
	name := "none"
	if x.target != nil {
		name = x.target.name
		if f.Status < http.StatusInternalServerError {
			x.target.refused.Add(1)
		} else {
			x.target.failed.Add(1)
		}
	}
	if f.Status < http.StatusInternalServerError || f.Code == wire.NotImplementedException.Code || f.Code == serviceUnavailable.Code {
		return
	}
	if errors.Is(f.cause, context.Canceled) && x.r.Context().Err() != nil {
		return // nobody waits for the answer
	}
	level := slog.LevelError
	if errors.Is(f.cause, center.ErrDamaged) {
		level = slog.LevelDebug // the store has said it, once
	}
	x.a.Log.Log(x.r.Context(), level, "request failed", "operation", name, "status", f.Status, "requestId", x.requestID, "cause", f.cause)
}
