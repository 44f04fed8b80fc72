package chat

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/store"
)

// TranscriptQuery is what GetTranscript asks for, with AWS's defaults not yet applied.
type TranscriptQuery struct {
	Contact   center.ContactID
	Max       int
	NextToken string
	Forward   *bool // ScanDirection
	Ascending bool  // SortOrder
	Start     *StartPosition
	// Notes asks for the notes of agents, too.
	Notes bool
}

// StartPosition says where to begin; the first member that is set counts.
type StartPosition struct {
	ID           center.ItemID
	AbsoluteTime time.Time
	MostRecent   *int
}

// TranscriptPage is one page.
type TranscriptPage struct {
	Chat  center.ChatID
	Items []TranscriptItem
	Next  string
}

// TranscriptItem is an item with what has been said about its arrival. Past items are of a session before this chat.
type TranscriptItem struct {
	center.Item
	Past     bool
	Receipts []center.Receipt
}

// position is where a scan goes on: in which session (0 is this chat, 1 the newest past one, …), from which item,
// and which way. It is the content of a NextToken, which stays good as long as the chat does.
type position struct {
	Chat    center.ChatID `json:"c"`
	Session int           `json:"s,omitempty"`
	Seq     int64         `json:"q"` // the first item to look at
	Forward bool          `json:"f,omitempty"`
}

