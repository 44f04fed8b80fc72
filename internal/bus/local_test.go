package bus_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/center"
)

func TestPublishReachesTheListenersOfItsChatInOrder(t *testing.T) {
	b := bus.NewLocal()
	var heard strings.Builder
	listen := func(name string, chat center.StreamID) func() {
		return b.Listen(chat, func(items []center.Item) {
			for _, it := range items {
				fmt.Fprintf(&heard, "%s%d ", name, it.Seq)
			}
		})
	}
	stopA := listen("a", "one")
	stopB := listen("b", "one")
	stopC := listen("c", "two")

	b.Publish("one", []center.Item{{Seq: 1}, {Seq: 2}})
	b.Publish("two", []center.Item{{Seq: 1}})
	b.Publish("three", []center.Item{{Seq: 1}})
	stopA()
	stopA()
	b.Publish("one", []center.Item{{Seq: 3}})
	stopB()
	stopC()
	b.Publish("one", []center.Item{{Seq: 4}})
	b.Publish("two", []center.Item{{Seq: 2}})

	if got, want := heard.String(), "a1 a2 b1 b2 c1 b3 "; got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func TestAListenerMayPublishListenAndStop(t *testing.T) {
	b := bus.NewLocal()
	var got []int64
	var stop func()
	stop = b.Listen("one", func(items []center.Item) {
		got = append(got, items[0].Seq)
		stop()
		b.Listen("one", func(items []center.Item) { got = append(got, items[0].Seq) })
		b.Publish("one", []center.Item{{Seq: 2}})
	})
	b.Publish("one", []center.Item{{Seq: 1}})
	if fmt.Sprint(got) != "[1 2]" {
		t.Errorf("heard %v", got)
	}
}

func TestChatsDoNotWaitForEachOther(t *testing.T) {
	b := bus.NewLocal()
	entered, leave := make(chan bool), make(chan bool)
	defer b.Listen("slow", func([]center.Item) { entered <- true; <-leave })()
	var publisher sync.WaitGroup
	publisher.Go(func() { b.Publish("slow", nil) })
	<-entered
	// Every shard, the slow chat's own included, goes on working.
	for i := range 1000 {
		heard := false
		chat := center.StreamID(fmt.Sprint(i))
		stop := b.Listen(chat, func([]center.Item) { heard = true })
		b.Publish(chat, nil)
		stop()
		if !heard {
			t.Fatal("not delivered")
		}
	}
	close(leave)
	publisher.Wait()
}

func BenchmarkPublish(b *testing.B) {
	local := bus.NewLocal()
	defer local.Listen("one", func([]center.Item) {})()
	items := make([]center.Item, 1)
	b.ReportAllocs()
	for b.Loop() {
		local.Publish("one", items)
	}
}
