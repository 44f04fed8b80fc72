package catalog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// signInSettings has one row in an instance at most.
var signInSettings = &Kind[center.SignInSettings]{
	rows: "sign-in-settings", word: "SIGN_IN_SETTINGS",
	key:   func(*center.SignInSettings) (id, name string) { return "settings", "" },
	stamp: func(s *center.SignInSettings, _ func() string, now time.Time) { s.Modified = now },
}

// SignInSettings are what an instance asks of those who sign in.
func (c *Catalog) SignInSettings(ctx context.Context, at center.InstanceID) (center.SignInSettings, error) {
	s, err := signInSettings.find(ctx, c, at, signInSettings.ID(nil))
	if center.Is(err, center.NotFound) {
		return center.SignInSettings{}, nil
	}
	if err != nil {
		return center.SignInSettings{}, err
	}
	return *s, nil
}

// RequireCodes says whether an instance asks for a one-time code beside the password.
func (c *Catalog) RequireCodes(ctx context.Context, at center.InstanceID, required bool) error {
	return signInSettings.upsert(ctx, c, at, &center.SignInSettings{CodeRequired: required}, func(s *center.SignInSettings) { s.CodeRequired = required })
}

// userCode is the secret of a user's one-time codes, sealed, and the last step of which a code was taken.
type userCode struct {
	User   center.UserID `json:"user"`
	Sealed []byte        `json:"sealed"`
	Last   int64         `json:"last"`
}

var userCodes = &Kind[userCode]{
	rows: "user-totp", word: "USER_TOTP",
	key:   func(u *userCode) (id, name string) { return string(u.User), "" },
	stamp: func(*userCode, func() string, time.Time) {},
	refs: func(u *userCode) []store.Ref {
		return []store.Ref{{Kind: "user", ID: string(u.User)}}
	},
}

func codePurpose(at center.InstanceID, user center.UserID) string {
	return "one-time codes of " + string(at) + " " + string(user)
}

const wrongCode = "the one-time code is wrong, was used before, or is too old"

// NewCodeSecret makes a secret for one-time codes.
func (c *Catalog) NewCodeSecret() []byte {
	secret := make([]byte, center.CodeSecretBytes)
	_, _ = rand.Read(secret) // it never fails
	return secret
}

// HasCodes says whether a user has one-time codes.
func (c *Catalog) HasCodes(ctx context.Context, at center.InstanceID, user center.UserID) (bool, error) {
	_, err := userCodes.find(ctx, c, at, string(user))
	if center.Is(err, center.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// EnrolCodes gives a user who has none one-time codes, of which the first is shown to be right. A wrong one is refused with
// AccessDenied, a user who has codes with InvalidState.
func (c *Catalog) EnrolCodes(ctx context.Context, at center.InstanceID, user center.UserID, secret []byte, code string, now time.Time) error {
	step, ok := center.CheckCode(secret, code, now, 0)
	if !ok {
		return center.Refuse(center.AccessDenied, wrongCode)
	}
	_, err := userCodes.Create(ctx, c, at, &userCode{User: user, Sealed: c.Sealer.Seal(secret, codePurpose(at, user)), Last: step}, ClientToken{})
	if center.Is(err, center.Duplicate) {
		return center.Refuse(center.InvalidState, "The user has one-time codes already. Sign in again")
	}
	return err
}

// UseCode takes a one-time code of a user. Each is taken once, on whatever node; any other is refused with AccessDenied.
func (c *Catalog) UseCode(ctx context.Context, at center.InstanceID, user center.UserID, code string, now time.Time) error {
	for {
		u, row, err := userCodes.read(ctx, c, at, string(user))
		if center.Is(err, center.NotFound) {
			return center.Refuse(center.InvalidState, "The user has no one-time codes any more. Sign in again")
		}
		if err != nil {
			return err
		}
		secret, err := c.Sealer.Open(u.Sealed, codePurpose(at, user))
		if err != nil {
			return c.Store.Damaged("resource", fmt.Errorf("%s %s: %w", userCodes.rows, user, err))
		}
		step, ok := center.CheckCode(secret, code, now, u.Last)
		if !ok {
			return center.Refuse(center.AccessDenied, wrongCode)
		}
		u.Last = step
		next, err := userCodes.put(at, u)
		if err != nil {
			return err
		}
		next.Version, next.Modified = row.Version, c.Now()
		// Not for the audit log: the session that begins is.
		err = c.Store.CommitResources(ctx, store.ResourceCommit{Replace: []store.Resource{next}})
		if !errors.Is(err, store.ErrStale) {
			return err
		}
	}
}

// ResetCodes takes a user's one-time codes away: where they are required, the user enrols anew with the next sign-in.
func (c *Catalog) ResetCodes(ctx context.Context, at center.InstanceID, user string) error {
	return userCodes.Delete(ctx, c, at, user)
}
