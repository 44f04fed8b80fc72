package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/mattn/go-isatty"
	"golang.org/x/time/rate"

	"github.com/parley-chat/parley/internal/bundle"
	"github.com/parley-chat/parley/internal/server"
)

// placeFlags say where an instance is: in a parley that runs, or in a database.
type placeFlags struct {
	storeFlags
	Endpoint string `placeholder:"URL" help:"A parley that runs, whose operations are called with the environment's AWS credentials; http://127.0.0.1:4510 when there is no --db either."`
}

// defaultEndpoint is where parley dev and parley serve listen when they are told nothing else.
const defaultEndpoint = "http://127.0.0.1:4510"

// visit opens the place for a task on an instance: an alias or an id, "" for the one that there is.
func (f *placeFlags) visit(instance string, task func(context.Context, *bundle.Client) error) error {
	ctx, _ := signals()
	if f.Endpoint == "" && f.DB != "" {
		a, err := server.OpenAdmin(ctx, f.config())
		if err != nil {
			return err
		}
		c := &bundle.Client{URL: "http://parley", HTTP: bundle.Within(a.Operations())}
		return errors.Join(on(ctx, c, instance, task), a.Close())
	}
	if f.Endpoint == "" {
		f.Endpoint = defaultEndpoint
	}
	u, err := url.Parse(f.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("--endpoint must be a URL such as http://127.0.0.1:4510")
	}
	key := aws.Credentials{AccessKeyID: "dev", SecretAccessKey: "dev"}
	if os.Getenv("AWS_ACCESS_KEY_ID") != "" || os.Getenv("AWS_PROFILE") != "" || !isHere(u.Hostname()) {
		if key, err = credentials(ctx); err != nil {
			return err
		}
	}
	c := &bundle.Client{URL: strings.TrimSuffix(f.Endpoint, "/"), HTTP: plainTransport(), Sign: func(r *http.Request, body []byte) error {
		return signConnect(r, body, key, f.Region)
	}}
	return on(ctx, c, instance, task)
}

// on finds the instance, and shows progress while the task is under way.
func on(ctx context.Context, c *bundle.Client, instance string, task func(context.Context, *bundle.Client) error) (err error) {
	if c.Instance, err = c.FindInstance(ctx, instance); err != nil {
		return err
	}
	c.Progress = progress(os.Stderr)
	return task(ctx, c)
}

// plainTransport bounds the wait for an answer.
func plainTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	return t
}

func signConnect(r *http.Request, body []byte, key aws.Credentials, region string) error {
	hash := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(r.Context(), key, r, hex.EncodeToString(hash[:]), "connect", region, time.Now())
}

// progress tells what takes long: on a terminal a line that changes, elsewhere a line now and then.
func progress(w *os.File) func(string, int, int) {
	words := map[string]string{"list": "kinds listed", "read": "resources read", "apply": "changes made"}
	every, last, shown := 5*time.Second, time.Now(), false
	terminal := isatty.IsTerminal(w.Fd())
	if terminal {
		every = 100 * time.Millisecond
	}
	return func(what string, done, total int) {
		over := done == total
		if time.Since(last) < every && !(over && shown) {
			return
		}
		last, shown = time.Now(), !over
		switch {
		case terminal && over:
			fmt.Fprint(w, "\r\x1b[K")
		case terminal:
			fmt.Fprintf(w, "\r\x1b[K%d of %d %s", done, total, words[what])
		default:
			fmt.Fprintf(w, "%d of %d %s\n", done, total, words[what])
		}
	}
}

type exportCmd struct {
	placeFlags
	Instance string `arg:"" optional:"" help:"Alias or id; not needed where there is one instance."`
	Out      string `short:"o" required:"" type:"path" placeholder:"DIR" help:"Directory to write: new, empty, or one that was written like this before."`
}

// Help says what the files are.
func (*exportCmd) Help() string {
	return `Each resource is a JSON file that people can read, in the folder of its kind, with names where the service has ids: ${queue:Support} is the id of the queue Support. Passwords and secrets are not written. Into a directory that was exported to before, only what has changed is written, and files of resources that are gone are removed.

docs/travel.md says what travels.`
}

func (c *exportCmd) Run() error {
	if err := bundle.CheckTarget(c.Out); err != nil {
		return err
	}
	return c.visit(c.Instance, func(ctx context.Context, client *bundle.Client) error {
		return export(ctx, client, c.Out)
	})
}

func export(ctx context.Context, client *bundle.Client, dir string, skip ...string) error {
	b, err := client.Read(ctx, skip...)
	if err != nil {
		return err
	}
	return writeTo(dir, b)
}

func writeTo(dir string, b *bundle.Bundle) error {
	if err := b.Write(dir); err != nil {
		return err
	}
	fmt.Printf("%d resources are in %s\n", b.Len(), plain(dir))
	return nil
}

