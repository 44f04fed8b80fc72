package center

import (
	"regexp"
	"time"
)

// Allowed is something outside that an instance's flows may call: a function or a bot.
type Allowed struct {
	ARN string `json:"arn"`
	Associated
}

// Associated is what all values have that are associated with an instance and are named by themselves.
type Associated struct {
	ClientToken string    `json:"clientToken,omitempty"` // of the request that associated it
	Created     time.Time `json:"created"`
}

// Association is the value's part that does not name it.
func (a *Associated) Association() *Associated { return a }

// ARNs of functions and of bots' aliases (AWS's service authorization reference, "Resource types" of AWS Lambda and of
// Amazon Lex V2).
var (
	functionARN = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z]{2}(-[a-z]+)+-\d:\d{12}:function:[a-zA-Z0-9_-]+(:(\$LATEST|[a-zA-Z0-9_-]+))?$`)
	aliasARN    = regexp.MustCompile(`^arn:aws[a-z-]*:lex:[a-z]{2}(-[a-z]+)+-\d:\d{12}:bot-alias/[0-9A-Z]+/[0-9A-Z]+$`)
)

// CheckFunction refuses what is no ARN of an AWS Lambda function.
func CheckFunction(arn string) error {
	if !functionARN.MatchString(arn) {
		return Refuse(InvalidParameter, "FunctionArn must be the ARN of a Lambda function: arn:aws:lambda:REGION:ACCOUNT:function:NAME, with :QUALIFIER or without")
	}
	return nil
}

// CheckBotAlias refuses what is no ARN of an alias of an Amazon Lex V2 bot.
func CheckBotAlias(arn string) error {
	if !aliasARN.MatchString(arn) {
		return Refuse(InvalidParameter, "LexV2Bot.AliasArn must be the ARN of an alias of an Amazon Lex V2 bot: arn:aws:lex:REGION:ACCOUNT:bot-alias/BOT/ALIAS")
	}
	return nil
}
