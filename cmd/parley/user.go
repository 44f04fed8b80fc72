package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parley-chat/parley/internal/server"
)

type userCmd struct {
	Password passwordCmd `cmd:"" help:"Give a user another password, which is read from standard input. The user's sessions end."`
}

type passwordCmd struct {
	storeFlags
	Instance string `short:"i" placeholder:"NAME" help:"Alias or id; not needed where there is one instance."`
	Name     string `arg:"" help:"User name."`
}

// maxPasswordLine is how many bytes are read at most: more than a password may have.
const maxPasswordLine = 1024

func (c *passwordCmd) Run() error {
	password, err := readPassword(os.Stdin)
	if err != nil {
		return err
	}
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		return a.SetPassword(ctx, c.Instance, c.Name, password)
	})
}

// readPassword reads a line.
func readPassword(from io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(from, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("the password is read from standard input, which has none")
	}
	return line, nil
}
