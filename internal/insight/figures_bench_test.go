package insight

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// BenchmarkFigures asks for figures of 100,000 contacts and 1,000 agents in four days, with some 100,000 offers and runs of
// flows; and for figures of the present of 1,000 agents at work with 10,000 contacts that wait. "rows" is how many times a read of
// one contact's row takes as long, which is measured in the same run.
func BenchmarkFigures(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkFigures(b, "sqlite:"+filepath.Join(b.TempDir(), "parley.db")) })
	b.Run("postgres", func(b *testing.B) { benchmarkFigures(b, storetest.Postgres(b)) })
}

const baselineRows = 100

func benchmarkFigures(b *testing.B, at string) {
	s, err := store.Open(b.Context(), at, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewPCG(1, 2))
	contacts := 100_000
	if testing.Short() {
		contacts = 20_000
	}
	p := randomPast(r, contacts, noon)
	db := database(b, at)
	p.put(b, db)
	if _, err := db.Exec("ANALYZE"); err != nil {
		b.Fatal(err)
	}
	f := NewFigures(s, func() time.Time { return noon })
	queues, agents := FigureFilter{Key: "QUEUE", Values: p.some(r, "QUEUE")}, FigureFilter{Key: "ROUTING_PROFILE", Values: p.some(r, "ROUTING_PROFILE")}
	baseline := 0.0
	measured := func(name string, ask func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
			took := float64(b.Elapsed()) / float64(b.N)
			if baseline == 0 {
				baseline = took / baselineRows
			}
			b.ReportMetric(took/baseline, "rows")
		})
	}
	measured("baseline", func() error {
		for range baselineRows {
			if _, err := s.ContactRecord(b.Context(), center.ContactID(p.contacts[r.IntN(len(p.contacts))].id)); err != nil {
				return err
			}
		}
		return nil
	})
	for name, q := range map[string]FiguresRequest{
		"day":           {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{queues}, Groupings: []string{"QUEUE"}, Metrics: asked("CONTACTS_QUEUED", "CONTACTS_HANDLED", "CONTACTS_ABANDONED", "AVG_HANDLE_TIME")},
		"all":           {From: noon.Add(-96 * time.Hour), Filters: []FigureFilter{queues}, Groupings: []string{"QUEUE"}, Metrics: asked("CONTACTS_QUEUED", "CONTACTS_HANDLED", "CONTACTS_ABANDONED", "AVG_HANDLE_TIME")},
		"quarters":      {From: noon.Add(-71 * time.Hour), Period: "FIFTEEN_MIN", Filters: []FigureFilter{queues}, Groupings: []string{"QUEUE"}, Metrics: asked("CONTACTS_QUEUED", "AVG_QUEUE_ANSWER_TIME")},
		"messages":      {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{queues}, Metrics: asked("AVG_MESSAGES", "AVG_RESPONSE_TIME_AGENT", "CONVERSATIONS_ABANDONED")},
		"agents":        {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{agents}, Groupings: []string{"AGENT"}, Metrics: asked("AGENT_OCCUPANCY", "SUM_IDLE_TIME_AGENT", "SUM_ERROR_STATUS_TIME_AGENT")},
		"agents' hours": {From: noon.Add(-24 * time.Hour), Period: "HOUR", Filters: []FigureFilter{agents}, Groupings: []string{"AGENT"}, Metrics: asked("AGENT_OCCUPANCY")},
		"concurrency":   {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{agents}, Groupings: []string{"AGENT"}, Metrics: asked("AVG_AGENT_CONCURRENCY")},
		"offers":        {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{agents}, Metrics: asked("AGENT_ANSWER_RATE", "AGENT_NON_RESPONSE")},
		"flows":         {From: noon.Add(-24 * time.Hour), Filters: []FigureFilter{queues}, Metrics: asked("FLOWS_STARTED", "AVG_FLOW_TIME")},
	} {
		q.Instance, q.To = instance, noon
		measured(name, func() error { _, err := f.Ask(b.Context(), &q, 100, ""); return err })
	}

	w := randomWork(r, 1000, 10_000)
	w.put(b, s)
	now := NewPresent(s, directory{w.staff}, func() time.Time { return noon }, time.Now, func() string { return uuid(9, 1) })
	current := CurrentRequest{Instance: instance, Groupings: []string{"QUEUE", "CHANNEL"}, Metrics: slices.Sorted(maps.Keys(currentMetrics))}
	for i := range 4 {
		current.Queues = append(current.Queues, uuid(2, i))
	}
	measured("now", func() error { _, err := now.Current(b.Context(), &current, 100, ""); return err })
	measured("a flow's", func() error {
		_, err := now.OfQueue(b.Context(), instance, center.QueueID(uuid(2, 1)), "", "")
		return err
	})
	measured("users", func() error {
		_, _, err := now.Users(b.Context(), &UsersRequest{Instance: instance, Profiles: []string{uuid(4, 0)}}, "", 100)
		return err
	})
	measured("a place", func() error { _, err := now.Place(b.Context(), instance, w.waiting[5000].Contact); return err })
}

func asked(names ...string) (all []AskedMetric) {
	for _, n := range names {
		all = append(all, AskedMetric{Name: n})
	}
	return all
}
