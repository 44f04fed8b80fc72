package catalog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// linkBytes is how much randomness is in a link.
const linkBytes = 32

// MakeLink makes a link by which a user chooses a password, and returns its secret, which nothing else has. Earlier links of the
// user are void. now is real time.
func (c *Catalog) MakeLink(ctx context.Context, at center.InstanceID, user string, purpose center.LinkPurpose, now time.Time) (secret string, expires time.Time, err error) {
	i, err := c.Instance(ctx, at)
	if err != nil {
		return "", time.Time{}, err
	}
	if err := center.CheckPasswordGiven(true, i.IdentityManagementType); err != nil {
		return "", time.Time{}, err
	}
	u, err := Users.find(ctx, c, at, user)
	if err != nil {
		return "", time.Time{}, err
	}
	version, err := c.PasswordVersion(ctx, at, u.ID)
	if err != nil {
		return "", time.Time{}, err
	}
	raw := make([]byte, linkBytes)
	_, _ = rand.Read(raw) // it never fails
	secret = base64.RawURLEncoding.EncodeToString(raw)
	l := store.Link{ID: sha256.Sum256([]byte(secret)), Instance: at, User: u.ID, Purpose: purpose, Credential: version, Expires: now.Add(purpose.Life())}
	return secret, l.Expires, c.Store.MakeLink(ctx, &l, now)
}

// PasswordVersion is the version of the row of a user's password, 0 for none.
func (c *Catalog) PasswordVersion(ctx context.Context, at center.InstanceID, user center.UserID) (int64, error) {
	_, row, err := userPasswords.read(ctx, c, at, string(user))
	if center.Is(err, center.NotFound) {
		return 0, nil
	}
	return row.Version, err
}

const deadLink = "The link is not known, or it was used, replaced by another one, made void by another password, or its time is over. Ask an administrator for a new one"

// Link finds a link by its secret, with its user. One that cannot be used is refused with NotFound; it is returned all the same if
// there was such a link once.
func (c *Catalog) Link(ctx context.Context, secret string, now time.Time) (*store.Link, *center.User, error) {
	refusal := center.Refuse(center.NotFound, deadLink)
	if base64.RawURLEncoding.DecodedLen(len(secret)) != linkBytes {
		return nil, nil, refusal
	}
	l, err := c.Store.Link(ctx, sha256.Sum256([]byte(secret)))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, refusal
	}
	if err != nil {
		return nil, nil, err
	}
	u, err := Users.Get(ctx, c, l.Instance, string(l.User))
	if center.Is(err, center.NotFound) {
		return &l, nil, refusal
	}
	if err != nil {
		return nil, nil, err
	}
	version, err := c.PasswordVersion(ctx, l.Instance, l.User)
	if err != nil {
		return nil, nil, err
	}
	if l.Used || !now.Before(l.Expires) || version != l.Credential {
		return &l, u, refusal
	}
	return &l, u, nil
}

// UseLink gives the user of a link a password. The link is used up by it, and the user's sessions end.
func (c *Catalog) UseLink(ctx context.Context, l *store.Link, password string, now time.Time) error {
	err := c.changePassword(ctx, l.Instance, l.User, password, l.Credential, store.NewCredential{Link: l, Now: now})
	if errors.Is(err, store.ErrUsed) || errors.Is(err, errOtherPassword) || center.Is(err, center.NotFound) {
		return center.Refuse(center.NotFound, deadLink)
	}
	return err
}

// errOtherPassword says that the password has been changed meanwhile.
var errOtherPassword = errors.New("catalog: the password has another version")

// anyVersion is for changePassword: the password may be any.
const anyVersion = -1

// changePassword gives a user another password, if the row of the present one has a version; 0 is that there is none.
func (c *Catalog) changePassword(ctx context.Context, at center.InstanceID, user center.UserID, password string, version int64, change store.NewCredential) error {
	hash, err := c.newHash(ctx, password)
	if err != nil {
		return err
	}
	change.Instance, change.User = at, user
	for {
		p, row, err := userPasswords.read(ctx, c, at, string(user))
		var commit store.ResourceCommit
		now := c.Now()
		switch {
		case center.Is(err, center.NotFound):
			row, err = userPasswords.fresh(at, &userPassword{User: user, Hash: hash}, now)
			commit.Insert = []store.Resource{row}
		case err == nil:
			p.Hash = hash
			before := row.Version
			row, err = userPasswords.put(at, p)
			row.Version, row.Modified = before, now
			commit.Replace = []store.Resource{row}
		}
		if err != nil {
			return err
		}
		if version != anyVersion && row.Version != version {
			return errOtherPassword
		}
		change.Version = row.Version + 1
		commit.Credential = &change
		err = userPasswords.commit(ctx, c, commit)
		if !errors.Is(err, store.ErrStale) && !center.Is(err, center.Duplicate) {
			return err
		}
	}
}
