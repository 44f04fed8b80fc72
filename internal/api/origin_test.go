package api

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// However many ask, the store is asked at most once a second, and what it said is not believed for two.
func TestFreshReadsOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFresh[int]()
		var reads atomic.Int64
		slow := time.Duration(0)
		read := func(context.Context) (int, error) {
			n := reads.Add(1)
			time.Sleep(slow)
			return int(n), nil
		}
		ask := func() int {
			n, err := f.get(t.Context(), time.Now, read)
			if err != nil {
				t.Error(err)
			}
			return n
		}
		everybody := func(want int) {
			t.Helper()
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if n := ask(); n != want {
						t.Errorf("somebody got what was read %d. of all, want the %d.", n, want)
					}
				})
			}
			wg.Wait()
		}
		slow = time.Millisecond
		everybody(1) // all wait for the first
		time.Sleep(originsFresh - 2*time.Millisecond)
		everybody(1)
		time.Sleep(2 * time.Millisecond)
		var wg sync.WaitGroup
		wg.Go(func() {
			if n := ask(); n != 2 {
				t.Errorf("who found it old got the %d.", n)
			}
		})
		synctest.Wait() // they read
		everybody(1)    // nobody waits for them
		wg.Wait()
		time.Sleep(2 * originsFresh)
		everybody(3) // too old for everybody: all wait
		if n := reads.Load(); n != 3 {
			t.Errorf("the store was asked %d times, want 3", n)
		}
	})
}

// A store that does not answer holds nobody whose request has ended, and what it refuses is asked again.
func TestFreshWithoutAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFresh[int]()
		ended, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		hang := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := f.get(ended, time.Now, hang); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if n, err := f.get(t.Context(), time.Now, func(context.Context) (int, error) { return 7, nil }); n != 7 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

// A change on this node is seen at once, even by who asks while an older answer is being read.
func TestForgottenOriginsAreReadAgain(t *testing.T) {
	var o origins
	old := o.list("a")
	o.forget("a")
	if new := o.list("a"); new == old || o.list("a") != new {
		t.Error("what was forgotten is still there, or is not kept")
	}
	for i := range maxOrigins + 1 {
		o.list(center.InstanceID(strconv.Itoa(i)))
	}
	if n := len(o.of); n > maxOrigins {
		t.Errorf("%d lists are kept", n)
	}
}
