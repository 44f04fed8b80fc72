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
	secret string
	ok     bool
	until  time.Time
}

// maxKnown bounds what is remembered: strangers may try any id.
const maxKnown = 4096

// New returns the keys of a store. now is real time.
func New(s *store.Store, master token.MasterKey, now func() time.Time) *Ring {
	return &Ring{store: s, master: master, now: now, known: map[string]lookup{}}
}

// AccessKey is a caller's key. Secret is set only on the one just created.
type AccessKey struct {
	ID          string    `json:"-"`
	Secret      string    `json:"-"`
	Sealed      []byte    `json:"sealed"`
	Description string    `json:"description,omitempty"`
	Created     time.Time `json:"created"`
}

// Create makes an access key: an id in AWS's form and a secret of 40 characters.
func (r *Ring) Create(ctx context.Context, description string) (AccessKey, error) {
	var raw [40]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return AccessKey{}, err
	}
	k := AccessKey{
		ID:          "AKIA" + base32.StdEncoding.EncodeToString(raw[:10]),
		Secret:      base64.StdEncoding.EncodeToString(raw[10:]),
		Description: description,
		Created:     r.now().UTC().Truncate(time.Second),
	}
	k.Sealed = r.master.Seal([]byte(k.Secret), accessKind+" "+k.ID)
	body, err := json.Marshal(k)
	if err != nil {
		return AccessKey{}, err
	}
	return k, r.store.InsertResource(ctx, store.Resource{Kind: accessKind, ID: k.ID, Body: body, Created: k.Created, Modified: k.Created})
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
	err := r.store.DeleteResource(ctx, "", accessKind, id)
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoKey
	}
	return err
}

// Secret returns the secret of an access key, for verifying a signature.
func (r *Ring) Secret(ctx context.Context, id string) (secret string, ok bool, err error) {
	if len(id) > 128 || strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", false, nil
	}
	now := r.now()
	r.mu.Lock()
	k, seen := r.known[id]
	r.mu.Unlock()
	if seen && now.Before(k.until) {
		return k.secret, k.ok, nil
	}
	k, err = r.look(ctx, id)
	if err != nil {
		return "", false, err
	}
	k.until = now.Add(remember)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= maxKnown {
		clear(r.known)
	}
	r.known[id] = k
	return k.secret, k.ok, nil
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
	return lookup{secret: string(secret), ok: true}, nil
}
