package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

const (
	// TokenKind is the kind of the token keys' resources.
	TokenKind = "token-key"
	// keepOld is how long a token key that no longer seals still opens. The longest chat that Amazon Connect allows
	// lasts seven days, and a participant token is good for as long.
	keepOld = 8 * 24 * time.Hour
	// freshFor is how long a node seals without looking for a newer key.
	freshFor = 10 * time.Minute
	// readTimeout bounds one look at the keys, for which a request waits.
	readTimeout  = 5 * time.Second
	maxTokenKeys = 1000
)

// Tokens seals and opens participants' tokens with the keys that lie in the store. It looks for new keys when it
// meets a token of a key it does not know, which another node may have sealed a moment ago, and now and then before
// it seals. All methods may be called from any goroutine.
type Tokens struct {
	ring    *Ring
	current atomic.Pointer[tokenKeys]
	begun   atomic.Int64  // looks at the store
	turn    chan struct{} // held by whoever looks
	done    int64         // the number of the last look that succeeded; belongs to whoever holds turn
}

// tokenKeys are the keys as of one look at the store.
type tokenKeys struct {
	*token.Sealer
	keys []token.Key
	read time.Time
}

// Tokens reads the token keys, and makes the first when there is none.
func (r *Ring) Tokens(ctx context.Context) (*Tokens, error) {
	t := &Tokens{ring: r, turn: make(chan struct{}, 1)}
	return t, t.Reload(ctx)
}

// Seal makes a token with the newest key that is known here.
func (t *Tokens) Seal(c token.Claims) string {
	k := t.current.Load()
	if t.ring.now().Sub(k.read) >= freshFor {
		// When the store cannot be read, the key at hand is as good as it was; another look is due with the next token.
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		_ = t.look(ctx, t.begun.Load())
		k = t.current.Load()
	}
	return k.Seal(c)
}

