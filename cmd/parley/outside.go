package main

import "github.com/parley-chat/parley/internal/server"

// outsideFlags are those whom flows ask, and where flows tell what they do.
type outsideFlags struct {
	Lambda  map[string]string `group:"Outside:" env:"PARLEY_LAMBDA" placeholder:"NAME=URL" help:"AWS Lambda function, by name or ARN, that is at a URL: it gets the event in a POST and answers with its response. Others are AWS's, or wherever $$AWS_ENDPOINT_URL_LAMBDA leads."`
	Lex     map[string]string `group:"Outside:" env:"PARLEY_LEX" placeholder:"ALIAS=URL" help:"Amazon Lex bot, by its alias's ARN or id, that is at a URL and answers RecognizeText below it. Others are AWS's, or wherever $$AWS_ENDPOINT_URL_LEX_RUNTIME_V2 leads."`
	System  map[string]string `group:"Outside:" env:"PARLEY_SYSTEM" placeholder:"NAME=URL" help:"CustomerProfiles, Cases, Tasks or another system that parley does not contain, at a URL; actions that need one without take their error branches."`
	SignIn  map[string]string `group:"Outside:" name:"sign-in" env:"PARLEY_SIGN_IN" placeholder:"USERPOOL=URL" help:"Amazon Cognito user pool, by its ARN or id, or another OpenID provider in its place, whose hosted pages are at a URL: customers sign in there (AuthenticateParticipant)."`
	FlowLog string            `group:"Outside:" name:"flow-log" env:"PARLEY_FLOW_LOG" placeholder:"FILE" help:"File to append flow logs to, as Amazon Connect writes them: what customers say may be in them. - is the standard output."`
}

func (f *outsideFlags) apply(cfg *server.Config) {
	cfg.Functions, cfg.Bots, cfg.Systems, cfg.FlowLog = f.Lambda, f.Lex, f.System, f.FlowLog
	cfg.SignIns = f.SignIn
}
