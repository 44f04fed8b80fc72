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

// signature is what a request says about who has signed it, and the key that proves it.
type signature struct {
	service string // that it must be for
	claim   sigv4.Claim
	secret  string
	key     sigv4.SigningKey
	kept    bool // the key has verified a request before
	proven  bool // but for the hash of the body
}

// claim finds out whether a request names an access key of this server, for this service and region, now. Where it
// declares the hash of its body, it finds out too whether the key's holder has signed it.
func (a *API) claim(r *http.Request, s *signature) *failure {
	var err error
	if s.claim, err = sigv4.Parse(sigv4.Request{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header}); err != nil {
		return unsigned(err)
	}
	if s.secret, err = a.secret(r.Context(), s.claim); err != nil {
		return unsigned(err)
	}
	if s.key, s.kept = a.signers[s.service].find(s.claim.AccessKeyID, s.claim.Day, s.secret); !s.kept {
		s.key = sigv4.DeriveKey(s.secret, s.claim.Day, a.Partition.Region, s.service)
	}
	if s.proven, err = s.claim.VerifyHead(s.key, a.Now()); err != nil {
		return unsigned(err)
	}
	return nil
}

// prove finds out whether the request is signed by whom it says, over this body.
func (a *API) prove(s *signature, body []byte) *failure {
	var err error
	if s.proven {
		err = s.claim.VerifyBody(body)
	} else {
		err = s.claim.Verify(body, s.key, a.Now())
	}
	if err != nil {
		return unsigned(err)
	}
	if !s.kept {
		a.signers[s.service].keep(s.claim.AccessKeyID, s.claim.Day, s.secret, s.key)
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

// signers keep the signing keys of the access keys in use, for one service. The zero value is ready. A key is looked up together with
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
