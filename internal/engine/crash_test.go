package engine

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// crashChild names the database and the accounts of a process that is to be killed.
const crashChild = "PARLEY_TEST_CRASH_CHILD"

// TestCrashMoves kills a process that moves amounts between accounts, and looks for what it has acknowledged: on both sides
// of each move, and the sum.
func TestCrashMoves(t *testing.T) {
	kills, err := strconv.Atoi(cmp.Or(os.Getenv("PARLEY_TEST_CRASH"), "3"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sqlite", func(t *testing.T) { crashMoves(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), kills) })
	t.Run("postgres", func(t *testing.T) { crashMoves(t, postgresURL(t), kills) })
}

func crashMoves(t *testing.T, database string, kills int) {
	const accounts, amount = 4, 100
	s, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger(s, false)
	var all []name
	child := database
	for i := range accounts {
		n := name{[]center.StreamKind{purse, till}[i%2], ""}
		n.id = l.begin(t, n.kind, amount)
		all = append(all, n)
		child += " " + string(n.kind) + ":" + string(n.id)
	}
	equal(t, "close", s.Close(), nil)

	var acked [][]string // ids of the items of each move
	for range kills {
		acked = append(acked, crashOnce(t, child)...)
	}

	s = openStore(t, database)
	sum := 0
	there := map[string]bool{}
	for _, n := range all {
		got, _ := audit(t, s, n.id)
		sum += got
		items, err := s.ItemsAfter(t.Context(), n.id, 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			there[string(it.ID)] = true
		}
	}
	equal(t, "sum", sum, accounts*amount)
	for _, move := range acked {
		for _, id := range move {
			if !there[id] {
				t.Errorf("item %s of an acknowledged move is missing", id)
			}
		}
	}
	if len(acked) <= kills { // each child is killed after it has acknowledged one
		t.Errorf("%d moves were acknowledged in all, of %d children", len(acked), kills)
	}
	t.Logf("%d kills, %d moves acknowledged, %d items", kills, len(acked), len(there))
}

// crashOnce runs a child, kills it after a while, and returns what it acknowledged.
func crashOnce(t *testing.T, child string) (acked [][]string) {
	t.Helper()
	cmd := exec.CommandContext(within(t), os.Args[0], "-test.run=^TestMovesUntilKilled$")
	cmd.Env = append(os.Environ(), crashChild+"="+child)
	var fault strings.Builder
	cmd.Stderr = &fault
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	end := sync.OnceValue(func() error {
		_ = cmd.Process.Kill() // it may have ended
		return cmd.Wait()
	})
	defer func() { _ = end() }()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the child has acknowledged nothing: %v, %v\n%s%s", err, end(), first, fault.String())
	}
	kill := time.AfterFunc(rand.N(300*time.Millisecond), func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	for line := first; ; {
		if ids := strings.Fields(line); len(ids) == 2 {
			acked = append(acked, ids)
		} else {
			t.Errorf("the child has said %q", line)
		}
		if line, err = lines.ReadString('\n'); err == io.EOF {
			break // what it was about to say when it was killed may be there in part
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := end(); cmd.ProcessState.Exited() {
		t.Errorf("the child has ended by itself: %v\n%s", err, fault.String())
	}
	return acked
}

// TestMovesUntilKilled is the child.
func TestMovesUntilKilled(t *testing.T) {
	of := strings.Fields(os.Getenv(crashChild))
	if len(of) == 0 {
		t.Skip("it is run by TestCrashMoves")
	}
	var all []name
	for _, text := range of[1:] {
		kind, id, _ := strings.Cut(text, ":")
		all = append(all, name{center.StreamKind(kind), center.StreamID(id)})
	}
	s, err := store.Open(context.Background(), of[0], store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger(s, true)
	for range 8 {
		go func() {
			for {
				two := slices.Clone(all)
				rand.Shuffle(len(two), func(i, j int) { two[i], two[j] = two[j], two[i] })
				two = two[:2]
				var items [2]center.ItemID
				err := l.Change(context.Background(), func(tx *Tx) error {
					p, err := pages(tx, two...)
					if err != nil {
						return err
					}
					n := rand.IntN(10)
					p[0].add(-n)
					p[1].add(n)
					items = [2]center.ItemID{p[0].change.Items[0].ID, p[1].change.Items[0].ID}
					return nil
				}, two[0].id)
				if center.Is(err, center.Unavailable) {
					continue // a lock was waited for too long, as one that the child before held when it was killed
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(3)
				}
				fmt.Fprintln(os.Stdout, items[0], items[1])
			}
		}()
	}
	select {}
}
