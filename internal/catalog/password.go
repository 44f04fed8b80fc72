package catalog

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Passwords are kept as Argon2id hashes in rows of their own, which belong to their users and which no operation
// returns. See decision 49.

// userPassword is a user's password as it is kept. Hash is in the PHC string format, with its parameters.
type userPassword struct {
	User center.UserID `json:"user"`
	Hash string        `json:"hash"`
}

var userPasswords = &Kind[userPassword]{
	rows: "user-password", word: "USER_PASSWORD",
	key:   func(p *userPassword) (id, name string) { return string(p.User), "" },
	stamp: func(*userPassword, func() string, time.Time) {},
	refs: func(p *userPassword) []store.Ref {
		return []store.Ref{{Kind: "user", ID: string(p.User)}}
	},
}

// argon are the parameters of one hash: memory in KiB. Each is kept beside the hash that it made, so that they can be
// raised later.
type argon struct {
	memory, time uint32
	threads      uint8
}

// current are the parameters of new hashes: those that OWASP's Password Storage Cheat Sheet names first.
var current = argon{memory: 19 * 1024, time: 2, threads: 1}

const (
	saltBytes = 16
	hashBytes = 32
	// hashesAtOnce bounds the memory of hashing, hashesWaiting that of the requests which wait for it.
	hashesAtOnce  = 4
	hashesWaiting = 256
	// longestPassword is more bytes than a password can have: 64 characters. What is longer is wrong unread.
	longestPassword = 256
)

// passwords bounds how many hashes are made at the same time.
type passwords struct {
	running chan struct{}
	waiting chan struct{}
	made    atomic.Int64 // so that a refusal can be seen to cost what a success costs
}

func newPasswords() passwords {
	return passwords{running: make(chan struct{}, hashesAtOnce), waiting: make(chan struct{}, hashesAtOnce+hashesWaiting)}
}

// hash hashes a password as soon as there is room.
func (p *passwords) hash(ctx context.Context, a argon, password string, salt []byte) ([]byte, error) {
	select {
	case p.waiting <- struct{}{}:
		defer func() { <-p.waiting }()
	default:
		return nil, center.Refuse(center.Unavailable, "too many passwords are being checked; try again")
	}
	select {
	case p.running <- struct{}{}:
		defer func() { <-p.running }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.made.Add(1)
	return argon2.IDKey([]byte(password), salt, a.time, a.memory, a.threads, hashBytes), nil
}

// encodePHC writes a hash in the PHC string format.
func encodePHC(a argon, salt, hash []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.time, a.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash))
}

