package bundle

import (
	"bytes"
	"context"
	crypto "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// Client calls the operations of Amazon Connect, at AWS or at a parley.
type Client struct {
	URL  string            // of the service, without a slash at its end
	HTTP http.RoundTripper // nil is the network
	// Sign signs a request; nil leaves it as it is.
	Sign func(r *http.Request, body []byte) error
	// Instance is the id of the instance that everything is about.
	Instance string
	// ReadOnly refuses all operations but those of [Reads].
	ReadOnly bool
	// Kept remembers answers, so that what was cut goes on; nil for none.
	Kept *Kept
	// Wait is called before each request with the name of its operation; nil for no wait. Services bound how often.
	Wait func(ctx context.Context, operation string) error
	// Progress is told what was done of how much; nil for nobody.
	Progress func(what string, done, total int)

	arn       string // of the instance, once it was read
	alias     string
	passwords bool // the instance keeps its users' passwords
	// numberFlows are the ids of the flows that phone numbers lead to, by the ids of the numbers; nil until they were read.
	numberFlows map[string]string
}

// args are the members of a request: strings, int64, values, and lists of strings. A name that begins with ? is a
// parameter of the query.
type args map[string]any

func (a args) with(more args) args {
	all := maps.Clone(a)
	if all == nil {
		all = args{}
	}
	maps.Copy(all, more)
	return all
}

var ops = sync.OnceValue(func() map[string]*wire.Op {
	all := map[string]*wire.Op{}
	for i := range connect.Ops {
		all[connect.Ops[i].Name] = &connect.Ops[i]
	}
	return all
})

// request is an operation with its members in their places.
type request struct {
	op *wire.Op
	wire.Request
	target string
	// of is what the body was made of: members in the order of their names.
	of *value
}

// prepare puts the members of a request in their places.
func prepare(operation string, in args) *request {
	q := &request{op: ops()[operation], of: object()}
	if q.op == nil {
		panic("bundle: there is no operation " + operation)
	}
	q.target = q.op.Path
	q.Query = url.Values{}
	used := map[string]bool{}
	for _, part := range strings.Split(q.op.Path, "/") {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		name := strings.Trim(part, "{}+")
		s := toValue(in[name]).str()
		q.Path = append(q.Path, s)
		q.target = strings.Replace(q.target, part, escape(s), 1)
		used[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v := toValue(in[name])
		param, isQuery := strings.CutPrefix(name, "?")
		switch {
		case used[name] || v == nil:
		case isQuery && v.kind == '[':
			for _, kid := range v.kids {
				q.Query.Add(param, kid.text)
			}
		case isQuery:
			q.Query.Set(param, v.text)
		default:
			q.of.set(name, v)
		}
	}
	if q.op.Method != http.MethodGet && q.op.Method != http.MethodDelete || len(q.of.names) > 0 {
		q.Body = q.of.compact()
	}
	if len(q.Query) > 0 {
		q.target += "?" + q.Query.Encode()
	}
	return q
}

// escape writes all but the unreserved characters of a part of a path with %, as the SDKs of AWS do: signatures are made of
// paths that are escaped so.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

func toValue(in any) *value {
	switch in := in.(type) {
	case *value:
		if in != nil && in.kind != 'n' {
			return in
		}
	case string:
		return text(in)
	case int64:
		return number(in)
	case []string:
		v := list()
		for _, s := range in {
			v.kids = append(v.kids, text(s))
		}
		return v
	case nil:
	default:
		panic(fmt.Sprintf("bundle: a member of type %T", in))
	}
	return nil
}

// check holds a request against the API model, and lists the members that are not the model's.
func (q *request) check() (unknown []string, wrong error) {
	in := q.op.NewInput()
	r := q.Request
	if err := in.Decode(&r); err != nil {
		return nil, err
	}
	kept, err := parse(in.AppendJSON(nil), false)
	if err != nil {
		return nil, err
	}
	missing(q.of, kept, "", &unknown)
	return unknown, nil
}

// missing lists the paths of members that one value has and another has not.
func missing(in, from *value, path string, found *[]string) {
	for i, kid := range in.kids {
		switch {
		case in.kind == '[' && from != nil && from.kind == '[' && i < len(from.kids):
			missing(kid, from.kids[i], fmt.Sprintf("%s[%d]", path, i), found)
		case in.kind == '{':
			at := strings.TrimPrefix(path+"."+in.names[i], ".")
			other := from.get(in.names[i])
			if other == nil && kid.kind != 'n' {
				*found = append(*found, at)
			} else if other != nil {
				missing(kid, other, at, found)
			}
		}
	}
}

// Refusal is an answer of the service that is no success.
type Refusal struct {
	Operation string
	Status    int
	Code      string
	Message   string
	Problems  []string
}

func (r *Refusal) Error() string {
	s := fmt.Sprintf("%s: %s (status %d)", r.Operation, r.Code, r.Status)
	if r.Message != "" {
		s += ": " + r.Message
	}
	if len(r.Problems) > 0 {
		s += ": " + strings.Join(r.Problems, "; ")
	}
	return s
}

// refused says that an error is one of these refusals.
func refused(err error, codes ...string) bool {
	var r *Refusal
	return errors.As(err, &r) && slices.Contains(codes, r.Code)
}

const (
	notFound    = "ResourceNotFoundException"
	inUse       = "ResourceInUseException"
	notServed   = "NotImplementedException"
	invalid     = "InvalidRequestException"
	invalidPart = "InvalidParameterException"
)

// maxAnswer bounds an answer: larger than any that the service gives.
const maxAnswer = 16 << 20

// attempts are how often a request is made that is throttled or fails on the other side, with pauses that double from
// half a second: about a minute in all.
const attempts = 8

// call calls an operation. The instance is named by itself.
func (c *Client) call(ctx context.Context, operation string, in args) (*value, error) {
	q, err := c.request(operation, in)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, q)
}

// request is a request of the instance.
func (c *Client) request(operation string, in args) (*request, error) {
	in = c.fill(in)
	q := prepare(operation, in.with(args{"InstanceId": c.Instance}))
	if !strings.Contains(q.op.Path, "{InstanceId}") && in["InstanceId"] == nil {
		q = prepare(operation, in)
	}
	if c.ReadOnly && !slices.Contains(Reads(), operation) {
		return nil, fmt.Errorf("%s changes something, and this may only read", operation)
	}
	return q, nil
}

// send makes a request until it is answered, or finds the answer that was kept.
func (c *Client) send(ctx context.Context, q *request) (*value, error) {
	if answer := c.Kept.get(q); answer != nil {
		return answer, nil
	}
	for attempt := 1; ; attempt++ {
		answer, err := c.once(ctx, q)
		if err == nil {
			return answer, c.Kept.put(q, answer)
		}
		if attempt == attempts || !c.again(q, err) || ctx.Err() != nil {
			return nil, err
		}
		pause := 500 * time.Millisecond << (attempt - 1)
		select {
		case <-time.After(pause/2 + rand.N(pause/2)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// What requests of the table say in place of what the table cannot know.
const (
	thisInstance = "\x00instance"
	newPassword  = "\x00password"
)

// fill puts in what the table cannot know. A user who is made gets a password that nobody knows, where the instance keeps
// passwords: passwords do not travel.
func (c *Client) fill(in args) args {
	out := in
	for name, v := range in {
		switch v {
		case thisInstance:
			out = out.with(args{name: c.Instance})
		case newPassword:
			out = out.with(args{name: nil})
			if c.passwords {
				out[name] = "aA1" + crypto.Text()
			}
		}
	}
	return out
}

// again says whether a request may be made once more: one that was turned away, and one that changes nothing.
func (c *Client) again(q *request, err error) bool {
	var r *Refusal
	if errors.As(err, &r) && (r.Status == http.StatusTooManyRequests && r.Code != "LimitExceededException") {
		return true
	}
	return slices.Contains(Reads(), q.op.Name) && (r == nil || r.Status >= 500 && r.Code != notServed)
}

// once makes one request.
func (c *Client) once(ctx context.Context, q *request) (*value, error) {
	if c.Wait != nil {
		if err := c.Wait(ctx, q.op.Name); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, q.op.Method, c.URL+q.target, bytes.NewReader(q.Body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.op.Name, err)
	}
	if len(q.Body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Sign != nil {
		if err := c.Sign(r, q.Body); err != nil {
			return nil, err
		}
	}
	transport := c.HTTP
	if transport == nil {
		transport = http.DefaultTransport
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.op.Name, err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read, or is of no use
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: read the answer: %w", q.op.Name, err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("%s: the answer is longer than %d bytes", q.op.Name, maxAnswer)
	case answer.StatusCode/100 != 2:
		return nil, refusal(q.op.Name, answer, body)
	case len(body) == 0:
		return object(), nil
	}
	v, err := parse(body, false)
	if err != nil {
		return nil, fmt.Errorf("%s: the answer is no JSON: %w", q.op.Name, err)
	}
	return v, nil
}

func refusal(operation string, answer *http.Response, body []byte) error {
	var said struct {
		Message  string `json:"message"`
		Other    string `json:"Message"`
		Type     string `json:"__type"`
		Problems []struct {
			Message string `json:"message"`
		} `json:"problems"`
	}
	_ = json.Unmarshal(body, &said) // what is no JSON comes from something in between, and says nothing
	r := &Refusal{Operation: operation, Status: answer.StatusCode, Code: answer.Header.Get("X-Amzn-Errortype"), Message: said.Message}
	if r.Message == "" {
		r.Message = said.Other
	}
	if r.Code == "" {
		r.Code = said.Type
	}
	r.Code, _, _ = strings.Cut(r.Code[strings.LastIndexByte(r.Code, '#')+1:], ":")
	if r.Code == "" {
		r.Code = http.StatusText(r.Status)
	}
	for _, p := range said.Problems {
		r.Problems = append(r.Problems, p.Message)
	}
	return r
}

// pages collects the elements of a list over all of its pages.
func (c *Client) pages(ctx context.Context, operation string, in args, under string) ([]*value, error) {
	all, asked, err := c.ask(ctx, operation, in, under)
	var refusal *Refusal
	if c.Kept != nil && len(asked) > 1 && errors.As(err, &refusal) {
		// The token of a page that was kept may have ended: the list is begun anew.
		if err := c.Kept.drop(asked); err != nil {
			return nil, err
		}
		all, asked, err = c.ask(ctx, operation, in, under)
	}
	if len(asked) > 1 && errors.As(err, &refusal) {
		// It is not the list that is refused, and nobody may take it for that.
		err = errors.New("page " + strconv.Itoa(len(asked)) + " of the list: " + err.Error())
	}
	return all, err
}

// ask collects pages, and returns what was asked for them too.
func (c *Client) ask(ctx context.Context, operation string, in args, under string) (all []*value, asked []*request, err error) {
	next := ""
	seen := map[string]bool{}
	post := ops()[operation].Method == http.MethodPost
	for {
		more := args{}
		if next != "" && post {
			more["NextToken"] = next
		} else if next != "" {
			more["?nextToken"] = next
		}
		q, err := c.request(operation, in.with(more))
		if err != nil {
			return nil, asked, err
		}
		asked = append(asked, q)
		answer, err := c.send(ctx, q)
		if err != nil {
			return nil, asked, err
		}
		all = append(all, answer.get(strings.Split(under, ".")...).elements()...)
		next = answer.get("NextToken").str()
		if next == "" {
			return all, asked, nil
		}
		if seen[next] {
			return nil, asked, fmt.Errorf("%s: the same page came twice", operation)
		}
		seen[next] = true
	}
}

// FindInstance finds the id of an instance by its id or alias; "" is the one that there is.
func (c *Client) FindInstance(ctx context.Context, name string) (string, error) {
	if uuids.MatchString(name) {
		return name, nil
	}
	all, err := c.pages(ctx, "ListInstances", nil, "InstanceSummaryList")
	if err != nil {
		return "", err
	}
	var aliases []string
	for _, i := range all {
		alias := i.get("InstanceAlias").str()
		if name != "" && alias == name {
			return i.get("Id").str(), nil
		}
		aliases = append(aliases, alias)
	}
	switch {
	case name != "":
		return "", fmt.Errorf("there is no instance %q; there are: %s", name, strings.Join(aliases, ", "))
	case len(all) == 1:
		return all[0].get("Id").str(), nil
	}
	return "", fmt.Errorf("say which instance; there are: %s", strings.Join(aliases, ", "))
}

func (c *Client) tell(what string, done, total int) {
	if c.Progress != nil {
		c.Progress(what, done, total)
	}
}
