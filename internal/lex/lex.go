// Package lex talks with Amazon Lex V2 bots by RecognizeText: with AWS, signed, by the AWS SDK's standard configuration
// and endpoint variables, or with a bot at a URL that an operator has given its alias. It reads the environment's AWS
// configuration at the first bot that has no URL. It never looks at what is said.
package lex

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/parley-chat/parley/internal/outside"
)

// MaxResponse is the longest response that is read to its end.
const MaxResponse = 64 << 10

// Options are what a Client is made of; the zero value is fit for use.
type Options struct {
	// URLs are where bots are instead of in AWS, by the ARN or the id of an alias. A bot there answers
	// POST URL/bots/{botId}/botAliases/{botAliasId}/botLocales/{localeId}/sessions/{sessionId}/text as AWS does.
	URLs map[string]string
	// Trust says that flows may talk with the bots in URLs without their being associated with an instance.
	Trust bool
	Dial  outside.Dial
	// Now is for signatures; nil is time.Now.
	Now func() time.Time
}

// Client talks with bots. It is for many to use at once.
type Client struct {
	options Options
	http    *http.Client
	signer  *v4.Signer
	asked   outside.Asked

	mu  sync.Mutex
	aws *aws.Config // nil until a bot needs it
}

// New checks the options, and does nothing else yet.
func New(o Options) (*Client, error) {
	for alias, to := range o.URLs {
		if alias == "" {
			return nil, errors.New("a bot's alias without a name")
		}
		if err := outside.CheckURL(to); err != nil {
			return nil, fmt.Errorf("the URL of bot alias %s: %w", alias, err)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{options: o, http: outside.NewClient(o.Dial, MaxResponse), signer: v4.NewSigner()}, nil
}

// Trusts says that the operator vouches for a bot's alias.
func (c *Client) Trusts(alias string) bool {
	_, ok := c.named(alias)
	return ok && c.options.Trust
}

// Unasked are the bots with a URL that nobody has talked with.
func (c *Client) Unasked() []string { return c.asked.Never(c.options.URLs) }

// named finds the name that the operator has given a bot a URL by.
func (c *Client) named(alias string) (name string, ok bool) {
	if _, ok := c.options.URLs[alias]; ok {
		return alias, true
	}
	a, err := parse(alias)
	if err != nil {
		return "", false
	}
	_, ok = c.options.URLs[a.alias]
	return a.alias, ok
}

// RecognizeText sends a request to a bot and returns the body of its response.
// Source: Amazon Lex V2 API reference, RecognizeText.
func (c *Client) RecognizeText(ctx context.Context, alias, locale, session string, request []byte) ([]byte, error) {
	if !plain(locale) {
		return nil, errors.New("the contact's language is no locale of a bot, such as en_US")
	}
	a, err := parse(alias)
	if name, ok := c.named(alias); ok {
		c.asked.Note(name)
		if err != nil {
			a = address{bot: "bot", alias: alias} // whoever gave it a URL may call it what they like
		}
		_, answer, err := outside.Post(ctx, c.http, a.text(c.options.URLs[name], locale, session), request, nil)
		return answer, err
	}
	if err != nil {
		return nil, err
	}
	cfg, err := c.config(ctx)
	if err != nil {
		return nil, err
	}
	endpoint, err := endpoint(ctx, cfg, a)
	if err != nil {
		return nil, err
	}
	if err := outside.CheckURL(endpoint); err != nil { // an error of the request might quote it
		return nil, fmt.Errorf("the endpoint URL of the AWS configuration: %w", err)
	}
	_, answer, err := outside.Post(ctx, c.http, a.text(endpoint, locale, session), request, func(r *http.Request) error {
		return c.sign(r, cfg, a.region, request)
	})
	return answer, err
}

func (c *Client) sign(r *http.Request, cfg *aws.Config, region string, body []byte) error {
	if cfg.Credentials == nil {
		return errors.New("there are no AWS credentials")
	}
	credentials, err := cfg.Credentials.Retrieve(r.Context())
	if err != nil {
		return fmt.Errorf("AWS credentials: %w", err)
	}
	hash := sha256.Sum256(body)
	return c.signer.SignHTTP(r.Context(), credentials, r, hex.EncodeToString(hash[:]), "lex", region, c.options.Now())
}

func (c *Client) config(ctx context.Context) (*aws.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aws != nil {
		return c.aws, nil
	}
	cfg, err := config.LoadDefaultConfig(context.WithoutCancel(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	c.aws = &cfg
	return c.aws, nil
}

// endpoint is the service's in the environment or the configuration files, as for a client of the SDK, or AWS's own.
func endpoint(ctx context.Context, cfg *aws.Config, a address) (string, error) {
	ignored, _, err := config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources)
	if err != nil {
		return "", err
	}
	for _, source := range cfg.ConfigSources {
		if ignored {
			break
		}
		s, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
		})
		if !ok {
			continue
		}
		if to, found, err := s.GetServiceBaseEndpoint(ctx, "Lex Runtime V2"); err != nil || found {
			return to, err
		}
	}
	if cfg.BaseEndpoint != nil {
		return *cfg.BaseEndpoint, nil
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(a.region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://runtime-v2-lex." + a.region + "." + domain, nil
}

// address is what the ARN of a bot's alias says.
type address struct{ region, bot, alias string }

// parse reads arn:aws:lex:REGION:ACCOUNT:bot-alias/BOT/ALIAS.
func parse(arn string) (address, error) {
	parts := strings.Split(arn, ":")
	if len(parts) == 6 && parts[0] == "arn" && parts[2] == "lex" && plain(parts[3]) {
		path := strings.Split(parts[5], "/")
		if len(path) == 3 && path[0] == "bot-alias" && plain(path[1]) && plain(path[2]) {
			return address{parts[3], path[1], path[2]}, nil
		}
	}
	return address{}, errors.New("the bot's alias is not given as an ARN, arn:aws:lex:REGION:ACCOUNT:bot-alias/BOT/ALIAS")
}

// plain says that s, which becomes part of a host's name or a path, is what names of regions, bots, aliases and locales are made of.
func plain(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// text is the URL of RecognizeText.
func (a address) text(endpoint, locale, session string) string {
	path := "/bots/" + url.PathEscape(a.bot) + "/botAliases/" + url.PathEscape(a.alias) + "/botLocales/" + url.PathEscape(locale) +
		"/sessions/" + url.PathEscape(session) + "/text"
	return strings.TrimSuffix(endpoint, "/") + path
}
