package center

import (
	"regexp"
	"unicode/utf8"
)

// LexBot is a bot of Amazon Lex V1 that is associated with an instance. That service has ended: the association is a
// record, and no flow can ask the bot.
type LexBot struct {
	Name   string `json:"name"`
	Region string `json:"region"`
	Associated
}

// Key names the bot among those of its instance. Neither part can contain a slash.
func (b *LexBot) Key() string { return b.Name + "/" + b.Region }

// Names of bots (Amazon Lex V1, PutBot) and of regions.
var (
	lexBotName = regexp.MustCompile(`^[A-Za-z][A-Za-z_]*$`)
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+){1,2}-[0-9]+$`)
	lexBotKey  = regexp.MustCompile(`^[A-Za-z_]+/[a-z0-9-]+$`)
)

// Check refuses names that no bot of Amazon Lex V1 can have.
func (b *LexBot) Check() error {
	if !lexBotName.MatchString(b.Name) {
		return Refuse(InvalidParameter, "LexBot.Name must consist of letters and underscores and begin with a letter; got %d characters that do not", utf8.RuneCountInString(b.Name))
	}
	if !regionName.MatchString(b.Region) {
		return Refuse(InvalidParameter, "LexBot.LexRegion must be the name of an AWS Region, such as us-east-1; got %d characters that are not", utf8.RuneCountInString(b.Region))
	}
	return nil
}

// IsLexBotKey says whether s may be the key of a bot.
func IsLexBotKey(s string) bool { return lexBotKey.MatchString(s) }
