package server

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Whoever leaves with the instance waits for whoever changes it, and is told when that failed.
func TestLeaveWaitsForFurnish(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
	}{{"which succeeds", nil}, {"which fails", errors.New("cut in the middle")}} {
		t.Run(test.name, func(t *testing.T) {
			var calls, under atomic.Int64
			begun, finish := make(chan struct{}), make(chan struct{})
			left := make(chan bool, 1)
			s := development(t, func(cfg *Config) {
				cfg.Furnish = func(context.Context, http.Handler) (any, error) {
					if calls.Add(1) == 1 {
						return "the first", nil
					}
					under.Add(1)
					defer under.Add(-1)
					close(begun)
					<-finish
					return "the second", test.err
				}
				cfg.Leave = func(_ context.Context, _ http.Handler, whole bool) error {
					if under.Load() != 0 {
						t.Error("it leaves while the instance is changed")
					}
					left <- whole
					return nil
				}
			})
			n := run(t, s)
			furnished := make(chan error, 1)
			go func() { furnished <- s.Furnish(context.Background()) }()
			<-begun
			n.stop()
			for !s.shut.Load() {
				time.Sleep(time.Millisecond)
			}
			close(finish)
			if err := <-furnished; !errors.Is(err, test.err) {
				t.Errorf("Furnish returned %v", err)
			}
			if err := n.await(); err != nil {
				t.Errorf("Run returned %v", err)
			}
			if whole := <-left; whole != (test.err == nil) {
				t.Errorf("whole is %v", whole)
			}
		})
	}
}

// A second signal does not keep an instance from being saved, and a third one does.
func TestAThirdSignalEndsLeave(t *testing.T) {
	begun := make(chan struct{})
	s := development(t, func(cfg *Config) {
		cfg.Leave = func(ctx context.Context, _ http.Handler, _ bool) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		}
	})
	n := run(t, s)
	n.stop()
	n.again <- syscall.SIGTERM
	<-begun
	n.again <- syscall.SIGTERM
	if err := n.await(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
}
