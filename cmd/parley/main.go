// Command parley is a self-hosted chat contact centre that speaks Amazon Connect's chat APIs.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/parley-chat/parley/internal/server"
)

type cli struct {
	Dev      devCmd      `cmd:"" help:"Start for development: one process, a seeded instance, any credentials."`
	Chat     chatCmds    `cmd:"" help:"Start a chat in the terminal, and talk: with parley dev, another parley or Amazon Connect (parley chat talk --help has its flags). Or erase a chat."`
	Agent    agentCmd    `cmd:"" help:"Sign an agent in at a parley server, and take contacts in the terminal or in a script."`
	Flow     flowCmd     `cmd:"" help:"Check, convert and draw flows, without a server."`
	Serve    serveCmd    `cmd:"" help:"Start for production: your database, signed requests, one node or several."`
	Key      keyCmd      `cmd:"" help:"Access keys, with which callers of the connect API sign, and the keys of participants' tokens."`
	Audit    auditCmd    `cmd:"" help:"Show who changed what of the configuration, and when."`
	Instance instanceCmd `cmd:"" help:"Instances, to which everything else belongs."`
	User     userCmd     `cmd:"" help:"Users, who sign in as agents and supervisors."`
	Quick    quickCmd    `cmd:"" name:"quick-responses" help:"Quick responses, the texts that agents find and send, as CSV files."`
	Export   exportCmd   `cmd:"" help:"Write an instance to files, one for each resource."`
	Apply    applyCmd    `cmd:"" help:"Make an instance what files say."`
	Import   importCmd   `cmd:"" help:"Read an instance of Amazon Connect into such files."`
	Backup   backupCmd   `cmd:"" help:"Copy a SQLite database and its secret to a file, while servers run."`
	Restore  restoreCmd  `cmd:"" help:"Make a database and its secret of such a file."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

func main() {
	// Less collecting, more memory: a message leaves little behind that outlives it. GOGC overrides it.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	c := new(cli)
	parser := newParser(c, systemSettings)
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(withoutArguments(err))
	c.warnOfVariables(command)
	if err := command.Run(); err != nil {
		var said exitStatus
		if errors.As(err, &said) {
			os.Exit(int(said))
		}
		fmt.Fprintln(os.Stderr, "parley:", strings.ReplaceAll(parser.settings.locate(err.Error()), "\n", "\nparley: "))
		os.Exit(1)
	}
}

// parser reads command lines, the environment and files of settings.
type parser struct {
	*kong.Kong
	settings *settings
}

// newParser makes a parser; machine is the path of the machine's settings.
func newParser(c *cli, machine string) *parser {
	p := &parser{settings: &settings{machine: machine}}
	p.Kong = kong.Must(c, append(typedMappers(), kong.Name("parley"),
		kong.Description("A chat contact centre that speaks Amazon Connect's chat APIs."),
		kong.ShortUsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ValueFormatter(helpOf), kong.Resolvers(p.settings))...)
	withoutEnvironment(p.Model)
	return p
}

// unquoted is an error of a command line, told in other words.
type unquoted struct {
	*kong.ParseError
	text string
}

func (e *unquoted) Error() string { return e.text }
func (e *unquoted) Unwrap() error { return e.ParseError }

// withoutArguments leaves out of an error an argument that has no place: it may be what is behind a space in a password.
// The name of a command it quotes, so that a misspelt one can be seen.
func withoutArguments(err error) error {
	var parse *kong.ParseError
	if !errors.As(err, &parse) || !strings.HasPrefix(err.Error(), "unexpected argument ") {
		return err
	}
	selected := parse.Context.Selected()
	first, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "unexpected argument "), ",")
	switch {
	case selected != nil && len(selected.Children) == 0:
		return &unquoted{parse, "there is an argument too many for parley " + selected.Path() + "; a value with spaces needs quotes"}
	case !plainName.MatchString(first):
		return &unquoted{parse, "there is no command of this name"}
	}
	return err
}

// warnOfVariables says which variables are probably misspelt. A server says so in its log.
func (c *cli) warnOfVariables(command *kong.Context) {
	names := misspelt(command.Model, os.Environ())
	serve := command.Selected() != nil && command.Selected().Name == "serve"
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: c.Serve.LogLevel}))
	for _, name := range names {
		if serve {
			log.Warn("a variable is not read", "variable", name[0], "did_you_mean", name[1])
		} else {
			fmt.Fprintf(os.Stderr, "warning: %s is not read; did you mean %s?\n", name[0], name[1])
		}
	}
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("parley", server.Version())
	return nil
}

// signals returns a context that ends with the first SIGINT or SIGTERM, and a channel that gets the second.
func signals() (context.Context, <-chan os.Signal) {
	stop, cancel := context.WithCancel(context.Background())
	all, again := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(all, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-all
		cancel()
		for s := range all {
			again <- s
		}
	}()
	return stop, again
}
