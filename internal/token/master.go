package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MasterKey seals the secrets that lie in a store: token keys and the secrets
// of access keys. It is derived from what the operator sets as PARLEY_SECRET,
// and is itself never stored.
type MasterKey struct {
	aead cipher.AEAD
}

// minSecret is a floor and no promise: the derivation is fast, so a secret
// should be random, such as the output of "openssl rand -base64 32".
const minSecret = 16

// sealedFormat is the first byte of whatever a MasterKey seals.
const sealedFormat = 1

// ErrMasterKey is what sealed bytes get that this MasterKey did not seal for
// this purpose, or that were changed since.
var ErrMasterKey = errors.New("PARLEY_SECRET does not open the keys in this store")

// NewMasterKey derives the key from the operator's secret.
func NewMasterKey(secret string) (MasterKey, error) {
	if n := utf8.RuneCountInString(secret); n < minSecret {
		return MasterKey{}, fmt.Errorf("PARLEY_SECRET must have at least %d characters, and has %d", minSecret, n)
	}
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "parley: keys in the store", 32)
	if err != nil {
		return MasterKey{}, fmt.Errorf("derive the master key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return MasterKey{}, fmt.Errorf("derive the master key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return MasterKey{}, fmt.Errorf("derive the master key: %w", err)
	}
	return MasterKey{aead}, nil
}

// Seal encrypts plaintext for a purpose, such as "token key k7": sealed bytes
// that are moved to another row do not open there.
func (m MasterKey) Seal(plaintext []byte, purpose string) []byte {
	return m.aead.Seal([]byte{sealedFormat}, nil, plaintext, []byte(purpose))
}

// Open returns what Seal was given for the same purpose.
func (m MasterKey) Open(sealed []byte, purpose string) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != sealedFormat {
		return nil, errors.New("open a sealed secret: its format is unknown")
	}
	plaintext, err := m.aead.Open(nil, nil, sealed[1:], []byte(purpose))
	if err != nil {
		return nil, ErrMasterKey
	}
	return plaintext, nil
}
