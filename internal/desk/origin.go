package desk

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// Pages of other origins may call if an instance approves of their origin, with a bearer token. Cookies are for pages of this
// server alone: no answer allows credentials to another origin, and a request with a cookie that comes from one is refused.

// page is where a request comes from.
type page int

const (
	noPage    page = iota // a program
	ownPage               // a page of this server
	otherPage             // a page of an origin that an instance approves of
)

const notApproved = "The request's Origin is none of the approved origins of the Amazon Connect instance; AssociateApprovedOrigin adds one."

// origin finds out which page a request comes from, if any, and lets it read the answer. It refuses a page that no instance
// approves of; whether the instance of the caller does is asked when that is known.
func (c *call) origin() (page, error) {
	from, origin := c.pageOf(c.r)
	switch {
	case from != otherPage:
		return from, nil
	case c.Loopback && loopback(origin):
	default:
		ok, err := c.anyApproves(c.r, origin)
		if err != nil {
			return from, err
		}
		if !ok {
			return from, forbidden(notApproved)
		}
	}
	allow(c.w, origin)
	return from, nil
}

// pageOf is where a request comes from, and its origin as it was sent.
func (d *Desk) pageOf(r *http.Request) (page, string) {
	values := r.Header["Origin"]
	if len(values) == 0 {
		// A browser says so even where it sends no Origin.
		switch r.Header.Get("Sec-Fetch-Site") {
		case "cross-site", "same-site":
			return otherPage, "null"
		}
		return noPage, ""
	}
	origin := strings.Join(values, ", ") // more than one are none that could be approved
	if spelled, ok := center.CanonicalOrigin(origin); ok && spelled == center.OwnOrigin(d.PublicURL, r.Host, r.TLS != nil) {
		return ownPage, origin
	}
	return otherPage, origin
}

func loopback(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	name := strings.ToLower(u.Hostname())
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name).IsLoopback()
}

// approves says whether an instance approves of an origin. One without a list approves of none.
func (d *Desk) approves(r *http.Request, at center.InstanceID, origin string) (bool, error) {
	list, err := d.Catalog.OriginsOf(r.Context(), at)
	if err != nil {
		return false, err
	}
	spelled, ok := center.CanonicalOrigin(origin)
	return ok && list[spelled], nil
}

// anyApproves is approves while nobody knows which instance is meant: before a caller is known. A preflight has none.
func (d *Desk) anyApproves(r *http.Request, origin string) (bool, error) {
	all, err := d.Catalog.Instances(r.Context(), "", maxInstances)
	if err != nil {
		return false, err
	}
	for i := range all {
		if ok, err := d.approves(r, all[i].ID, origin); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// allow lets a page of an origin read the answer.
func allow(w http.ResponseWriter, origin string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	h.Add("Vary", "Origin")
}

// preflight answers a browser that asks before it calls.
func (d *Desk) preflight(w http.ResponseWriter, r *http.Request) error {
	c := &call{Desk: d, w: w, r: r}
	if _, err := c.origin(); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", "authorization, content-type")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
