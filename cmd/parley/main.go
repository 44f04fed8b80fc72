// Command parley is a self-hosted chat contact centre that speaks Amazon Connect's chat APIs.
package main

import (
	"context"
	"errors"
	"fmt"
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
	Flow     flowCmd     `cmd:"" help:"Check, convert and draw flows, without a server."`
	Serve    serveCmd    `cmd:"" help:"Start for production: your database, signed requests, one node or several."`
	Key      keyCmd      `cmd:"" help:"Access keys, with which callers of the connect API sign, and the keys of participants' tokens."`
	Instance instanceCmd `cmd:"" help:"Instances, to which everything else belongs."`
	Backup   backupCmd   `cmd:"" help:"Copy a SQLite database and its secret to a file, while servers run."`
	Restore  restoreCmd  `cmd:"" help:"Make a database and its secret of such a file."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

func main() {
	// Less collecting, more memory: a message leaves little behind that outlives it. GOGC overrides it.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	parser := newParser(new(cli), systemSettings)
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := command.Run(); err != nil {
		var said exitStatus
		if errors.As(err, &said) {
			os.Exit(int(said))
		}
		fmt.Fprintln(os.Stderr, "parley:", strings.ReplaceAll(err.Error(), "\n", "\nparley: "))
		os.Exit(1)
	}
}

// newParser makes a parser of command lines that reads a file of settings where there is one.
func newParser(c *cli, settings string) *kong.Kong {
	return kong.Must(c, kong.Name("parley"),
		kong.Description("A chat contact centre that speaks Amazon Connect's chat APIs."),
		kong.ShortUsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Configuration(readSettings, settings))
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
		again <- <-all
	}()
	return stop, again
}
