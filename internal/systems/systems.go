// Package systems asks what stands beside the contact centre and is not part of it: customer profiles, cases, tasks, data
// tables, each at the URL that an operator has given it. A system gets {"System", "Action", "Parameters", "ContactData"}
// in a POST and answers {"Result", "Error", "Data"}, any of them. It never looks at what is asked or answered.
package systems

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/outside"
)

// MaxResponse is the longest answer that is read to its end.
const MaxResponse = 32 << 10

// Names are the systems that actions of flows ask.
var Names = []string{"AgenticCX", "Cases", "Contacts", "CustomerProfiles", "DataTables", "Tasks", "Wisdom"}

// ErrNone says that a system has no URL.
var ErrNone = errors.New("no endpoint is configured")

// Client asks systems. It is for many to use at once.
type Client struct {
	urls  map[string]string // by name
	http  *http.Client
	asked outside.Asked
}

// New makes a client of the systems that have a URL, by name; upper and lower case are one.
func New(urls map[string]string, dial outside.Dial) (*Client, error) {
	c := &Client{urls: map[string]string{}, http: outside.NewClient(dial, MaxResponse)}
	for name, to := range urls {
		if name == "" {
			return nil, errors.New("a system without a name")
		}
		known, ok := named(name)
		if !ok {
			return nil, fmt.Errorf("no action of a flow asks a system %s; they ask %s", name, strings.Join(Names, ", "))
		}
		if err := outside.CheckURL(to); err != nil {
			return nil, fmt.Errorf("the URL of system %s: %w", name, err)
		}
		c.urls[known] = to
	}
	return c, nil
}

// named is the name of a system as it is spelt.
func named(name string) (string, bool) {
	i := slices.IndexFunc(Names, func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 {
		return "", false
	}
	return Names[i], true
}

// Ask sends a request to a system and returns its answer. The error is [ErrNone] when it has no URL.
func (c *Client) Ask(ctx context.Context, system string, request []byte) ([]byte, error) {
	name, _ := named(system)
	to, ok := c.urls[name]
	if !ok {
		return nil, fmt.Errorf("%w for %s", ErrNone, system)
	}
	c.asked.Note(name)
	_, answer, err := outside.Post(ctx, c.http, to, request, nil)
	return answer, err
}

// Unasked are the systems with a URL that nobody has asked.
func (c *Client) Unasked() []string { return c.asked.Never(c.urls) }