// Open returns the claims of a token, as [token.Sealer.Open] does. An error that is none of package token's says that
// the keys could not be read.
func (t *Tokens) Open(text string, want token.Kind, now time.Time) (token.Claims, error) {
	begun := t.begun.Load()
	c, err := t.current.Load().Open(text, want, now)
	if !errors.Is(err, token.ErrKey) {
		return c, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	if err := t.look(ctx, begun); err != nil {
		return token.Claims{}, err
	}
	return t.current.Load().Open(text, want, now)
}

// Reload reads the keys again, and makes the first when there is none: the store may have been emptied.
func (t *Tokens) Reload(ctx context.Context) error { return t.look(ctx, t.begun.Load()) }

// look reads the keys, unless one that began after begun were counted has already: what is looked for was there by
// then.
func (t *Tokens) look(ctx context.Context, begun int64) error {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if t.done > begun {
		return nil
	}
	number := t.begun.Add(1)
	now := t.ring.now().Round(0) // freshFor counts the time that the machine sleeps, too
	keys, err := t.ring.liveTokenKeys(ctx)
	if err != nil {
		return err
	}
	t.done = number
	if old := t.current.Load(); old != nil && slices.Equal(old.keys, keys) {
		t.current.Store(&tokenKeys{old.Sealer, keys, now}) // with the tokens it has opened before
		return nil
	}
	sealer, err := token.NewSealer(keys)
	if err != nil {
		return err
	}
	t.current.Store(&tokenKeys{sealer, keys, now})
	return nil
}

// Rotate makes a new token key. Running servers seal with it within ten minutes, and open what it sealed at once.
// What older keys have sealed is good for eight days more.
func (r *Ring) Rotate(ctx context.Context) error {
	if _, err := r.liveTokenKeys(ctx); err != nil { // makes the first
		return err
	}
	all, err := r.tokenKeys(ctx)
	if err != nil {
		return err
	}
	newest := all[len(all)-1]
	created := r.now().UTC().Truncate(time.Millisecond)
	if !created.After(newest.Created) {
		created = newest.Created.Add(time.Millisecond) // the clock of whoever made it is ahead
	}
	last, err := strconv.Atoi(newest.ID)
	if err != nil {
		return fmt.Errorf("token key %q is not of this program's making", newest.ID)
	}
	if err := r.insertTokenKey(ctx, strconv.Itoa(last+1), created); err != nil {
		return err
	}
	return r.dropDead(ctx, all)
}

// liveTokenKeys returns the keys that are good, oldest first; the last one seals. There is always one: two nodes that
// start at once agree on the first, because its id is fixed, so that one insert wins and both read that one.
func (r *Ring) liveTokenKeys(ctx context.Context) ([]token.Key, error) {
	all, err := r.tokenKeys(ctx)
	if err == nil && len(all) == 0 {
		if err := r.insertTokenKey(ctx, "1", r.now().UTC().Truncate(time.Millisecond)); err != nil {
			return nil, err
		}
		all, err = r.tokenKeys(ctx)
	}
	if err != nil {
		return nil, err
	}
	return all[dead(all, r.now()):], nil
}

// dead is how many of the keys, oldest first, were followed by another so long ago that nothing they sealed is good.
func dead(all []token.Key, now time.Time) int {
	n := 0
	for n+1 < len(all) && now.Sub(all[n+1].Created) >= keepOld {
		n++
	}
	return n
}

// dropDead deletes the rows of dead keys.
func (r *Ring) dropDead(ctx context.Context, all []token.Key) error {
	for _, k := range all[:dead(all, r.now())] {
		err := r.remove(ctx, TokenKind, k.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// storedKey is a token key as it lies in the store.
type storedKey struct {
	Sealed  []byte    `json:"sealed"`
	Created time.Time `json:"created"`
}

// purpose ties a sealed key to its row.
func purpose(id string) string { return TokenKind + " " + id }

// insertTokenKey makes a key, unless somebody else was first.
func (r *Ring) insertTokenKey(ctx context.Context, id string, created time.Time) error {
	key := token.NewKey(id, created)
	body, err := json.Marshal(storedKey{Sealed: r.master.Seal(key.Secret[:], purpose(id)), Created: created})
	if err != nil {
		return err
	}
	err = r.insert(ctx, TokenKind, id, body, created)
	if center.Is(err, center.Duplicate) {
		return nil
	}
	return err
}

// tokenKeys reads all token keys, oldest first.
func (r *Ring) tokenKeys(ctx context.Context) ([]token.Key, error) {
	rows, err := r.store.Resources(ctx, "", TokenKind, "", maxTokenKeys)
	if err != nil {
		return nil, fmt.Errorf("read token keys: %w", err)
	}
	keys := make([]token.Key, 0, len(rows))
	for _, row := range rows {
		k, secret, err := openTokenKey(r.master, row.ID, row.Body)
		if errors.Is(err, errUndecoded) {
			return nil, r.store.Damaged("resource", err)
		}
		if err != nil {
			return nil, err
		}
		key := token.Key{ID: row.ID, Created: k.Created}
		copy(key.Secret[:], secret)
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b token.Key) int { return a.Created.Compare(b.Created) })
	return keys, nil
}

// errUndecoded tells a row that is no key from a key that the master key does not open.
var errUndecoded = errors.New("undecodable")

func openTokenKey(master token.MasterKey, id string, body []byte) (k storedKey, secret []byte, err error) {
	if err := json.Unmarshal(body, &k); err != nil {
		return k, nil, fmt.Errorf("%w: token key %s: %w", errUndecoded, id, err)
	}
	secret, err = master.Open(k.Sealed, purpose(id))
	return k, secret, err
}

// Opens says whether a token key, as it lies in the store, is sealed with the operator's master key.
func Opens(master token.MasterKey, id string, body []byte) error {
	_, _, err := openTokenKey(master, id, body)
	return err
}
