package center

import (
	"slices"
	"unicode/utf8"
)

// Message is what a participant or a flow says.
type Message struct {
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

// Content types of messages.
const (
	TextPlain           = "text/plain"
	TextMarkdown        = "text/markdown"
	ApplicationJSON     = "application/json"
	Interactive         = "application/vnd.amazonaws.connect.message.interactive"
	InteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"
)

// How large messages may be.
const (
	maxContentBytes        = 16384
	maxPlainContentChars   = 1024
	maxJSONContentChars    = 12000
	maxInteractiveResponse = 12288
)

// Display names of those who speak in the system's role.
const (
	SystemDisplayName = "SYSTEM_MESSAGE"
	BotDisplayName    = "BOT" // of what an Amazon Lex bot says
)

// sendable are the content types that a participant may send at all.
var sendable = []string{TextPlain, TextMarkdown, ApplicationJSON, InteractiveResponse}

// allows checks a message's content type and size against the chat's.
func (c *Chat) allows(m Message, s Settings) error {
	if !slices.Contains(sendable, m.ContentType) {
		return Refuse(InvalidParameter, "ContentType must be one of text/plain, text/markdown, application/json, %s", InteractiveResponse)
	}
	if !slices.Contains(c.ContentTypes, m.ContentType) {
		return Refuse(InvalidParameter, "ContentType %s is not among this chat's SupportedMessagingContentTypes", m.ContentType)
	}
	return checkSize("Content", m, s)
}

func checkSize(field string, m Message, s Settings) error {
	if n := len(m.Content); n > maxContentBytes {
		return Refuse(InvalidParameter, "%s must be at most %d bytes of UTF-8, got %d", field, maxContentBytes, n)
	}
	if !s.LegacySizes {
		return nil
	}
	limit := maxPlainContentChars
	switch m.ContentType {
	case ApplicationJSON:
		limit = maxJSONContentChars
	case InteractiveResponse:
		limit = maxInteractiveResponse
	}
	if n := utf8.RuneCountInString(m.Content); n > limit {
		return Refuse(InvalidParameter, "%s must be at most %d characters for %s, got %d", field, limit, m.ContentType, n)
	}
	return nil
}
