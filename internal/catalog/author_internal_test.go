package catalog

import "testing"

// The audit log has no ClientTokens, of whichever kind, and no rows that keep books of phone numbers.
func TestShown(t *testing.T) {
	for _, kind := range []string{Functions.kind.rows, Bots.kind.rows, LexBots.kind.rows, ApprovedOrigins.kind.rows} {
		body, ok := shown(kind, []byte(`{"arn":"x","clientToken":"secret","modified":"now"}`))
		if !ok || string(body) != `{"arn":"x"}` {
			t.Errorf("of a %s it has %s, %v", kind, body, ok)
		}
	}
	for _, kind := range []string{claimedNumbers.rows, tokenRows(Queues.rows), "flow" + contentRows} {
		if _, ok := shown(kind, []byte(`{}`)); ok {
			t.Errorf("it has rows of the kind %s", kind)
		}
	}
}
