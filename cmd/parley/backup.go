package main

import (
	"context"
	"fmt"
	"os"

	"github.com/parley-chat/parley/internal/server"
)

type backupCmd struct {
	storeFlags
	File string `arg:"" type:"path" help:"File to write; it must not exist."`
}

// Help says what the file has and what to do for PostgreSQL.
func (*backupCmd) Help() string {
	return `Copies a SQLite database while servers use it, as it is at one moment, together with the secret that its keys are sealed with. FILE is a SQLite database itself, readable by its owner only; parley restore makes a database and a secret of it. Who has FILE can read every chat and sign in every participant's name: keep it as you keep the database.

Give it the same --db and PARLEY_SECRET as the server has. For PostgreSQL it says what to do instead, and exits with 1.`
}

func (c *backupCmd) Run() error {
	ctx, _ := signals()
	size, err := server.BackUp(ctx, c.config(), c.File)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes\n", c.File, size)
	return nil
}

type restoreCmd struct {
	File string `arg:"" type:"existingfile" help:"A file that parley backup has written."`
	Dir  string `arg:"" type:"path" help:"Directory for parley.db and parley.secret, neither of which may exist."`
}

// Help says what to do with it.
func (*restoreCmd) Help() string {
	return `Start a server on what it makes with --db sqlite:DIR/parley.db, or parley dev --data DIR. A server that gets its secret from PARLEY_SECRET needs the one that it had.`
}

func (c *restoreCmd) Run() error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := server.Restore(ctx, c.File, c.Dir); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "restored; serve it with --db sqlite:%s/parley.db\n", c.Dir)
	return nil
}
