package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// Functions invokes AWS Lambda functions.
type Functions interface {
	// Trusts says that whoever runs the server vouches for a function: flows may invoke it without its being associated
	// with their instance.
	Trusts(function string) bool
	// Invoke hands an event to a function, named as the flow has it, and returns its response, or, if async, the id of an
	// invocation that goes on by itself. Errors are for logs: they hold nothing of what was sent or answered.
	Invoke(ctx context.Context, function string, event []byte, async bool) (response []byte, invocation string, err error)
}

// Bots talks with Amazon Lex bots.
type Bots interface {
	// Trusts is as that of [Functions].
	Trusts(alias string) bool
	// RecognizeText sends a request of that name to a bot, by the ARN of its alias, and returns the response's body.
	// Errors are for logs, as those of [Functions] are.
	RecognizeText(ctx context.Context, alias, locale, session string, request []byte) ([]byte, error)
}

// Systems asks what stands beside the contact centre: customer profiles, cases, tasks.
type Systems interface {
	// Ask sends a request to a system. Errors are for logs, as those of [Functions] are.
	Ask(ctx context.Context, system string, request []byte) ([]byte, error)
}

// dueCall is the key, with the run that asks and the number of a turn's item behind it, of a call outside.
const dueCall = "call:"

// How long an answer may take. Lambda: the longest InvocationTimeLimitSeconds of InvokeLambdaFunction, when a flow has none.
// Lex: what Amazon Connect gives a bot, and what it gives one in an instance with message streaming. Systems: as functions
// (inferred).
// Source: Amazon Connect Administrator Guide, "Feature specifications", "Enable message streaming for AI-powered chat".
const (
	functionLimit     = 8 * time.Second
	botLimit          = 10 * time.Second
	streamingBotLimit = 60 * time.Second
	systemLimit       = 8 * time.Second
)

// Answers that are longer are none. A function's: Amazon Connect, "Invoke Lambda functions", 32 KB of UTF-8.
const (
	maxResponse    = 32 << 10
	maxBotResponse = 64 << 10
)

// outsideCall is the data of a due row: all that it takes to ask.
type outsideCall struct {
	ID      string          `json:"id,omitempty"` // of the flow's Call
	Kind    string          `json:"kind"`
	To      string          `json:"target"` // function, alias, system or user pool
	Within  time.Duration   `json:"limit"`
	Async   bool            `json:"async,omitempty"`
	Locale  string          `json:"locale,omitempty"`
	Session string          `json:"session,omitempty"`
	Body    json.RawMessage `json:"body"` // as it is sent
}

// Target is the line that the call waits in.
func (q *outsideCall) Target() string { return q.Kind + " " + q.To }

// Limit is how long the answer may take.
func (q *outsideCall) Limit() time.Duration { return q.Within }

// Kinds of calls.
const (
	kindFunction = "function"
	kindBot      = "bot"
	kindSystem   = "system"
	kindSignIn   = "sign-in"
)

// call puts what a flow asks outside on its way: a due row, which whoever has room for it takes up after the commit.
func (fs *flows) call(t *turn, e flow.Call) error {
	q, body := outsideCall{ID: e.ID}, any(nil)
	contact := contactDataOf(&t.run.Contact, t.Subject())
	switch ask := e.Ask.(type) {
	case flow.InvokeFunction:
		q.Kind, q.To, q.Async, q.Within = kindFunction, ask.Function, ask.Async, functionLimit
		if ask.Limit > 0 {
			q.Within = ask.Limit
		}
		body = newLambdaEvent(contact, ask.Parameters)
	case flow.RecognizeText:
		q.Kind, q.To, q.Within, q.Session = kindBot, ask.Alias, streamingBotLimit, string(t.Subject().ID)
		if q.Locale = ask.Locale; q.Locale == "" {
			q.Locale = strings.ReplaceAll(t.Subject().LanguageCode, "-", "_")
		}
		body = recognizeText{Text: ask.Text, SessionState: json.RawMessage(ask.Session)}
	case flow.AskSystem:
		q.Kind, q.To, q.Within = kindSystem, ask.System, systemLimit
		body = systemRequest{ask.System, ask.Action, json.RawMessage(ask.Parameters), contact}
	default:
		return fmt.Errorf("a call asks %T", ask)
	}
	var err error
	if q.Body, err = plainJSON(body); err != nil {
		return fmt.Errorf("what a flow asks of %s: %w", q.Kind, err)
	}
	data, err := plainJSON(q)
	if err != nil {
		return err
	}
	key := t.callKey()
	t.Schedule(key, t.Now, string(data))
	t.run.Asked = key
	return nil
}

