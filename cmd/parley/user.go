package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"github.com/parley-chat/parley/internal/server"
)

type userCmd struct {
	Password passwordCmd `cmd:"" help:"Give a user another password, which is read from standard input; a terminal does not show it. The user's sessions end."`
}

type passwordCmd struct {
	storeFlags
	Instance string `short:"i" placeholder:"NAME" help:"Alias or id; not needed where there is one instance."`
	Name     string `arg:"" help:"User name."`
}

// maxPasswordLine is how many bytes are read at most: more than a password may have.
const maxPasswordLine = 1024

func (c *passwordCmd) Run() error {
	password, err := readPassword(os.Stdin, bufio.NewReader(io.LimitReader(os.Stdin, maxPasswordLine)), os.Stderr)
	if err != nil {
		return err
	}
	if password == "" {
		return errors.New("the password is read from standard input, which has none")
	}
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		return a.SetPassword(ctx, c.Instance, c.Name, password)
	})
}

// readPassword reads a line of an input. Where that is a terminal, it is asked for on w, and not shown; SIGINT ends the program.
func readPassword(input *os.File, lines *bufio.Reader, w io.Writer) (string, error) {
	if isatty.IsTerminal(input.Fd()) {
		return askPassword(input, w)
	}
	line, err := lines.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func askPassword(terminal *os.File, w io.Writer) (string, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the terminal's state: %w", err)
	}
	stop, read := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	defer func() { signal.Stop(stop); close(read) }()
	go func() {
		select {
		case <-stop:
			_ = term.Restore(fd, before) // the terminal may be gone
			_, _ = fmt.Fprintln(w)
			os.Exit(130)
		case <-read:
		}
	}()
	_, _ = fmt.Fprint(w, "Password: ") // there is nowhere else to say it
	password, err := term.ReadPassword(fd)
	_, _ = fmt.Fprintln(w)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(password), nil
}
