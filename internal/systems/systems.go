// Package systems asks what stands beside the contact centre and is not part of it: customer profiles, cases, tasks, data
// tables, each at the URL that an operator has given it. A system gets {"System", "Action", "Parameters", "ContactData"}
// in a POST and answers {"Result", "Error", "Data"}, any of them. It never looks at what is asked or answered.
package systems

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/parley-chat/parley/internal/outside"
)

// MaxResponse is the longest answer that is read to its end.
const MaxResponse = 32 << 10

// Client asks systems. It is for many to use at once.
type Client struct {
	urls map[string]string // by name in lower case
	http *http.Client
}

// New makes a client of the systems that have a URL, by name; upper and lower case are one.
func New(urls map[string]string, dial outside.Dial) (*Client, error) {
	c := &Client{urls: map[string]string{}, http: outside.NewClient(dial, MaxResponse)}
	for name, to := range urls {
		if name == "" {
			return nil, errors.New("a system without a name")
		}
		if err := outside.CheckURL(to); err != nil {
			return nil, fmt.Errorf("the URL of system %s: %w", name, err)
		}
		c.urls[strings.ToLower(name)] = to
	}
	return c, nil
}

// Ask sends a request to a system and returns its answer.
func (c *Client) Ask(ctx context.Context, system string, request []byte) ([]byte, error) {
	to, ok := c.urls[strings.ToLower(system)]
	if !ok {
		return nil, fmt.Errorf("no endpoint is configured for %s", system)
	}
	_, answer, err := outside.Post(ctx, c.http, to, request, nil)
	return answer, err
}