// recognizeText is the body of a request of the Lex V2 runtime's RecognizeText.
type recognizeText struct {
	Text         string          `json:"text"`
	SessionState json.RawMessage `json:"sessionState,omitempty"`
}

// systemRequest is what a system beside the contact centre is asked.
type systemRequest struct {
	System, Action string
	Parameters     json.RawMessage
	ContactData    *contactData
}

// plainJSON is JSON as others write it: < and & are themselves.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

const noMatchingError = "NoMatchingError"

// unanswered is why there is no answer, for the flow's error branch and its log.
type unanswered string

func (u unanswered) Error() string { return string(u) }

// ask asks, and waits for the answer for as long as the question allows. That there is none is an answer too; an error
// means that it must be asked again later.
func (fs *flows) ask(ctx context.Context, at center.InstanceID, q *outsideCall) (flow.Answered, error) {
	patience, err := fs.patience(ctx, at, q)
	if err != nil {
		return flow.Answered{}, err
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var (
		answer     []byte
		invocation string
		limit      = maxResponse
	)
	switch q.Kind {
	case kindFunction:
		answer, invocation, err = fs.invoke(within, at, q)
	case kindBot:
		limit = maxBotResponse
		answer, err = fs.recognize(within, at, q)
	case kindSystem:
		answer, err = fs.askSystem(within, q)
	case kindSignIn:
		answer, err = fs.redeem(within, q)
	default:
		err = unanswered("nobody knows whom to ask")
	}
	var failed *notAsked
	switch {
	case ctx.Err() != nil:
		return flow.Answered{}, ctx.Err()
	case errors.As(err, &failed):
		return flow.Answered{}, failed.error
	case err != nil && within.Err() != nil:
		return flow.Answered{Error: noMatchingError, Why: fmt.Sprintf("no answer within %v", patience)}, nil
	case err != nil:
		return flow.Answered{Error: noMatchingError, Why: err.Error()}, nil
	case len(answer) > limit:
		return flow.Answered{Error: noMatchingError, Why: fmt.Sprintf("the answer is longer than %d bytes", limit)}, nil
	}
	return flow.Answered{Body: string(answer), Invocation: invocation}, nil
}

// patience is how long the answer to a question may take in an instance.
func (fs *flows) patience(ctx context.Context, at center.InstanceID, q *outsideCall) (time.Duration, error) {
	if q.Kind != kindBot {
		return q.Within, nil
	}
	i, err := fs.catalog.Instance(ctx, at)
	if err != nil || i.Has(center.MessageStreaming) {
		return q.Within, err
	}
	return min(q.Within, botLimit), nil
}

// notAsked is a failure of our own: whether it may be asked could not be found out.
type notAsked struct{ error }

func (fs *flows) invoke(ctx context.Context, at center.InstanceID, q *outsideCall) ([]byte, string, error) {
	if fs.functions == nil {
		return nil, "", unanswered("no functions can be invoked here")
	}
	if !fs.functions.Trusts(q.To) {
		if ok, err := catalog.Functions.Has(ctx, fs.catalog, at, q.To); err != nil {
			return nil, "", &notAsked{err}
		} else if !ok {
			return nil, "", unanswered("the function is not associated with the instance: call AssociateLambdaFunction, or in development say where it is by --lambda")
		}
	}
	return fs.functions.Invoke(ctx, q.To, q.Body, q.Async)
}

func (fs *flows) recognize(ctx context.Context, at center.InstanceID, q *outsideCall) ([]byte, error) {
	if fs.bots == nil {
		return nil, unanswered("no bots can be talked to here")
	}
	if !fs.bots.Trusts(q.To) {
		if ok, err := catalog.Bots.Has(ctx, fs.catalog, at, q.To); err != nil {
			return nil, &notAsked{err}
		} else if !ok {
			return nil, unanswered("the bot's alias is not associated with the instance: call AssociateBot, or in development say where it is by --lex")
		}
	}
	return fs.bots.RecognizeText(ctx, q.To, q.Locale, q.Session, q.Body)
}

func (fs *flows) askSystem(ctx context.Context, q *outsideCall) ([]byte, error) {
	if fs.systems == nil {
		return nil, unanswered("no endpoint is configured for " + q.To)
	}
	return fs.systems.Ask(ctx, q.To, q.Body)
}
