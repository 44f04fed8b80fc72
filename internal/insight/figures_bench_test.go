package insight

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// BenchmarkFigures asks for figures of 100,000 contacts in four days, with some 100,000 offers and runs of flows.
func BenchmarkFigures(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkFigures(b, "sqlite:"+filepath.Join(b.TempDir(), "parley.db")) })
	b.Run("postgres", func(b *testing.B) { benchmarkFigures(b, storetest.Postgres(b)) })
}

func benchmarkFigures(b *testing.B, at string) {
	s, err := store.Open(b.Context(), at, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewPCG(1, 2))
	p := randomPast(r, 100_000, noon)
	db := database(b, at)
	p.put(b, db)
	if _, err := db.Exec("ANALYZE"); err != nil {
		b.Fatal(err)
	}
	f := NewFigures(s, func() time.Time { return noon })
	queues, agents := FigureFilter{Key: "QUEUE", Values: p.some(r, "QUEUE")}, FigureFilter{Key: "AGENT", Values: p.some(r, "AGENT")}
	for name, q := range map[string]FiguresRequest{
		"day":              {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{queues}, Groupings: []string{"QUEUE"}, Metrics: asked("CONTACTS_QUEUED", "CONTACTS_HANDLED", "CONTACTS_ABANDONED", "AVG_HANDLE_TIME")},
		"all":              {From: noon.Add(-96 * time.Hour), Filters: []FigureFilter{queues}, Groupings: []string{"QUEUE"}, Metrics: asked("CONTACTS_QUEUED", "CONTACTS_HANDLED", "CONTACTS_ABANDONED", "AVG_HANDLE_TIME")},
		"quarters":         {From: noon.Add(-71 * time.Hour), Period: "FIFTEEN_MIN", Filters: []FigureFilter{queues}, Groupings: []string{"QUEUE"}, Metrics: asked("CONTACTS_QUEUED", "AVG_QUEUE_ANSWER_TIME")},
		"messages":         {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{queues}, Metrics: asked("AVG_MESSAGES", "AVG_RESPONSE_TIME_AGENT", "CONVERSATIONS_ABANDONED")},
		"agents":           {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{agents}, Groupings: []string{"AGENT"}, Metrics: asked("AGENT_OCCUPANCY", "SUM_IDLE_TIME_AGENT", "SUM_ERROR_STATUS_TIME_AGENT")},
		"agents' quarters": {From: noon.Add(-71 * time.Hour), Period: "FIFTEEN_MIN", Filters: []FigureFilter{agents}, Groupings: []string{"AGENT"}, Metrics: asked("AGENT_OCCUPANCY")},
		"concurrency":      {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{agents}, Groupings: []string{"AGENT"}, Metrics: asked("AVG_AGENT_CONCURRENCY")},
		"offers":           {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{agents}, Metrics: asked("AGENT_ANSWER_RATE", "AGENT_NON_RESPONSE")},
		"flows":            {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{queues}, Metrics: asked("FLOWS_STARTED", "AVG_FLOW_TIME")},
	} {
		q.Instance, q.To = instance, noon
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Ask(b.Context(), &q, 100, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func asked(names ...string) (all []AskedMetric) {
	for _, n := range names {
		all = append(all, AskedMetric{Name: n})
	}
	return all
}
