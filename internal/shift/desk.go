package shift

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/conversation"
)

// Fault is the answer of a server that refuses.
type Fault struct {
	Status  int
	Type    string // as Amazon Connect's clients name it: InvalidStateException
	Message string
	after   time.Duration // when to come again
	again   bool          // an earlier try got no answer: it may have been carried out
}

func (f *Fault) Error() string {
	if f.Type == "" {
		return fmt.Sprintf("status %d: %s", f.Status, f.Message)
	}
	return fmt.Sprintf("%s: %s", f.Type, f.Message)
}

// Is reports whether an error is a refusal of a type.
func Is(err error, kind string) bool {
	f, ok := errors.AsType[*Fault](err)
	return ok && f.Type == kind
}

const (
	// callTries is how often a request is tried that gets no answer, or the answer to come again.
	callTries = 4
	callPause = 100 * time.Millisecond
	// callTime is how long one try may take.
	callTime = 15 * time.Second
	// maxAnswer is more than any answer has.
	maxAnswer = 8 << 20
)

// desk calls the operations.
type desk struct {
	endpoint string
	http     *http.Client
	instance string
	username string
	password string
	over     func() bool // no other session may begin

	mu     sync.Mutex
	token  string                   // of the session
	tokens map[string]participation // of contacts
}

type participation struct{ token, participant string }

// Session is who has signed in.
type Session struct {
	Instance struct{ ID, ARN, Alias string }
	User     struct {
		ID, ARN, Username, FirstName, LastName string
	}
	Permissions []string
	Token       string
	Missing     struct{ What string }
}

// signIn begins a session.
func (d *desk) signIn(ctx context.Context) (*Session, error) {
	in := map[string]any{"username": d.username, "password": d.password, "bearer": true}
	if d.instance != "" {
		in["instance"] = d.instance
	}
	out := new(Session)
	if err := d.send(ctx, http.MethodPost, "session", "", in, out); err != nil {
		return nil, err
	}
	if out.Missing.What != "" {
		return nil, fmt.Errorf("the instance asks users for a one-time code beside the password (%s), which this program cannot give", out.Missing.What)
	}
	if out.Token == "" {
		return nil, errors.New("the server has answered the sign-in without a token")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.token, d.tokens = out.Token, map[string]participation{}
	return out, nil
}

func (d *desk) bearer() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.token
}

// call calls an operation of the session. When the session has ended, another begins.
func (d *desk) call(ctx context.Context, method, path string, in, out any) error {
	err := d.send(ctx, method, path, d.bearer(), in, out)
	if f, ok := errors.AsType[*Fault](err); !ok || f.Status != http.StatusUnauthorized || d.over() {
		return err
	}
	if _, err := d.signIn(ctx); err != nil {
		return err
	}
	return d.send(ctx, method, path, d.bearer(), in, out)
}

// send sends a request until it is answered.
func (d *desk) send(ctx context.Context, method, path, bearer string, in, out any) error {
	head := http.Header{}
	if bearer != "" {
		head.Set("Authorization", "Bearer "+bearer)
	}
	return d.request(ctx, method, d.endpoint+"/agent/v1/"+path, head, in, out)
}

func (d *desk) request(ctx context.Context, method, address string, head http.Header, in, out any) error {
	body := []byte(nil)
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	lost := false
	for try := 1; ; try++ {
		err := d.once(ctx, method, address, head, body, out)
		f, answered := errors.AsType[*Fault](err)
		switch {
		case err == nil || ctx.Err() != nil || try == callTries:
			return err
		case !answered:
			lost = true
		case f.Status < 500 && f.Status != http.StatusTooManyRequests:
			f.again = lost
			return err
		}
		wait := callPause << (try - 1)
		if answered && f.after > 0 {
			if f.after > callTime {
				return err // a lock-out
			}
			wait = f.after
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (d *desk) once(ctx context.Context, method, address string, head http.Header, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = head.Clone()
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := d.http.Do(r)
	if err != nil {
		return fmt.Errorf("no answer from %s: %w", d.endpoint, conversation.WithoutURL(err))
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("no whole answer from %s: %w", d.endpoint, err)
	}
	if answer.StatusCode != http.StatusOK {
		f := &Fault{Status: answer.StatusCode}
		var said struct{ Type, Message string }
		if json.Unmarshal(raw, &said) == nil {
			f.Type, f.Message = said.Type, said.Message
		}
		if f.Type == "" {
			f.Type, _, _ = strings.Cut(answer.Header.Get("X-Amzn-ErrorType"), ":")
		}
		if f.Type == "" && f.Message == "" {
			f.Message = fmt.Sprintf("%s does not have /agent/v1: it has answered with %d bytes of %q", d.endpoint, len(raw), answer.Header.Get("Content-Type"))
		}
		if s, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
			f.after = time.Duration(s) * time.Second
		}
		return f
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s has answered %d bytes that are not what the operation answers: %w", d.endpoint, len(raw), err)
	}
	return nil
}

// invalidState is the type of the refusal of what a contact's state forbids.
const invalidState = "InvalidStateException"

// doneBefore says that an action was refused when it was repeated, and that the reason may be an earlier try, which got no
// answer and was carried out.
func doneBefore(err error) bool {
	f, ok := errors.AsType[*Fault](err)
	return ok && f.again && (f.Type == invalidState || f.Type == "ContactNotFoundException")
}

// release does something after which a contact is not offered to the agent, not connected, or gone. When the contact was so before
// the last try, the end is reached.
func (d *desk) release(ctx context.Context, contact, what string) error {
	if err := d.act(ctx, contact, what, nil); !doneBefore(err) {
		return err
	}
	return nil
}

// act does something with one of the agent's contacts.
func (d *desk) act(ctx context.Context, contact, what string, in any) error {
	return d.call(ctx, http.MethodPost, "contacts/"+url.PathEscape(contact)+"/"+what, in, nil)
}

// participantOf is the agent as a participant of a contact.
func (d *desk) participantOf(ctx context.Context, contact string) (participation, error) {
	d.mu.Lock()
	p, ok := d.tokens[contact]
	d.mu.Unlock()
	if ok {
		return p, nil
	}
	var out struct {
		Token       string `json:"participantToken"`
		Participant string `json:"participantId"`
	}
	if err := d.call(ctx, http.MethodPost, "contacts/"+url.PathEscape(contact)+"/token", nil, &out); err != nil {
		return p, err
	}
	p = participation{out.Token, out.Participant}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens[contact] = p
	return p, nil
}

func (d *desk) forget(contact string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tokens, contact)
}

// participate calls an operation of the Participant Service as the agent's participant. Tokens grow old.
func (d *desk) participate(ctx context.Context, contact, operation string, in map[string]string) error {
	in["ClientToken"] = rand.Text()
	for again := false; ; again = true {
		p, err := d.participantOf(ctx, contact)
		if err != nil {
			return err
		}
		err = d.request(ctx, http.MethodPost, d.endpoint+"/participant/"+operation, http.Header{"X-Amz-Bearer": {p.token}}, in, nil)
		if f, ok := errors.AsType[*Fault](err); !ok || f.Status != http.StatusForbidden || again {
			return err
		}
		d.forget(contact)
	}
}
