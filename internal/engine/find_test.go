package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// What a decision looks up is looked up while it holds no turn, once, and the decision is taken again with it.
func TestFindHoldsNoTurn(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a := name{purse, l.begin(t, purse, 5)}
	ctx := within(t)
	finds, tries := 0, 0
	err := l.Change(ctx, func(tx *Tx) error {
		tries++
		p, err := pages(tx, a)
		if err != nil {
			return err
		}
		n, err := Find(tx, "n", func(ctx context.Context) (int, error) {
			finds++
			return 10, l.Change(ctx, func(tx *Tx) error { // another decision about the same stream
				p, err := pages(tx, a)
				if err == nil {
					p[0].add(1)
				}
				return err
			}, a.id)
		})
		if err != nil {
			return err
		}
		again, err := Find(tx, "n", func(context.Context) (int, error) {
			finds++
			return 0, nil
		})
		if err != nil {
			return err
		}
		p[0].add(n + again)
		return nil
	}, a.id)
	equal(t, "error", err, nil)
	equal(t, "finds", finds, 1)
	equal(t, "tries", tries, 2)
	amount, _ := audit(t, l.store, a.id)
	equal(t, "amount", amount, 5+1+20)
}

// What was found before a conflict is found anew after it.
func TestFindIsForgottenAfterAConflict(t *testing.T) {
	s := openStore(t, "sqlite::memory:")
	one, two := newLedger(s, true), newLedger(s, true)
	a := name{purse, one.begin(t, purse, 5)}
	finds := 0
	err := one.Change(within(t), func(tx *Tx) error {
		p, err := pages(tx, a)
		if err != nil {
			return err
		}
		n, err := Find(tx, "n", func(context.Context) (int, error) {
			finds++
			return finds, nil
		})
		if err != nil {
			return err
		}
		p[0].add(n)
		if finds == 1 { // another node is faster
			return two.Change(tx.Context(), func(tx *Tx) error {
				p, err := pages(tx, a)
				if err == nil {
					p[0].add(100)
				}
				return err
			}, a.id)
		}
		return nil
	}, a.id)
	equal(t, "error", err, nil)
	equal(t, "finds", finds, 2)
	amount, _ := audit(t, s, a.id)
	equal(t, "amount", amount, 5+100+2)
}

// An error of a look-up is the decision's to judge.
func TestErrorsOfFindReachTheDecision(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a := name{purse, l.begin(t, purse, 5)}
	broken := errors.New("broken")
	finds := 0
	change := func(forgive bool) error {
		return l.Change(within(t), func(tx *Tx) error {
			p, err := pages(tx, a)
			if err != nil {
				return err
			}
			_, err = Find(tx, "n", func(context.Context) (int, error) {
				finds++
				return 0, broken
			})
			if err == broken && forgive {
				p[0].add(1)
				return nil
			}
			return err
		}, a.id)
	}
	equal(t, "error", change(false), broken)
	equal(t, "forgiven error", change(true), nil)
	equal(t, "finds", finds, 2)
	amount, _ := audit(t, l.store, a.id)
	equal(t, "amount", amount, 6)

	ctx, cancel := context.WithCancel(t.Context())
	err := l.Change(ctx, func(tx *Tx) error {
		_, err := Find(tx, "n", func(context.Context) (int, error) {
			cancel()
			return 0, broken
		})
		return err
	})
	equal(t, "error when the caller has gone", err, context.Canceled)
}

// A decision that swallows what Find and Join return is taken again all the same, and what it has decided without is not
// kept.
func TestSwallowedErrorsAreNoDecision(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a, b := name{purse, l.begin(t, purse, 5)}, name{till, l.begin(t, till, 5)}
	tries := 0
	equal(t, "error", l.Change(within(t), func(tx *Tx) error {
		tries++
		p, err := pages(tx, a)
		if err != nil {
			return err
		}
		p[0].add(1)
		_, _ = in(tx, b.kind, b.id)
		_, _ = Find(tx, "n", func(context.Context) (int, error) { return 1, nil })
		return nil
	}, a.id), nil)
	equal(t, "tries", tries, 2)
	amount, _ := audit(t, l.store, a.id)
	equal(t, "amount", amount, 6)
}

// A decision that asks for ever new things is refused.
func TestFindIsBounded(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a := name{purse, l.begin(t, purse, 5)}
	finds := 0
	err := l.Change(within(t), func(tx *Tx) error {
		if _, err := pages(tx, a); err != nil {
			return err
		}
		_, err := Find(tx, fmt.Sprint(finds), func(context.Context) (int, error) {
			finds++
			return 0, nil
		})
		return err
	}, a.id)
	if !center.Is(err, center.Internal) {
		t.Errorf("error: %v", err)
	}
	equal(t, "finds", finds, maxReads)
}
