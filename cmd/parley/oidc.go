package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parley-chat/parley/internal/server"
)

// oidcFlags are the company's OpenID provider, at which agents, supervisors and administrators sign in.
type oidcFlags struct {
	OIDCIssuer     string `group:"Users sign in at an OpenID provider:" name:"oidc-issuer" env:"PARLEY_OIDC_ISSUER" placeholder:"URL" help:"The provider's issuer, https://HOST/…, below which its description is. It must let browsers come back to PUBLIC-URL/agent/v1/oidc/callback."`
	OIDCClientID   string `group:"Users sign in at an OpenID provider:" name:"oidc-client-id" env:"PARLEY_OIDC_CLIENT_ID" placeholder:"ID" help:"What the provider calls this server. The client's secret, if it has one, is in $$PARLEY_OIDC_SECRET or in a file."`
	OIDCSecret     string `name:"oidc-secret" env:"PARLEY_OIDC_SECRET" hidden:"" help:"The client's secret."`
	OIDCSecretFile string `group:"Users sign in at an OpenID provider:" name:"oidc-secret-file" env:"PARLEY_OIDC_SECRET_FILE" type:"path" placeholder:"FILE" help:"File with the client's secret in its first line."`
	OIDCInstance   string `group:"Users sign in at an OpenID provider:" name:"oidc-instance" env:"PARLEY_OIDC_INSTANCE" placeholder:"ALIAS,..." help:"Instances whose users sign in there, by alias or id."`
	OIDCClaim      string `group:"Users sign in at an OpenID provider:" name:"oidc-claim" env:"PARLEY_OIDC_CLAIM" default:"preferred_username" placeholder:"NAME" help:"Claim of the provider's ID tokens that is the user name in the instance (${default}). No user is made up."`
	OIDCScope      string `group:"Users sign in at an OpenID provider:" name:"oidc-scope" env:"PARLEY_OIDC_SCOPE" default:"profile,email" placeholder:"NAME,..." help:"Scopes to ask for beside openid, so that tokens have the claim (${default})."`
}

// maxSecretFile is how many bytes are read of a file with a secret.
const maxSecretFile = 4 << 10

func (f *oidcFlags) apply(cfg *server.Config) error {
	secret := f.OIDCSecret
	if f.OIDCSecretFile != "" {
		if secret != "" {
			return errors.New("--oidc-secret-file and PARLEY_OIDC_SECRET: one of them is enough")
		}
		file, err := os.Open(f.OIDCSecretFile)
		if err != nil {
			return fmt.Errorf("--oidc-secret-file: %w", err)
		}
		defer file.Close()
		text, err := io.ReadAll(io.LimitReader(file, maxSecretFile))
		if err != nil {
			return fmt.Errorf("--oidc-secret-file: %w", err)
		}
		secret, _, _ = strings.Cut(string(text), "\n")
		if secret = strings.TrimSpace(secret); secret == "" {
			return fmt.Errorf("--oidc-secret-file: the first line of %s is empty", f.OIDCSecretFile)
		}
	}
	cfg.OIDC = server.OIDC{
		Issuer: f.OIDCIssuer, ClientID: f.OIDCClientID, Secret: secret, Claim: f.OIDCClaim, Scopes: names(f.OIDCScope), Instances: names(f.OIDCInstance),
	}
	return nil
}

// names are the names in a list with commas.
func names(list string) (all []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			all = append(all, name)
		}
	}
	return all
}
