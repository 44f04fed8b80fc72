package desk

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/store"
)

// A socket of an agent's client carries all of the agent's chats, and the agent's own stream. Items of chats are aws/chat
// frames as customers' sockets have them. Frames of the topic below say what has happened to the agent, and what the client
// is to show: the snapshot, whenever something of it has changed. Each frame that stands for an item has a cursor; a client
// that comes back names the last ones, and goes on behind them.

const (
	topicAgent = "parley/agent"
	// socketsPerUser is how many sockets a user has on a node; one more closes the oldest.
	socketsPerUser = 10
)

var socketRoutes = []route{
	row("GET", "socket", agents, "Becomes the socket of the agent: all of its chats, and what happens to it.", (*call).openSocket).
		instead(101, "", "The connection is a WebSocket now.").
		also(426, "text/plain; charset=utf-8", "The request asks for no WebSocket."),
}

type socketInput struct {
	After []string `query:"after" rule:"max=500" pattern:"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}:[0-9]{1,18}$" about:"The last cursor that the client has of a stream, as often as it has streams."`
}

func cursorOf(stream center.StreamID, seq int64) string {
	return string(stream) + ":" + strconv.FormatInt(seq, 10)
}

// parseCursors reads what a client names: after=STREAM:SEQ, as often as it has streams.
func parseCursors(all []string) (map[center.StreamID]int64, error) {
	after := map[center.StreamID]int64{}
	for _, s := range all {
		stream, number, ok := strings.Cut(s, ":")
		seq, err := strconv.ParseInt(number, 10, 64)
		if _, uuid := center.UUID(stream); !ok || err != nil || seq < 0 || !uuid {
			return nil, center.Refuse(center.InvalidParameter, "after must be a cursor of a frame, got %d characters of something else", len([]rune(s)))
		}
		after[center.StreamID(strings.ToLower(stream))] = seq
	}
	return after, nil
}

// openSocket makes the request a socket.
func (c *call) openSocket(in socketInput) (none empty, err error) {
	after, err := parseCursors(in.After)
	if err != nil {
		return none, err
	}
	if err := c.Staff.Ensure(c.r.Context(), c.who.Instance, c.who.User); err != nil {
		return none, err
	}
	begin, err := c.beginOf(c.r.Context(), after)
	if err != nil {
		return none, err
	}
	c.taken = true
	ms, ok := c.Hub.Serve(c.w, c.r, hub.Socket{Principal: "user " + string(c.who.User), Limit: socketsPerUser})
	if !ok {
		return none, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	win := &window{
		desk: c.Desk, who: c.who, session: c.session, socket: ms, ctx: ctx, wake: make(chan struct{}, 1),
		chats: map[center.StreamID]*joinedChat{}, cursor: after, board: c.joinBoard(c.who.User),
	}
	c.open(win)
	ms.OnEnd(func() {
		c.close(win)
		cancel()
	})
	c.running.Go(func() { win.run(begin) })
	return none, nil
}

// beginOf is where a client goes on in the agent's stream. A cursor whose next item is not there any more, or that is not of
// this stream, begins with what is new: the snapshot says all that was before.
func (c *call) beginOf(ctx context.Context, after map[center.StreamID]int64) (int64, error) {
	_, last, err := c.Staff.Agent(ctx, c.who.Instance, c.who.User)
	if err != nil {
		return 0, err
	}
	stream := center.StreamID(c.who.User)
	at, ok := after[stream]
	delete(after, stream)
	if !ok || at > last {
		return last, nil
	}
	first, err := c.Store.FirstSeq(ctx, stream)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return 0, err
	}
	if at+1 < first {
		return last, nil
	}
	return at, nil
}
