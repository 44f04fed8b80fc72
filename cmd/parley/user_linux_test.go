package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// At a terminal a password is asked for and not shown.
func TestPasswordsAreNotShown(t *testing.T) {
	t.Parallel()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	defer user.Close() //nolint:errcheck // of a test
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close() //nolint:errcheck // of a test
	told, telling := io.Pipe()
	var got string
	over := make(chan error, 1)
	go func() {
		var err error
		got, err = readPassword(terminal, bufio.NewReader(terminal), telling)
		_ = telling.Close() // returns nil
		over <- err
	}()
	prompt := make([]byte, 100)
	size, err := told.Read(prompt)
	if err != nil || string(prompt[:size]) != "Password: " {
		t.Fatalf("it says %q, %v", prompt[:size], err)
	}
	if _, err := io.WriteString(user, "Known-to-me-1\n"); err != nil {
		t.Fatal(err)
	}
	after, _ := io.ReadAll(told)
	if err := <-over; err != nil || got != "Known-to-me-1" || string(after) != "\n" {
		t.Errorf("read %q and said %q, %v", got, after, err)
	}
	if _, err := io.WriteString(user, "shown again\n"); err != nil {
		t.Fatal(err)
	}
	if shown, err := bufio.NewReader(user).ReadString('\n'); err != nil || strings.TrimSpace(shown) != "shown again" {
		t.Errorf("the terminal shows %q, %v", shown, err)
	}
}