type applyCmd struct {
	placeFlags
	Dir      string   `arg:"" type:"path" help:"Directory of an instance, written by parley export or by hand."`
	Instance string   `short:"i" placeholder:"NAME" help:"Alias or id; not needed where there is one instance."`
	Plan     bool     `help:"Print what would be done, and do nothing."`
	Delete   bool     `help:"Delete what the directory does not have, of the kinds that it has a folder of. It must have a parley.json."`
	Skip     []string `placeholder:"KIND,..." help:"Kinds to leave out, as if the directory had no folder of them; what refers to them must find them in the instance."`
	JSON     bool     `name:"json" help:"Print the plan and the problems as JSON."`
}

// Help says what scripts need to know.
func (*applyCmd) Help() string {
	return `It prints what it is about to do, a line for each change, and does it. What is as the files say is left alone, so that applying twice changes nothing.

All files are read and checked first, and all problems are told at once. While there is one, nothing is changed.

The exit status is 0 when the instance is as the files say; with --plan, 2 when there is something to change. It is 1 when there are problems, or when a change failed: those before it are made, and applying again goes on from there. It is 80 when the arguments are wrong.`
}

func (c *applyCmd) Run() error {
	return c.visit(c.Instance, func(ctx context.Context, client *bundle.Client) error {
		plan, err := planOf(ctx, client, c.Dir, c.Delete, c.Skip...)
		var problems bundle.Problems
		if err != nil && !errors.As(err, &problems) {
			return err
		}
		if c.JSON {
			err = c.tellJSON(plan, problems)
		} else {
			err = c.tell(plan, problems)
		}
		if err != nil || c.Plan {
			if err == nil && !plan.Empty() {
				err = exitStatus(2)
			}
			return err
		}
		return plan.Apply(ctx, nil)
	})
}

// planOf reads a directory and compares it with the instance; the error is all problems that there are.
func planOf(ctx context.Context, client *bundle.Client, dir string, remove bool, skip ...string) (*bundle.Plan, error) {
	b, problems, err := bundle.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := b.Skip(skip...); err != nil {
		return nil, err
	}
	problems = slices.DeleteFunc(problems, func(p bundle.Problem) bool {
		return slices.ContainsFunc(skip, func(kind string) bool { return strings.HasPrefix(p.File, bundle.Folder(kind)+"/") })
	})
	if remove {
		problems = append(problems, b.Deletable()...)
	}
	plan, more, err := client.Plan(ctx, b, remove)
	if err != nil {
		return nil, err
	}
	if problems = append(problems, more...); len(problems) > 0 {
		return nil, problems
	}
	return plan, nil
}

func (c *applyCmd) tell(plan *bundle.Plan, problems bundle.Problems) error {
	for _, p := range problems {
		p.File = filepath.Join(c.Dir, filepath.FromSlash(p.File))
		fmt.Fprintln(os.Stderr, plain(p.String()))
	}
	if n := len(problems); n > 0 {
		fmt.Fprintf(os.Stderr, "parley: problems: %d; nothing was changed\n", n)
		return hasProblems
	}
	tellPlan(os.Stdout, plan)
	return nil
}

