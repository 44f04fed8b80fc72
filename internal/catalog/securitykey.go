package catalog

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// SecurityKeys are the public keys of an instance.
var SecurityKeys = &Kind[center.SecurityKey]{
	rows: "security-key", word: "SECURITY_KEY",
	key:   (*center.SecurityKey).Key,
	stamp: (*center.SecurityKey).Stamp,
	taken: "the key is associated with the instance already",
	limit: 2, plural: "security keys",
}

// ParseSecurityKey reads an RSA public key in PEM, in either of its usual forms. What else is in PEM is refused, and never
// repeated: it may be the private key.
func ParseSecurityKey(text string) (*center.SecurityKey, error) {
	refuse := func(why string) error {
		return center.Refuse(center.InvalidParameter, "Key must be one RSA public key in PEM format; got %d characters, %s", len([]rune(text)), why)
	}
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return nil, refuse("which are no PEM")
	case strings.TrimSpace(string(rest)) != "":
		return nil, refuse("with more behind the first block")
	}
	var public any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, refuse("which are a private key: keep it to yourself, and give the public one")
		}
		return nil, refuse("whose block is not labelled PUBLIC KEY or RSA PUBLIC KEY")
	}
	key, ok := public.(*rsa.PublicKey)
	switch {
	case err != nil:
		return nil, refuse("whose block holds no key")
	case !ok:
		return nil, refuse("which are a key of another algorithm")
	}
	return &center.SecurityKey{PEM: text, Digest: center.Digest(string(x509.MarshalPKCS1PublicKey(key)))}, nil
}