// decodePHC reads what encodePHC wrote.
func decodePHC(s string) (a argon, salt, hash []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return a, nil, nil, errors.New("the hash of a password is none of Argon2id")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &a.memory, &a.time, &a.threads); err != nil {
		return a, nil, nil, errors.New("the hash of a password has no parameters")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err == nil {
		hash, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil || a.time == 0 || a.threads == 0 || len(salt) == 0 || len(hash) != hashBytes {
		return a, nil, nil, errors.New("the hash of a password is incomplete")
	}
	return a, salt, hash, nil
}

// passwordRow is a new user's password as a row.
func (c *Catalog) passwordRow(ctx context.Context, at center.InstanceID, user center.UserID, password string) (store.Resource, error) {
	hash, err := c.newHash(ctx, password)
	if err != nil {
		return store.Resource{}, err
	}
	return userPasswords.fresh(at, &userPassword{User: user, Hash: hash}, c.Now())
}

// newHash is the hash of a password that is to be kept, in the PHC string format.
func (c *Catalog) newHash(ctx context.Context, password string) (string, error) {
	if err := center.CheckPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails
	hash, err := c.passwords.hash(ctx, current, password, salt)
	if err != nil {
		return "", err
	}
	return encodePHC(current, salt, hash), nil
}

// SetPassword gives a user another password. The user's sessions end, and links for choosing one are void. It is refused in an
// instance whose users have none. now is real time.
func (c *Catalog) SetPassword(ctx context.Context, at center.InstanceID, username, password string, now time.Time) error {
	i, err := c.Instance(ctx, at)
	if err != nil {
		return err
	}
	if err := center.CheckPasswordGiven(true, i.IdentityManagementType); err != nil {
		return err
	}
	u, err := c.UserNamed(ctx, at, username)
	if err != nil {
		return err
	}
	return c.changePassword(ctx, at, u.ID, password, anyVersion, store.NewCredential{Now: now})
}

// ChangePassword gives a user another password in the place of the one whose row has a version, as CheckPassword returns it. Its
// sessions end but for one. now is real time.
func (c *Catalog) ChangePassword(ctx context.Context, at center.InstanceID, user center.UserID, version int64, password string, keep [32]byte, now time.Time) error {
	err := c.changePassword(ctx, at, user, password, version, store.NewCredential{Keep: &keep, Now: now})
	if errors.Is(err, errOtherPassword) {
		return center.Refuse(center.Conflict, "The password was changed by another request. Sign in again")
	}
	return err
}

// CheckPassword finds the user who has a name and a password. Whatever is wrong, the refusal is the same, AccessDenied,
// and takes as long: an unknown name, or that of a user without a password, is held against a hash too.
//
// A password of which the hash is [Config.KnownHash] is wrong.
//
// The version of the password is what the user's sessions last as long as; see [Catalog.Session].
func (c *Catalog) CheckPassword(ctx context.Context, at center.InstanceID, username, password string) (u *center.User, version int64, err error) {
	u, kept, version, err := c.credentials(ctx, at, username)
	if err != nil {
		return nil, 0, err
	}
	a, salt, want := current, make([]byte, saltBytes), make([]byte, hashBytes)
	if kept != nil {
		if a, salt, want, err = decodePHC(kept.Hash); err != nil {
			return nil, 0, c.Store.Damaged("resource", fmt.Errorf("%s %s: %w", userPasswords.rows, kept.User, err))
		}
	}
	possible := len(password) <= longestPassword
	if !possible {
		password = ""
	}
	got, err := c.passwords.hash(ctx, a, password, salt)
	if err != nil {
		return nil, 0, err
	}
	if subtle.ConstantTimeCompare(got, want) != 1 || kept == nil || !possible || kept.Hash == c.KnownHash {
		return nil, 0, center.Refuse(center.AccessDenied, "the user name or the password is wrong")
	}
	return u, version, nil
}

// credentials finds a user by its name, and its password with the version of that; nil where there is none. It reads as much
// either way.
func (c *Catalog) credentials(ctx context.Context, at center.InstanceID, username string) (u *center.User, kept *userPassword, version int64, err error) {
	_, err = c.Instance(ctx, at)
	known := err == nil && username != ""
	if err != nil && !center.Is(err, center.NotFound) {
		return nil, nil, 0, err
	}
	row, err := c.Store.ResourceByName(ctx, at, Users.rows, username)
	switch {
	case err == nil:
		if u, err = Users.decode(c, row); err != nil {
			return nil, nil, 0, err
		}
	case errors.Is(err, store.ErrNotFound):
		known = false
	default:
		return nil, nil, 0, err
	}
	kept, row, err = userPasswords.read(ctx, c, at, row.ID)
	if center.Is(err, center.NotFound) {
		return u, nil, 0, nil
	}
	if err != nil || !known {
		return nil, nil, 0, err
	}
	return u, kept, row.Version, nil
}

// CredentialOf finds a user by its name, with the version of its password, which sessions last as long as: for those who let users in
// without one. A user who has no password cannot have a session.
func (c *Catalog) CredentialOf(ctx context.Context, at center.InstanceID, username string) (*center.User, int64, error) {
	u, kept, version, err := c.credentials(ctx, at, username)
	if err == nil && kept == nil {
		err = center.Refuse(center.NotFound, "no user who can sign in has this name (%d characters)", len([]rune(username)))
	}
	return u, version, err
}
