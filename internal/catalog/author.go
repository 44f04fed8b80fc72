package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/store"
)

// Author says who asks for a change of the configuration, for the audit log.
type Author = store.Author

// By notes in a context who asks for the changes that are made with it.
func By(ctx context.Context, a Author) context.Context { return store.By(ctx, a) }

// maxShown is how many bytes of a record the audit log has; of a longer one it has the length and the hash.
const maxShown = 16 << 10

// shown is what the audit log has of a row: the record without the time of its last change, which the entry has, and without
// the ClientToken that made it. Rows that remember ClientTokens, rows that say which instance a phone number is claimed to, shortcuts,
// which their quick responses have, and contents, which records name by their hash, are no configuration by themselves.
func shown(kind string, body []byte) ([]byte, bool) {
	switch {
	case strings.HasSuffix(kind, tokenRows("")) || strings.HasSuffix(kind, contentRows) || kind == claimedNumbers.rows || kind == shortcutRows:
		return nil, false
	case slices.Contains(secret, kind) || body == nil:
		return nil, true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) == nil {
		delete(members, "modified")
		delete(members, "clientToken")
		for _, name := range private[kind] {
			delete(members, name)
		}
		if sorted, err := json.Marshal(members); err == nil {
			body = sorted
		}
	}
	if len(body) > maxShown {
		return fmt.Appendf(nil, `{"bytes":%d,"sha256":"%x"}`, len(body), sha256.Sum256(body)), true
	}
	return body, true
}

// contentRows ends what rows of contents are called.
const contentRows = "-content"

// secret are the kinds of which the audit log says that they changed, and nothing more.
var secret = []string{userPasswords.rows, userCodes.rows, widgetKeys.rows}

// private are the members that the audit log leaves out of records of a kind, as all logs do.
var private = map[string][]string{blockedCustomers.rows: {"customerId"}}

// Changed names the members of a record that differ before and after a change.
func Changed(before, after []byte) (names []string) {
	var was, is map[string]json.RawMessage
	if json.Unmarshal(before, &was) != nil || json.Unmarshal(after, &is) != nil {
		return nil
	}
	for name, value := range is {
		if !bytes.Equal(value, was[name]) {
			names = append(names, name)
		}
	}
	for name := range was {
		if _, ok := is[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
