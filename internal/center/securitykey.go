package center

import "time"

// SecurityKeyID names a security key.
type SecurityKeyID string

// SecurityKey is a public key that an instance has: what customers enter may be encrypted with it.
type SecurityKey struct {
	ID      SecurityKeyID `json:"id"`
	PEM     string        `json:"pem"`    // as it was given
	Digest  string        `json:"digest"` // of the key itself, however it was written
	Created time.Time     `json:"created"`
}

// Key is the key's id, and what no other key of the instance has.
func (k *SecurityKey) Key() (id, name string) { return string(k.ID), k.Digest }

// Stamp gives a new key its id and time.
func (k *SecurityKey) Stamp(newID func() string, now time.Time) {
	if k.ID == "" {
		k.ID, k.Created = SecurityKeyID(newID()), now
	}
}
