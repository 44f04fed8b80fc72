package view

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Content is a view without its name: ViewContent of the API model. Template
// and InputSchema are JSON texts, which clients parse.
type Content struct {
	Template    string   `json:"template"`
	InputSchema string   `json:"inputSchema"`
	Actions     []string `json:"actions"`
}

// SHA256 names the content. What exactly Amazon Connect hashes for
// ViewContentSha256 is not documented: here it is what the caller gave, the
// template and the actions.
func (c Content) SHA256() string {
	raw, err := json.Marshal(struct {
		Actions  []string
		Template string
	}{c.Actions, c.Template})
	if err != nil {
		panic(err) // strings
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
