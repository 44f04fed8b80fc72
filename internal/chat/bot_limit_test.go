package chat

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// silent is a bot that never answers.
type silent struct{}

func (silent) Trusts(string) bool { return true }

func (silent) RecognizeText(ctx context.Context, _, _, _ string, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A bot has a minute, and without message streaming ten seconds. What an older version has asked keeps its own limit.
func TestHowLongABotHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const at = center.InstanceID("11111111-1111-4111-8111-111111111111")
		db, err := store.Open(t.Context(), "sqlite::memory:", store.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		c := catalog.New(catalog.Config{Store: db, Now: time.Now, Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}})
		if _, err := c.CreateInstance(t.Context(), center.Instance{ID: at, Alias: "a", IdentityManagementType: center.IdentityManaged}, ""); err != nil {
			t.Fatal(err)
		}
		fs := &flows{catalog: c, bots: silent{}}
		for _, ask := range []struct {
			streaming     string
			within, waits time.Duration
		}{
			{"true", streamingBotLimit, time.Minute}, {"false", streamingBotLimit, 10 * time.Second}, {"false", 6 * time.Second, 6 * time.Second},
		} {
			if err := c.SetInstanceAttribute(t.Context(), at, center.MessageStreaming, ask.streaming); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			answer, err := fs.ask(t.Context(), at, &outsideCall{Kind: kindBot, To: "bot", Within: ask.within})
			if waited := time.Since(began); err != nil || waited != ask.waits || !strings.Contains(answer.Why, ask.waits.String()) {
				t.Errorf("with MESSAGE_STREAMING %s a question has waited %v: %+v, %v", ask.streaming, waited, answer, err)
			}
		}
	})
}
