// Package keys keeps what proves who somebody is: the keys that participant tokens are sealed with, and the access
// keys that callers of the connect API sign with.
//
// Both lie in the store, their secret parts sealed with the operator's master key; access keys are shown once, when
// they are made. The package depends on store and token. It never logs a secret and never hands one out but to the
// verifier of signatures.
package keys

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/policy"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

const (
	accessKind = "access-key"
	// remember is how long a looked-up access key is good without another look, and so how long a revoked one may
	// still be accepted.
	remember = 10 * time.Second
)

// Ring keeps keys in a store.
type Ring struct {
	store  *store.Store
	master token.MasterKey
	now    func() time.Time

	mu    sync.Mutex
	known map[string]lookup
}

type lookup struct {
	secret  string
	allowed *policy.Policy // nil: everything
	ok      bool
	until   time.Time
}

// maxKnown bounds what is remembered: strangers may try any id.
const maxKnown = 4096

// New returns the keys of a store. now is real time.
func New(s *store.Store, master token.MasterKey, now func() time.Time) *Ring {
	return &Ring{store: s, master: master, now: now, known: map[string]lookup{}}
}

// AccessKey is a caller's key. Secret is set only on the one just created.
type AccessKey struct {
	ID          string `json:"-"`
	Secret      string `json:"-"`
	Sealed      []byte `json:"sealed"`
	Description string `json:"description,omitempty"`
	// Policy is what the holder may do, as it was written; nil: everything.
	Policy  json.RawMessage `json:"policy,omitempty"`
	Created time.Time       `json:"created"`
}

// Create makes an access key: an id in AWS's form and a secret of 40 characters. allowed is the policy in JSON, nil for one
// that may do everything.
func (r *Ring) Create(ctx context.Context, description string, allowed []byte) (AccessKey, error) {
	if allowed != nil {
		if _, err := policy.Parse(allowed); err != nil {
			return AccessKey{}, err
		}
	}
	var raw [40]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return AccessKey{}, err
	}
	k := AccessKey{
		ID:          "AKIA" + base32.StdEncoding.EncodeToString(raw[:10]),
		Secret:      base64.StdEncoding.EncodeToString(raw[10:]),
		Description: description,
		Policy:      allowed,
		Created:     r.now().UTC().Truncate(time.Second),
	}
	k.Sealed = r.master.Seal([]byte(k.Secret), accessKind+" "+k.ID)
	body, err := json.Marshal(k)
	if err != nil {
		return AccessKey{}, err
	}
	return k, r.insert(ctx, accessKind, k.ID, body, k.Created)
}

func (r *Ring) insert(ctx context.Context, kind, id string, body []byte, created time.Time) error {
	return r.store.CommitResources(ctx, store.ResourceCommit{
		Insert: []store.Resource{{Kind: kind, ID: id, Body: body, Created: created, Modified: created}}, Show: shown,
	})
}

func (r *Ring) remove(ctx context.Context, kind, id string) error {
	return r.store.CommitResources(ctx, store.ResourceCommit{
		Delete: []store.Deletion{{InstanceRef: store.InstanceRef{Ref: store.Ref{Kind: kind, ID: id}}}}, Show: shown,
	})
}

// shown is what the audit log has of a key: of an access key what is no secret, of others that they came or went.
func shown(kind string, body []byte) ([]byte, bool) {
	var k AccessKey
	if kind != accessKind || json.Unmarshal(body, &k) != nil {
		return nil, true
	}
	text, err := json.Marshal(struct {
		Description string          `json:"description,omitempty"`
		Policy      json.RawMessage `json:"policy,omitempty"`
		Created     time.Time       `json:"created"`
	}{k.Description, k.Policy, k.Created})
	return text, err == nil
}

// List returns all access keys without their secrets, in the order of their ids.
func (r *Ring) List(ctx context.Context) ([]AccessKey, error) {
	var all []AccessKey
	for after := ""; ; {
		rows, err := r.store.Resources(ctx, "", accessKind, after, 100)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			after = row.ID
			k := AccessKey{ID: row.ID}
			if err := json.Unmarshal(row.Body, &k); err != nil {
				return nil, r.store.Damaged("resource", fmt.Errorf("access key %s: %w", row.ID, err))
			}
			all = append(all, k)
		}
		if len(rows) < 100 {
			return all, nil
		}
	}
}

// ErrNoKey is the answer to an id that names no access key.
var ErrNoKey = errors.New("there is no access key with that id; parley key list shows them")

// Revoke takes an access key away. Running servers stop accepting it within ten seconds.
func (r *Ring) Revoke(ctx context.Context, id string) error {
	err := r.remove(ctx, accessKind, id)
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoKey
	}
	return err
}

// Secret returns the secret of an access key, for verifying a signature.
func (r *Ring) Secret(ctx context.Context, id string) (secret string, ok bool, err error) {
	k, err := r.find(ctx, id)
	return k.secret, k.ok, err
}

// Policy returns what the holder of an access key may do, nil for everything; not ok when there is no such key (any more).
func (r *Ring) Policy(ctx context.Context, id string) (allowed *policy.Policy, ok bool, err error) {
	k, err := r.find(ctx, id)
	return k.allowed, k.ok, err
}

func (r *Ring) find(ctx context.Context, id string) (lookup, error) {
	if len(id) > 128 || strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return lookup{}, nil
	}
	now := r.now()
	r.mu.Lock()
	k, seen := r.known[id]
	r.mu.Unlock()
	if seen && now.Before(k.until) {
		return k, nil
	}
	k, err := r.look(ctx, id)
	if err != nil {
		return lookup{}, err
	}
	k.until = now.Add(remember)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= maxKnown {
		clear(r.known)
	}
	r.known[id] = k
	return k, nil
}

func (r *Ring) look(ctx context.Context, id string) (lookup, error) {
	row, err := r.store.Resource(ctx, "", accessKind, id)
	if errors.Is(err, store.ErrNotFound) {
		return lookup{}, nil
	}
	if err != nil {
		return lookup{}, err
	}
	var k AccessKey
	if err := json.Unmarshal(row.Body, &k); err != nil {
		return lookup{}, r.store.Damaged("resource", fmt.Errorf("access key %s: %w", id, err))
	}
	secret, err := r.master.Open(k.Sealed, accessKind+" "+id)
	if err != nil {
		return lookup{}, err
	}
	found := lookup{secret: string(secret), ok: true}
	if k.Policy != nil {
		// One that a newer program has made may not be readable: then the key allows nothing.
		if found.allowed, err = policy.Parse(k.Policy); err != nil {
			return lookup{}, fmt.Errorf("the policy of access key %s: %w", id, err)
		}
	}
	return found, nil
}
