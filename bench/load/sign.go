package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// region is where the servers under load say they are.
const region = "us-east-1"

var signer = v4.NewSigner()

// Sign returns the header lines that sign a request with the server's access key.
func (s *Server) Sign(method, path string, body []byte, now time.Time) ([]string, error) {
	r, err := http.NewRequest(method, "http://"+s.Address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	hash := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: s.keyID, SecretAccessKey: s.secret}
	if err := signer.SignHTTP(context.Background(), key, r, hex.EncodeToString(hash[:]), "connect", region, now); err != nil {
		return nil, err
	}
	return []string{"Authorization: " + r.Header.Get("Authorization"), "X-Amz-Date: " + r.Header.Get("X-Amz-Date")}, nil
}