func (p position) String() string {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parsePosition(s string, chat center.ChatID) (p position, err error) {
	bad := center.Refuse(center.InvalidParameter, "NextToken must be one that GetTranscript gave out for this chat, got %d characters of something else", len([]rune(s)))
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(raw, &p) != nil || p.Chat != chat || p.Session < 0 || p.Seq < 1 {
		return p, bad
	}
	return p, nil
}

// defaultPage is the documented default of MaxResults; 0 means it too.
const defaultPage = 10

// Transcripts reads what was said in chats.
type Transcripts struct {
	archive
	clock   engine.Clock
	delay   time.Duration // Settings.RehydrationDelay
	present func(context.Context, Caller) (s *state, bound, last int64, err error)
}

// NewTranscripts returns the transcripts of chats.
func NewTranscripts(c *Chats) *Transcripts {
	return &Transcripts{archive: c.archive, clock: c.clock, delay: c.settings.RehydrationDelay, present: c.present}
}

// reading is a transcript as somebody reads it.
type reading struct {
	*state
	sessions []center.PastSession // this chat, and those before it, newest first
	// low and high are the first and last item of this chat that may be read. They are of a segment that was asked for.
	low, high int64
	keep      func(*center.Item) bool // nil for what the transcript holds
	whole     bool                    // reading forward may begin at the beginning
}

// Page reads one page of the caller's transcript. Backwards, it runs on into the past sessions of a persistent
// chat, by NextToken alone: a page never holds items of two sessions, and the first one, which is asked for without a
// NextToken, holds items of this chat. It is empty where this chat has none; any other page with a NextToken has items.
func (r *Transcripts) Page(ctx context.Context, who Caller, q TranscriptQuery) (*TranscriptPage, error) {
	s, bound, last, err := r.present(ctx, who)
	if err != nil {
		return nil, err
	}
	of := reading{state: s, low: 1, high: bound}
	if q.Notes {
		// Who has left the conversation goes on reading their own notes.
		of.high, of.keep = last, func(it *center.Item) bool {
			if it.Stream == center.StreamID(s.ID) && it.Seq > bound {
				return it.Type == center.TypeNote && it.ParticipantID == who.Participant
			}
			return it.InTranscript || it.Type == center.TypeNote
		}
	}
	of.sessions = r.sessions(s, of.high)
	return r.read(ctx, of, q)
}

// Over reads one page of the transcript of a contact that has ended, for whoever may read it: from its beginning when q does
// not say otherwise, with the notes of its agents, those of after-contact work too. The sessions before its chat are not part
// of it.
func (r *Transcripts) Over(ctx context.Context, at center.InstanceID, id center.ContactID, q TranscriptQuery) (*TranscriptPage, error) {
	s, err := r.chatOf(ctx, at, id)
	if err != nil {
		return nil, err
	}
	row, err := r.store.Stream(ctx, center.StreamID(s.ID))
	if errors.Is(err, store.ErrNotFound) {
		return nil, noContact(id)
	}
	if err != nil {
		return nil, err
	}
	c, ok := s.Contact(id)
	if !ok || c.Live() {
		return nil, center.Refuse(center.InvalidState, "the contact %s has not ended", id)
	}
	low, high, err := s.bounds(id)
	if err != nil {
		return nil, err
	}
	if c.Beside && c.Agent != nil { // it ends where its agent leaves, and not with the customer's segment
		if p, ok := s.Participant(c.Agent.Participant); ok && p.LeftSeq > 0 {
			high = min(cmp.Or(high, p.LeftSeq), p.LeftSeq)
		}
	}
	q.Contact, q.Notes = "", true
	return r.read(ctx, reading{
		state: s, sessions: []center.PastSession{{Chat: s.ID, LastSeq: row.LastSeq}}, low: low, high: row.LastSeq, whole: true,
		keep: func(it *center.Item) bool {
			note := it.Type == center.TypeNote
			if high > 0 && it.Seq > high {
				return note && it.Contact == id
			}
			return it.InTranscript || note
		},
	}, q)
}

func (r *Transcripts) read(ctx context.Context, of reading, q TranscriptQuery) (*TranscriptPage, error) {
	s, last := of.state, of.high
	page := &TranscriptPage{Chat: s.ID}
	if q.Max == 0 {
		q.Max = defaultPage
	}
	at, err := r.startOf(ctx, of, q)
	if err != nil || at == nil {
		return page, err
	}
	for at.Session < len(of.sessions) {
		session := of.sessions[at.Session]
		low, high := int64(1), session.LastSeq
		if at.Session == 0 {
			low, high = of.low, of.high
		}
		if at.Session == 0 && q.Contact != "" {
			if low, high, err = s.bounds(q.Contact); err != nil {
				return page, nil //nolint:nilerr // a foreign contact has an empty page
			}
			high = min(cmp.Or(high, last), last)
		}
		items, more, err := r.scan(ctx, session, *at, low, high, q.Max, of.keep)
		if err != nil {
			return nil, err
		}
		next := position{Chat: s.ID, Session: at.Session, Forward: at.Forward}
		switch {
		case more && at.Forward:
			next.Seq = items[len(items)-1].Seq + 1
		case more:
			next.Seq = items[len(items)-1].Seq - 1
		case !at.Forward && at.Session+1 < len(of.sessions):
			next.Session, next.Seq = at.Session+1, math.MaxInt64
		default:
			next.Session = len(of.sessions)
		}
		if len(items) == 0 && (q.NextToken != "" || next.Session == len(of.sessions)) {
			*at = next
			continue
		}
		if next.Session < len(of.sessions) {
			page.Next = next.String()
		}
		page.Items, err = r.withReceipts(ctx, session.Chat, items, at.Session > 0)
		if at.Forward != q.Ascending {
			slices.Reverse(page.Items)
		}
		return page, err
	}
	return page, nil
}

// sessions are this chat and the past ones that can be read by now.
func (r *Transcripts) sessions(s *state, last int64) []center.PastSession {
	all := []center.PastSession{{Chat: s.ID, LastSeq: last}}
	for _, p := range s.Past {
		// Without a delay the clock is not asked: the end may be dated ahead of it.
		if r.delay > 0 && r.clock.Now().Before(p.Ended.Add(r.delay)) {
			break
		}
		all = append(all, p)
	}
	return all
}

var errForeign = errors.New("not a contact of this chat")

// bounds are the first and last item of a segment; 0 is no bound.
func (s *state) bounds(id center.ContactID) (low, high int64, err error) {
	for i := range s.Contacts {
		if s.Contacts[i].ID != id {
			continue
		}
		if next, ok := s.After(i); ok {
			high = next.FirstSeq - 1
		}
		return s.Contacts[i].FirstSeq, high, nil
	}
	return 0, 0, errForeign
}

// startOf finds where a scan begins; nil is a scan with nothing to find.
func (r *Transcripts) startOf(ctx context.Context, of reading, q TranscriptQuery) (*position, error) {
	s := of.state
	if q.NextToken != "" {
		p, err := parsePosition(q.NextToken, s.ID)
		return &p, err
	}
	at := &position{Chat: s.ID, Seq: math.MaxInt64}
	begin := q.Start
	if begin != nil && begin.ID == "" && begin.AbsoluteTime.IsZero() && begin.MostRecent == nil {
		begin = nil // "StartPosition":{} is how clients leave it out
	}
	at.Forward = begin != nil
	if q.Forward != nil {
		at.Forward = *q.Forward
	}
	switch {
	case begin == nil && at.Forward && of.whole:
		at.Seq = 1
		return at, nil
	case begin == nil && at.Forward:
		return nil, center.Refuse(center.InvalidParameter, "ScanDirection must be BACKWARD without a StartPosition or a NextToken, got FORWARD")
	case begin == nil:
		return at, nil
	}
	switch {
	case begin.ID != "":
		it, err := r.store.Item(ctx, center.StreamID(s.ID), begin.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil, center.Refuse(center.InvalidParameter, "StartPosition.Id must name an item of this chat")
		}
		if err != nil {
			return nil, err
		}
		at.Seq = it.Seq
	case !begin.AbsoluteTime.IsZero():
		t := begin.AbsoluteTime
		if !at.Forward {
			t = t.Add(time.Millisecond) // the last item at or before t is the one before the first after it
		}
		seq, err := r.store.SeqAt(ctx, center.StreamID(s.ID), t)
		switch {
		case errors.Is(err, store.ErrNotFound) && at.Forward:
			return nil, nil
		case errors.Is(err, store.ErrNotFound):
			return at, nil
		case err != nil:
			return nil, err
		}
		if at.Seq = seq; !at.Forward {
			at.Seq--
		}
	default:
		return r.mostRecent(ctx, of, at, *begin.MostRecent)
	}
	return at, nil
}

// mostRecent begins at the nth newest item that the transcript shows.
func (r *Transcripts) mostRecent(ctx context.Context, of reading, at *position, n int) (*position, error) {
	if n == 0 {
		if at.Forward {
			return nil, nil
		}
		return at, nil
	}
	items, err := r.store.Page(ctx, store.PageQuery{
		Stream: center.StreamID(of.ID), From: 1, To: of.high, Backward: true, Limit: n, TranscriptOnly: true, Keep: of.keep, Last: of.high,
	})
	switch {
	case err != nil || len(items) == 0 && at.Forward:
		return nil, err
	case len(items) > 0:
		at.Seq = items[len(items)-1].Seq
	}
	return at, nil
}

// scan reads up to limit items in the position's direction, and says whether there are more behind them.
func (r *Transcripts) scan(ctx context.Context, session center.PastSession, at position, low, high int64, limit int, keep func(*center.Item) bool) ([]center.Item, bool, error) {
	q := store.PageQuery{
		Stream: center.StreamID(session.Chat), From: low, To: high, Backward: !at.Forward, Limit: limit + 1, TranscriptOnly: true, Keep: keep, Last: session.LastSeq,
	}
	switch {
	case at.Forward:
		q.From = max(low, at.Seq)
	case at.Seq < low:
		return nil, false, nil
	case high == 0 || at.Seq < high:
		q.To = at.Seq
	}
	if q.To != 0 && q.To < q.From {
		return nil, false, nil
	}
	items, err := r.store.Page(ctx, q)
	if err != nil || len(items) <= limit {
		return items, false, err
	}
	return items[:limit], true, nil
}

func (r *Transcripts) withReceipts(ctx context.Context, chat center.ChatID, items []center.Item, past bool) ([]TranscriptItem, error) {
	var messages []center.ItemID
	for _, it := range items {
		if it.Type == center.TypeMessage || it.Type == center.TypeAttachment {
			messages = append(messages, it.ID)
		}
	}
	var receipts map[center.ItemID][]center.Receipt
	if len(messages) > 0 {
		var err error
		if receipts, err = r.store.Receipts(ctx, center.StreamID(chat), messages); err != nil {
			return nil, err
		}
	}
	all := make([]TranscriptItem, len(items))
	for i, it := range items {
		all[i] = TranscriptItem{Item: it, Past: past, Receipts: receipts[it.ID]}
	}
	return all, nil
}
