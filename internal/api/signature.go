package api

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/parley-chat/parley/internal/sigv4"
)

// signed says whether a request claims a signature of AWS's in its Authorization header.
func signed(h http.Header) bool {
	values := h["Authorization"]
	return len(values) > 0 && strings.HasPrefix(values[0], "AWS4-HMAC-SHA256")
}

// verifySignature finds out whether a request is signed with an access key of this server, for this service and
// region, now, and over this body.
func (a *API) verifySignature(r *http.Request, body []byte) *failure {
	if a.AnyCredentials {
		return nil
	}
	claim, err := sigv4.Parse(sigv4.Request{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header})
	if err != nil {
		return unsigned(err)
	}
	secret, err := a.secret(r.Context(), claim)
	if err != nil {
		return unsigned(err)
	}
	key, known := a.signers.find(claim.AccessKeyID, claim.Day, secret)
	if !known {
		key = sigv4.DeriveKey(secret, claim.Day, a.Partition.Region, connectService)
	}
	if err := claim.Verify(body, key, a.Now()); err != nil {
		return unsigned(err)
	}
	if !known {
		a.signers.keep(claim.AccessKeyID, claim.Day, secret, key)
	}
	return nil
}

// secret is what the claim must have been signed with. Temporary credentials are not made here, so a security token
// is never good.
func (a *API) secret(ctx context.Context, claim sigv4.Claim) (string, error) {
	if claim.SecurityToken != "" {
		return "", sigv4.UnrecognizedClient()
	}
	secret, ok, err := a.Keys.Secret(ctx, claim.AccessKeyID)
	if err == nil && !ok {
		err = sigv4.UnrecognizedClient()
	}
	return secret, err
}

// signers keep the signing keys of the access keys in use. The zero value is ready. A key is looked up together with
// the secret it was made from, so that one that was revoked or replaced is of no use.
type signers struct {
	mu   sync.RWMutex
	keys map[string]signer // by access key
}

type signer struct {
	day, secret string
	key         sigv4.SigningKey
}

// maxSigners is how many access keys are kept; beyond that all are made again.
const maxSigners = 1024

func (s *signers) find(accessKeyID, day, secret string) (sigv4.SigningKey, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, ok := s.keys[accessKeyID]
	return k.key, ok && k.day == day && k.secret == secret
}

// keep takes a key that has verified a request: strangers choose the day.
func (s *signers) keep(accessKeyID, day, secret string, key sigv4.SigningKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil || len(s.keys) >= maxSigners {
		s.keys = map[string]signer{}
	}
	s.keys[accessKeyID] = signer{day, secret, key}
}
