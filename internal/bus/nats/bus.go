// Package nats is the bus between nodes: core NATS, by a server embedded in each node with routes between them, or by
// an external cluster.
//
// It is as good as core NATS is: what is published while a node is cut off, or before its interest in a chat has
// reached the publisher's server, does not arrive. Listeners compare with the store; nothing here waits, repeats or
// stores. Items travel as they are stored, without client tokens. A node hears its own news directly. The package
// depends on center, bus, nats.go and nats-server; only a node that is told to use it opens anything.
package nats

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/center"
)

// Options say where the news travels.
type Options struct {
	// URL of an external cluster, several separated by commas. Empty: a server in this process, as Cluster says.
	URL     string
	Cluster Cluster
	Log     *slog.Logger // required
	// Reconnected is called, from a goroutine of the connection, when an external cluster was lost and is back.
	Reconnected func()
}

// Cluster is the embedded server's place among the other nodes'. It serves no clients but this node.
type Cluster struct {
	Listen string   // host:port that the other nodes dial
	Routes []string // host:port of other nodes; one that is up is enough, the rest is gossip
	Secret string   // shared by all nodes; news travels in the clear, so the network must be private
}

// Bus is a node's end of the bus. See [Open].
type Bus struct {
	local *bus.Local
	log   *slog.Logger
	conn  *client.Conn
	embed *server.Server // nil with an external cluster
	inbox chan *client.Msg
	done  sync.WaitGroup
}

const (
	subjectPrefix = "parley.chat."
	clusterName   = "parley"
	clusterUser   = "parley"
	startTimeout  = 10 * time.Second
	// inboxSize is how much news may wait for the one goroutine that hands it on; beyond it news is dropped, which
	// is what a bus may do.
	inboxSize = 8192
)

// Open connects, starting the embedded server first if there is one. The other nodes need not be up.
func Open(o Options) (*Bus, error) {
	b := &Bus{local: bus.NewLocal(), log: o.Log, inbox: make(chan *client.Msg, inboxSize)}
	target := []client.Option{
		client.Name("parley"),
		client.NoEcho(),
		client.MaxReconnects(-1),
		client.ReconnectWait(250 * time.Millisecond),
		client.ReconnectBufSize(-1), // news held back while cut off is of no use: the store has it by then
		client.FlusherTimeout(time.Second),
		client.ReconnectHandler(func(*client.Conn) {
			o.Log.Info("bus is back")
			if o.Reconnected != nil {
				o.Reconnected()
			}
		}),
		client.DisconnectErrHandler(func(_ *client.Conn, err error) {
			if err != nil {
				o.Log.Warn("bus is cut off", "error", err)
			}
		}),
		client.ErrorHandler(func(_ *client.Conn, _ *client.Subscription, err error) {
			o.Log.Warn("bus", "error", err)
		}),
	}
	if o.URL == "" {
		password := rand.Text()
		embed, err := start(o.Cluster, password, o.Log)
		if err != nil {
			return nil, fmt.Errorf("start the embedded bus: %w", err)
		}
		b.embed = embed
		target = append(target, client.InProcessServer(embed), client.UserInfo(clusterUser, password))
	}
	if o.URL != "" {
		if err := CheckURL(o.URL); err != nil {
			return nil, fmt.Errorf("connect to the bus: %w", err)
		}
	}
	conn, err := client.Connect(o.URL, target...)
	if err != nil {
		b.stop()
		return nil, fmt.Errorf("connect to the bus: %w", withoutURL(err))
	}
	b.conn = conn
	b.done.Go(b.hand)
	return b, nil
}

// CheckURL refuses what names no cluster, without quoting a part of it: what is wrong may be a password.
func CheckURL(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		full := one
		if !strings.Contains(one, "://") {
			full = "nats://" + one // as nats.go reads it
		}
		u, err := url.Parse(full)
		switch {
		case err != nil, u.Host == "", u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "":
			return errors.New("it must be nats://HOST:PORT,… or tls://HOST:PORT,…; what a user or a password has besides letters and digits must be escaped, % as %25 and / as %2F")
		case u.User != nil && full != one:
			return errors.New("an address with a user must begin with nats:// or tls://; a , in a user or a password must be escaped as %2C")
		}
	}
	return nil
}

