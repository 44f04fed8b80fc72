package desk

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/ui"
)

// The Contact Control Panel is a page that works by the operations below [Prefix], as all clients do. What this file adds is what a
// page needs before its script runs: its paths, who may put it in a frame, the end of a session by an address, and in development a
// session without a sign-in.

// CCPPaths are where the Contact Control Panel is, as ServeMux has patterns: companies' pages know all of these. Source: pages in public
// repositories, and amazon-connect-streams, agent-app.js, which makes /login and /logout out of a CCP's URL.
var CCPPaths = ccpPaths()

func ccpPaths() (all []string) {
	for _, base := range []string{"", "/connect"} {
		for _, name := range []string{"/ccp-v2", "/ccp", "/login", "/logout"} {
			all = append(all, base+name, base+name+"/")
		}
	}
	return all
}

// CCP serves [CCPPaths].
func (d *Desk) CCP() http.Handler {
	mux := http.NewServeMux()
	for _, path := range CCPPaths {
		serve := d.showCCP
		if strings.Contains(path, "/logout") {
			serve = d.logOut
		}
		mux.HandleFunc("GET "+path, serve)
	}
	mux.Handle("GET "+ui.CCPFiles, ui.CCPFile())
	return mux
}

// showCCP serves the page.
func (d *Desk) showCCP(w http.ResponseWriter, r *http.Request) {
	c := &call{Desk: d, w: w, r: r}
	frames, err := c.enter()
	if err != nil {
		d.fail(w, r, err)
		return
	}
	ui.CCP(w, r, ui.Frame{Ancestors: frames, Socket: c.socketOrigin()})
}

// enter finds out who opens the page, and which pages may have it in a frame.
func (c *call) enter() (ancestors []string, err error) {
	err = c.authenticate(ownPage)
	if c.Loopback && !strings.Contains(c.r.URL.Path, "/login") {
		err = c.enterDevelopment(err)
	}
	var f *fault
	if err != nil && (!errors.As(err, &f) || f.status != http.StatusUnauthorized) {
		return nil, err
	}
	return c.ancestors(err == nil)
}

// maxInstanceName is more than ids, ARNs and aliases have.
const maxInstanceName = 100

// ancestors are the origins that may have the page in a frame: those that the user's instance approves of; before the sign-in those
// of the instance that the address names, or of all.
func (c *call) ancestors(signedIn bool) ([]string, error) {
	ctx := c.r.Context()
	var of []center.InstanceID
	if signedIn {
		of = append(of, c.session.Instance)
	} else if name := c.r.URL.Query().Get("instance"); name != "" {
		if n := len([]rune(name)); n > maxInstanceName {
			return nil, center.Refuse(center.InvalidParameter, "instance must have at most %d characters, got %d", maxInstanceName, n)
		}
		at, err := c.instanceNamed(ctx, name)
		if err != nil {
			return nil, err
		}
		of = append(of, at)
	} else {
		all, err := c.Catalog.Instances(ctx, "", maxInstances)
		if err != nil {
			return nil, err
		}
		for i := range all {
			of = append(of, all[i].ID)
		}
	}
	var origins []string
	for _, at := range of {
		list, err := c.Catalog.OriginsOf(ctx, at)
		if err != nil {
			return nil, err
		}
		for origin := range list {
			origins = append(origins, origin)
		}
	}
	slices.Sort(origins)
	origins = slices.Compact(origins)
	if c.Loopback {
		origins = append(origins, loopbackSources...)
	}
	return origins, nil
}

// loopbackSources are the pages of this machine, as a Content-Security-Policy names them; it has no form for IPv6 addresses.
var loopbackSources = []string{
	"http://localhost:*", "https://localhost:*", "http://*.localhost:*", "https://*.localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*",
}

// socketOrigin is where the page's socket is: not all browsers take 'self' for it.
func (c *call) socketOrigin() string {
	return "ws" + strings.TrimPrefix(center.OwnOrigin(c.PublicURL, c.r.Host, c.r.TLS != nil), "http")
}

// enterDevelopment signs an agent in without a password: the one whom the address names, or else the first one, unless the browser has
// a session already. notYet says why it has none. It is for servers of development alone, which take any credentials anyway.
func (c *call) enterDevelopment(notYet error) error {
	name := c.r.URL.Query().Get("agent")
	if notYet == nil && (name == "" || c.user.Name == name) {
		return nil
	}
	if name == "" {
		name = c.FirstAgent
	}
	ctx := c.r.Context()
	at, err := c.instanceNamed(ctx, "")
	if err != nil {
		return notYet
	}
	u, version, err := c.Catalog.CredentialOf(ctx, at, name)
	if center.Is(err, center.NotFound) {
		return unauthorized(sessionOver)
	}
	if err != nil {
		return err
	}
	attempt := store.SignIn{Instance: at, Name: sha256.Sum256([]byte("name " + name)), From: sha256.Sum256([]byte("from " + counted(c.from())))}
	if _, err := c.begin(ctx, attempt, u, proof{catalog.ProofPassword, version}, false); err != nil {
		return err
	}
	c.setFrameCookie(c.secret, center.SessionLife) // in a frame of another site the browser takes this one
	return nil
}

// logOut ends the session by an address, as pages around a CCP do it: the agent's status stays. A browser sends the cookie of a frame
// with it from the page that has the frame, and from no other site.
func (d *Desk) logOut(w http.ResponseWriter, r *http.Request) {
	c := &call{Desk: d, w: w, r: r}
	if err := c.endSessions(); err != nil {
		d.fail(w, r, err)
		return
	}
	c.clearCookies()
	if from, origin := c.pageOf(r); from == otherPage && len(r.Header["Origin"]) == 1 {
		approved := c.Loopback && loopback(origin)
		if !approved {
			approved, _ = c.anyApproves(r, origin)
		}
		if approved {
			allow(w, origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
	}
	ui.SignedOut(w)
}

// endSessions ends the sessions that the request's cookies name.
func (c *call) endSessions() error {
	for _, secret := range c.cookies() {
		err := c.findSession([]string{secret}, false)
		var f *fault
		if errors.As(err, &f) {
			continue // it has ended
		}
		if err != nil {
			return err
		}
		if err := c.endSession(); err != nil {
			return err
		}
	}
	return nil
}

// endSession ends the session that was found, with the sockets that it has here.
func (c *call) endSession() error {
	ctx := context.WithoutCancel(c.r.Context())
	who, _, err := c.Catalog.Principal(ctx, c.session.Instance, c.session.User)
	if err != nil {
		return err
	}
	ended, err := c.Store.EndSession(c.by(ctx, who.Name, "SignOut"), &c.session)
	if err != nil {
		return err
	}
	c.sessionEnded(&c.session)
	if ended && who.Has(center.PermitAgent) {
		return c.Working.SignedOut(ctx, who.Instance, who.User)
	}
	return nil
}
