package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/parley-chat/parley/internal/server"
)

type quickCmd struct {
	Import importQuickCmd `cmd:"" help:"Read quick responses from a CSV file, as Amazon Connect does: all of them, or none if something is wrong."`
	Export exportQuickCmd `cmd:"" help:"Write all quick responses as such a file to standard output."`
}

type importQuickCmd struct {
	storeFlags
	Instance string `short:"i" placeholder:"NAME" help:"Alias or id; not needed where there is one instance."`
	Replace  bool   `help:"Replace quick responses whose names exist; without it they are problems."`
	File     string `arg:"" type:"existingfile" help:"The file, in UTF-8; - is standard input."`
}

type exportQuickCmd struct {
	storeFlags
	Instance string `short:"i" placeholder:"NAME" help:"Alias or id; not needed where there is one instance."`
}

// maxQuickFile is how many bytes are read of a file: more than as many quick responses as one may have.
const maxQuickFile = 8 << 20

func (c *importQuickCmd) Run() error {
	f := os.Stdin
	if c.File != "-" {
		var err error
		if f, err = os.Open(c.File); err != nil {
			return err
		}
		defer f.Close()
	}
	text, err := io.ReadAll(io.LimitReader(f, maxQuickFile+1))
	if err != nil {
		return err
	}
	if len(text) > maxQuickFile {
		return fmt.Errorf("the file has more than %d bytes", maxQuickFile)
	}
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		done, err := a.ImportQuickResponses(ctx, c.Instance, text, c.Replace)
		if err == nil {
			fmt.Printf("%d created, %d updated\n", done.Created, done.Updated)
		}
		return err
	})
}

func (c *exportQuickCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		text, err := a.ExportQuickResponses(ctx, c.Instance)
		if err == nil {
			_, err = os.Stdout.Write(text)
		}
		return err
	})
}