// withoutURL leaves out of an error the address, which may hold a password.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func start(c Cluster, password string, log *slog.Logger) (*server.Server, error) {
	host, port, err := hostPort(c.Listen)
	if err != nil {
		return nil, err
	}
	if err := free(c.Listen, port); err != nil {
		return nil, err
	}
	opts := &server.Options{
		ServerName: c.Listen,
		NoSigs:     true,
		// nats-server 2.15 starts no routes without a client listener (DontListen): this one lets nobody in but us.
		Host: "127.0.0.1", Port: server.RANDOM_PORT, CustomClientAuthentication: knows(password),
		Cluster: server.ClusterOpts{
			Name: clusterName, Host: host, Port: port, Username: clusterUser, Password: c.Secret,
		},
	}
	for _, r := range c.Routes {
		opts.Routes = append(opts.Routes, &url.URL{Scheme: "nats-route", Host: r, User: url.UserPassword(clusterUser, c.Secret)})
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	s.SetLoggerV2(logger{log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		s.Shutdown()
		return nil, errors.New("not ready in time")
	}
	return s, nil
}

// free says what is wrong with an address at once: of one that is taken the server tells its log alone.
func free(addr string, port int) error {
	if port <= 0 {
		return nil // the server chooses
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// knows lets in who knows a password.
type knows string

// Check implements [server.Authentication].
func (k knows) Check(c server.ClientAuthentication) bool {
	return subtle.ConstantTimeCompare([]byte(c.GetOpts().Password), []byte(k)) == 1
}

func hostPort(addr string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	if port, err = strconv.Atoi(p); err != nil {
		return "", 0, fmt.Errorf("port of %q: %w", addr, err)
	}
	return host, port, nil
}

// Publish tells this node's listeners before it returns, and the other nodes soon, or never.
func (b *Bus) Publish(chat center.StreamID, items []center.Item) {
	b.local.Publish(chat, items)
	for len(items) > 0 {
		var news []byte
		news, items = encode(items)
		if err := b.conn.Publish(subjectPrefix+string(chat), news); err != nil {
			b.log.Debug("news not published", "chat", chat, "error", err)
		}
	}
}

// Listen calls deliver with the news of the chat until stop is called, as [bus.Local.Listen] does. Other nodes learn
// of the interest a moment later. Listening twice to one chat makes doubles.
func (b *Bus) Listen(chat center.StreamID, deliver func([]center.Item)) (stop func()) {
	forget := b.local.Listen(chat, deliver)
	sub, err := b.conn.ChanSubscribe(subjectPrefix+string(chat), b.inbox)
	if err != nil {
		b.log.Warn("chat not listened to on other nodes", "chat", chat, "error", err)
		return forget
	}
	return func() {
		forget()
		sub.Unsubscribe() // fails on a closed bus only
	}
}

// hand passes the news of other nodes on.
func (b *Bus) hand() {
	for m := range b.inbox {
		chat := center.StreamID(strings.TrimPrefix(m.Subject, subjectPrefix))
		items, err := decode(chat, m.Data)
		if err != nil {
			b.log.Warn("news not understood", "chat", chat, "error", err)
			continue
		}
		b.local.Publish(chat, items)
	}
}

// Close ends the bus: nothing is delivered after it. News just published may be lost.
func (b *Bus) Close() {
	b.conn.FlushTimeout(time.Second) // so that a node on its way out tells what it last did
	b.conn.Close()
	close(b.inbox)
	b.done.Wait()
	b.stop()
}

func (b *Bus) stop() {
	if b.embed != nil {
		b.embed.Shutdown()
		b.embed.WaitForShutdown()
	}
}

// Peers is the number of other nodes that the embedded server is connected to.
func (b *Bus) Peers() int {
	if b.embed == nil {
		return 0
	}
	return b.embed.NumRemotes()
}

// logger passes the embedded server's words on; its notices are too many for a log of ours.
type logger struct{ log *slog.Logger }

func (l logger) Noticef(format string, v ...any) { l.log.Debug("bus: " + fmt.Sprintf(format, v...)) }
func (l logger) Warnf(format string, v ...any)   { l.log.Warn("bus: " + fmt.Sprintf(format, v...)) }
func (l logger) Errorf(format string, v ...any)  { l.log.Warn("bus: " + fmt.Sprintf(format, v...)) }
func (l logger) Fatalf(format string, v ...any)  { l.log.Error("bus: " + fmt.Sprintf(format, v...)) }
func (l logger) Debugf(string, ...any)           {}
func (l logger) Tracef(string, ...any)           {}