func (c *applyCmd) tellJSON(plan *bundle.Plan, problems bundle.Problems) error {
	out := struct {
		Changes   []*bundle.Change `json:"changes"`
		Unchanged int              `json:"unchanged"`
		Problems  bundle.Problems  `json:"problems"`
	}{Changes: []*bundle.Change{}, Problems: bundle.Problems{}}
	if plan != nil {
		out.Changes, out.Unchanged = append(out.Changes, plan.Changes...), plan.Unchanged
	}
	out.Problems = append(out.Problems, problems...)
	e := json.NewEncoder(os.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	if len(problems) > 0 {
		return hasProblems
	}
	return nil
}

// tellPlan prints what a plan is about to do.
func tellPlan(w io.Writer, plan *bundle.Plan) {
	for _, c := range plan.Changes {
		fmt.Fprintln(w, plain(c.String()))
	}
	if plan.Empty() {
		fmt.Fprintf(w, "nothing to change: %d resources are as the files say\n", plan.Unchanged)
		return
	}
	fmt.Fprintf(w, "create: %d, update: %d, delete: %d, unchanged: %d\n",
		plan.Count(bundle.Create)+plan.Count(bundle.Replace), plan.Count(bundle.Update), plan.Count(bundle.Delete), plan.Unchanged)
}

type importCmd struct {
	FromAWS  bool     `name:"from-aws" required:"" help:"Read from Amazon Connect, with the environment's AWS configuration."`
	Instance string   `required:"" placeholder:"ID" help:"Id or alias of the instance."`
	Out      string   `short:"o" required:"" type:"path" placeholder:"DIR" help:"Directory to write: new, empty, or one that was written like this before."`
	Region   string   `placeholder:"NAME" help:"Region of the instance, when it is not the configuration's."`
	Profile  string   `placeholder:"NAME" help:"Profile of the AWS configuration."`
	Skip     []string `placeholder:"KIND,..." help:"Kinds to leave out, for want of permission for example; what refers to them keeps their ids."`
}

// Help says what it does to the instance: nothing.
func (*importCmd) Help() string {
	return `It only reads. What it reads becomes the files that parley export writes, and parley apply takes them.

Amazon Connect answers about two requests of a sort a second, so an instance with a thousand flows takes some time. What was read is kept in DIR until all is there: after an interruption, the same command goes on where it was.

docs/travel.md lists the operations that it calls, for a policy that allows these alone.`
}

func (c *importCmd) Run() error {
	if err := bundle.CheckTarget(c.Out); err != nil {
		return err
	}
	ctx, _ := signals()
	client, source, err := c.source(ctx)
	if err != nil {
		return err
	}
	kept := filepath.Join(c.Out, ".parley-import")
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	if client.Kept, err = bundle.Keep(kept, source, time.Now()); err != nil {
		return err
	}
	if n := client.Kept.Answers; n > 0 {
		fmt.Fprintf(os.Stderr, "going on: %d answers are there already\n", n)
	}
	err = on(ctx, client, c.Instance, func(ctx context.Context, client *bundle.Client) error {
		return export(ctx, client, c.Out, c.Skip...)
	})
	switch {
	case err == nil:
		return client.Kept.Forget()
	case ctx.Err() != nil:
		return errors.New("interrupted; the same command goes on where this one was")
	}
	var refused *bundle.Refusal
	if errors.As(err, &refused) && refused.Status == http.StatusForbidden {
		return fmt.Errorf("%w\nallow the operation (docs/travel.md lists all that are called), or leave its kind out with --skip; what was read is kept", err)
	}
	return fmt.Errorf("%w\nwhat was read is kept, and the same command goes on from there", err)
}

// source is Amazon Connect, as the AWS configuration says.
func (c *importCmd) source(ctx context.Context) (*bundle.Client, string, error) {
	var options []func(*config.LoadOptions) error
	if c.Region != "" {
		options = append(options, config.WithRegion(c.Region))
	}
	if c.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("read the AWS configuration: %w", err)
	case cfg.Region == "":
		return nil, "", errors.New("no region: give --region, or set AWS_REGION")
	case cfg.Credentials == nil:
		return nil, "", errors.New("there are no AWS credentials")
	}
	to, elsewhere, err := connectEndpoint(ctx, &cfg)
	if err != nil {
		return nil, "", err
	}
	transport := plainTransport()
	if of, ok := cfg.HTTPClient.(interface{ GetTransport() *http.Transport }); ok { // with AWS_CA_BUNDLE
		t := of.GetTransport()
		t.ResponseHeaderTimeout = time.Minute
		transport = t
	}
	client := &bundle.Client{URL: to, HTTP: transport, ReadOnly: true, Sign: func(r *http.Request, body []byte) error {
		key, err := cfg.Credentials.Retrieve(r.Context())
		if err != nil {
			return fmt.Errorf("AWS credentials: %w", err)
		}
		return signConnect(r, body, key, cfg.Region)
	}}
	if !elsewhere {
		client.Wait = polite()
	}
	return client, to + " " + c.Instance, nil
}

// connectEndpoint is the service's address in the environment or the configuration files, as for a client of the SDK, or
// AWS's own.
func connectEndpoint(ctx context.Context, cfg *aws.Config) (to string, elsewhere bool, err error) {
	ignored, _, err := config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources)
	if err != nil {
		return "", false, err
	}
	for _, source := range cfg.ConfigSources {
		s, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
		})
		if !ok || ignored {
			continue
		}
		if to, elsewhere, err = s.GetServiceBaseEndpoint(ctx, "Connect"); elsewhere || err != nil {
			break
		}
	}
	if !elsewhere && cfg.BaseEndpoint != nil {
		to, elsewhere = *cfg.BaseEndpoint, true
	}
	if elsewhere {
		if u, err := url.Parse(to); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", true, errors.New("the endpoint URL of the AWS configuration is none")
		}
		return strings.TrimSuffix(to, "/"), true, err
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(cfg.Region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://connect." + cfg.Region + "." + domain, false, err
}

// polite keeps to the default quota of Amazon Connect: two requests of an operation a second, five at once.
func polite() func(context.Context, string) error {
	var mu sync.Mutex
	limits := map[string]*rate.Limiter{}
	return func(ctx context.Context, operation string) error {
		mu.Lock()
		limit := limits[operation]
		if limit == nil {
			limit = rate.NewLimiter(2, 5)
			limits[operation] = limit
		}
		mu.Unlock()
		return limit.Wait(ctx)
	}
}
