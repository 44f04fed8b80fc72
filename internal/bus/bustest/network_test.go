package bustest_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/bus/bustest"
	"github.com/parley-chat/parley/internal/center"
)

func TestTheNetworkIsBadToOthersOnly(t *testing.T) {
	hear := func(t *testing.T) (own, other []int64) {
		var mu sync.Mutex
		network := bustest.New(7, bustest.Faults{Drop: .2, Double: .2, Delay: .5, MaxDelay: time.Second})
		a, b := network.Node(), network.Node()
		defer a.Listen("one", func(items []center.Item) { own = append(own, items[0].Seq) })()
		defer b.Listen("one", func(items []center.Item) {
			mu.Lock() // the delayed come from goroutines of their own
			defer mu.Unlock()
			other = append(other, items[0].Seq)
		})()
		for i := range int64(200) {
			a.Publish("one", []center.Item{{Seq: i}})
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if dropped, doubled, delayed := network.Faults(); dropped == 0 || doubled == 0 || delayed == 0 {
			t.Errorf("dropped %d, doubled %d, delayed %d", dropped, doubled, delayed)
		}
		a.Publish("one", []center.Item{{Seq: 200}})
		network.Close()
		return own, other
	}
	synctest.Test(t, func(t *testing.T) {
		own, other := hear(t)
		if len(own) != 201 || !slices.IsSorted(own) {
			t.Errorf("the publisher's own node heard %v", own)
		}
		distinct := slices.Compact(slices.Sorted(slices.Values(other)))
		if slices.IsSorted(other) || len(distinct) == len(other) || len(distinct) >= 200 {
			t.Errorf("the other node heard %v", other)
		}
		if _, again := hear(t); !slices.Equal(other, again) {
			t.Error("the same seed made other faults")
		}
	})
}
