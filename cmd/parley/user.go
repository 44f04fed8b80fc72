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

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

type userCmd struct {
	Password   passwordCmd   `cmd:"" help:"Give a user another password, which is read from standard input; a terminal does not show it. The user's sessions end."`
	Invite     inviteCmd     `cmd:"" help:"Make a link by which a new user chooses a password: once, within 72 hours. Earlier links of the user are void."`
	Reset      resetCmd      `cmd:"" help:"Make a link by which a user who has forgotten the password chooses another one: once, within 24 hours. Earlier links of the user are void."`
	ResetCodes resetCodesCmd `cmd:"" name:"reset-codes" help:"Take the one-time codes of a user away, who has lost the phone: the next sign-in gives new ones."`
}

// linkFlags are what a link for choosing a password is made with.
type linkFlags struct {
	storeFlags
	PublicURL string `name:"public-url" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Address that users reach the server by, https://HOST."`
	Instance  string `short:"i" placeholder:"NAME" help:"Alias or id; not needed where there is one instance."`
	Name      string `arg:"" help:"User name."`
}

type inviteCmd struct{ linkFlags }

type resetCmd struct{ linkFlags }

type resetCodesCmd struct {
	storeFlags
	Instance string `short:"i" placeholder:"NAME" help:"Alias or id; not needed where there is one instance."`
	Name     string `arg:"" help:"User name."`
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

func (c *inviteCmd) Run() error { return c.make(center.LinkInvite) }

func (c *resetCmd) Run() error { return c.make(center.LinkReset) }

// make prints a link. It is shown to whoever runs the command, who brings it to the user.
func (c *linkFlags) make(purpose center.LinkPurpose) error {
	if c.PublicURL == "" {
		return errors.New("no public URL: give --public-url https://HOST (or PARLEY_PUBLIC_URL), the address that users reach the server by")
	}
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		link, expires, err := a.MakeLink(ctx, c.Instance, c.Name, purpose, strings.TrimSuffix(c.PublicURL, "/"))
		if err != nil {
			return err
		}
		fmt.Println(link)
		fmt.Fprintf(os.Stderr, "It can be used once, until %s, and is not shown again.\n", expires.UTC().Format("2006-01-02 15:04:05Z"))
		return nil
	})
}

func (c *resetCodesCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error { return a.ResetCodes(ctx, c.Instance, c.Name) })
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
