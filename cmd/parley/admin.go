package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/parley-chat/parley/internal/policy"
	"github.com/parley-chat/parley/internal/server"
)

type keyCmd struct {
	Create createKeyCmd `cmd:"" help:"Make an access key; its secret is shown this once."`
	List   listKeysCmd  `cmd:"" help:"List access keys."`
	Revoke revokeKeyCmd `cmd:"" help:"Take an access key away."`
	Rotate rotateKeyCmd `cmd:"" help:"Seal participants' tokens with a new key from now on; those of before stay good."`
}

type createKeyCmd struct {
	storeFlags
	Description string `arg:"" optional:"" help:"What the key is for."`
	Policy      string `placeholder:"FILE" type:"existingfile" help:"What its holder may do: a policy in JSON, as for AWS. Without one, everything."`
}

type listKeysCmd struct{ storeFlags }

type revokeKeyCmd struct {
	storeFlags
	ID string `arg:"" help:"Access key id."`
}

type rotateKeyCmd struct{ storeFlags }

type instanceCmd struct {
	Create createInstanceCmd `cmd:"" help:"Make an instance."`
	List   listInstancesCmd  `cmd:"" help:"List instances."`
	Delete deleteInstanceCmd `cmd:"" help:"End an instance's chats and delete all that belongs to it; running servers show their open sockets nothing of it, the operation DeleteInstance does."`
	SignIn signInCmd         `cmd:"" name:"sign-in" help:"Show what an instance asks of users who sign in with a password, or change it."`
}

type createInstanceCmd struct {
	storeFlags
	Alias string `arg:"" help:"Name, unique on this server."`
}

type listInstancesCmd struct{ storeFlags }

type deleteInstanceCmd struct {
	storeFlags
	Alias string `arg:"" help:"Alias or id."`
	Yes   bool   `help:"Really delete; without it nothing happens."`
}

type signInCmd struct {
	storeFlags
	Alias string `arg:"" help:"Alias or id."`
	Codes string `enum:"required,off," default:"" placeholder:"required|off" help:"Whether a one-time code of an authenticator app is asked for too. Users who have none get it with the next sign-in."`
}

func (c *signInCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		var to *bool
		if c.Codes != "" {
			required := c.Codes == "required"
			to = &required
		}
		required, err := a.CodesRequired(ctx, c.Alias, to)
		if err != nil {
			return err
		}
		if required {
			fmt.Println("codes required")
		} else {
			fmt.Println("codes off")
		}
		return nil
	})
}

// administer opens the store for one task.
func (f *storeFlags) administer(task func(context.Context, *server.Admin) error) error {
	ctx, _ := signals()
	ctx = server.ByOperator(ctx)
	a, err := server.OpenAdmin(ctx, f.config())
	if err != nil {
		return err
	}
	return errors.Join(task(ctx, a), a.Close())
}

// table prints rows under a head, in columns.
func table(head string, rows func(print func(format string, args ...any))) {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, head)
	rows(func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) })
	_ = w.Flush() // standard output is there, or nobody reads
}

func (c *createKeyCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		allowed, err := c.policy()
		if err != nil {
			return err
		}
		k, err := a.Keys.Create(ctx, c.Description, allowed)
		if err != nil {
			return err
		}
		fmt.Printf("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n", k.ID, k.Secret)
		fmt.Fprintln(os.Stderr, "The secret is not shown again.")
		return nil
	})
}

// maxPolicyFile is how many bytes are read of a policy's file: far more than a policy may have.
const maxPolicyFile = 64 << 10

// policy reads the policy that a key is to have, nil for none.
func (c *createKeyCmd) policy() ([]byte, error) {
	if c.Policy == "" {
		return nil, nil
	}
	f, err := os.Open(c.Policy)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPolicyFile+1))
	if err == nil && len(text) > maxPolicyFile {
		err = fmt.Errorf("%s has more than %d bytes, which no policy may have", c.Policy, maxPolicyFile)
	}
	if err == nil {
		_, err = policy.Parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("--policy %s: %w", c.Policy, err)
	}
	return text, nil
}

func (c *listKeysCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		all, err := a.Keys.List(ctx)
		if err != nil {
			return err
		}
		table("ID\tCREATED\tMAY\tDESCRIPTION", func(print func(string, ...any)) {
			for _, k := range all {
				may := "everything"
				if k.Policy != nil {
					may = "by policy"
				}
				print("%s\t%s\t%s\t%s", k.ID, k.Created.Format("2006-01-02 15:04:05Z"), may, k.Description)
			}
		})
		return nil
	})
}

func (c *revokeKeyCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		if err := a.Keys.Revoke(ctx, c.ID); err != nil {
			return err
		}
		fmt.Println("revoked; running servers stop accepting it within ten seconds")
		return nil
	})
}

func (c *rotateKeyCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		if err := a.Keys.Rotate(ctx); err != nil {
			return err
		}
		fmt.Println("running servers seal with a new key within ten minutes; the old one opens tokens for eight days more")
		return nil
	})
}

func (c *createInstanceCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		i, err := a.CreateInstance(ctx, c.Alias)
		if err != nil {
			return err
		}
		fmt.Println(i.ID)
		return nil
	})
}

func (c *listInstancesCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		all, err := a.Instances(ctx)
		if err != nil {
			return err
		}
		table("ID\tALIAS\tCREATED", func(print func(string, ...any)) {
			for _, i := range all {
				print("%s\t%s\t%s", i.ID, i.Alias, i.Created.Format("2006-01-02 15:04:05Z"))
			}
		})
		return nil
	})
}

func (c *deleteInstanceCmd) Run() error {
	return c.administer(func(ctx context.Context, a *server.Admin) error {
		i, err := a.FindInstance(ctx, c.Alias)
		if err != nil {
			return err
		}
		if !c.Yes {
			return fmt.Errorf("this would end the chats of %s (%s) and delete its flows and transcripts; add --yes to do it", i.ID, i.Alias)
		}
		return a.DeleteInstance(ctx, i.ID)
	})
}
