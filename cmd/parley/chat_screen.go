package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/flow"
)

// screen is what is seen of a chat: lines for a person, or for a script.
type screen struct {
	plain      bool
	colour     bool
	complaints io.Writer // standard error, unless another is set

	mu sync.Mutex
	w  io.Writer
}

// item shows one item. What was typed here, a person has seen.
func (s *screen) item(it *conversation.Item, own bool) {
	kind, what := describe(it)
	if it.Type == conversation.TypeMessage && !it.IsPartial() && !s.plain {
		if own {
			return
		}
		if kind != "message" {
			kind, what = "message", gist(it.ContentType, it.Content)
		}
	}
	s.line(kind, it.DisplayName, what)
}

// describe is an item's kind and what there is to say about it.
func describe(it *conversation.Item) (kind, what string) {
	switch md := it.MessageMetadata; {
	case it.Type == conversation.TypeMetadata && md != nil && len(md.Receipts) > 0:
		if md.Receipts[0].ReadTimestamp != "" {
			return "read", md.MessageID
		}
		return "delivered", md.MessageID
	case len(it.Attachments) > 0:
		var names []string
		for _, a := range it.Attachments {
			names = append(names, a.AttachmentName)
		}
		return "attachment", strings.Join(names, ", ")
	case it.IsPartial():
		return "partial", it.Content
	case it.Type == conversation.TypeMessage && it.ContentType == flow.ContentTypeInteractive && isView(it.Content):
		return "view", it.Content
	case it.Type == conversation.TypeMessage && it.ContentType == flow.ContentTypeInteractive:
		return "interactive", it.Content
	case it.Type == conversation.TypeMessage && it.ContentType == flow.ContentTypeInteractiveResponse:
		return "response", it.Content
	case it.Type == conversation.TypeMessage:
		return "message", it.Content
	}
	switch it.ContentType {
	case conversation.EventTyping:
		return "typing", ""
	case conversation.EventJoined:
		return "joined", ""
	case conversation.EventLeft:
		return "left", ""
	case conversation.EventEnded:
		return "ended", ""
	}
	return strings.TrimPrefix(it.ContentType, conversation.EventPrefix), it.Content
}

func (s *screen) connection(connected bool, why error) {
	if connected {
		s.line("back", "", "")
		return
	}
	s.line("lost", "", why.Error())
}

// complain tells whoever types that something was wrong with it.
func (s *screen) complain(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := s.complaints
	if to == nil {
		to = os.Stderr
	}
	_, _ = fmt.Fprintln(to, "parley:", err) // there is nowhere else to say it
}

// forScripts keeps an event on its line and its parts apart. Other control characters are \xNN: the output may be a terminal.
var forScripts = func() *strings.Replacer {
	pairs := []string{"\\", `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`}
	for c := range rune(0xa0) {
		if unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' {
			pairs = append(pairs, string(c), fmt.Sprintf(`\x%02x`, c))
		}
	}
	return strings.NewReplacer(pairs...)
}()

func (s *screen) line(kind, who, what string) {
	text := ""
	if s.plain {
		text = strings.TrimRight(kind+"\t"+forScripts.Replace(who)+"\t"+forScripts.Replace(what), "\t")
	} else if text = s.forPeople(kind, onOneScreen(who), onOneScreen(what)); text == "" {
		return
	}
	s.print(text)
}

func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.w, text) // output that is not read is not missed
}

// onOneScreen keeps what others say from doing more to a terminal than to be read.
func onOneScreen(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = plain(strings.ReplaceAll(strings.TrimSuffix(lines[i], "\r"), "\t", "    "))
	}
	return strings.Join(lines, "\n  ")
}

// forPeople is an event as a sentence, "" if it needs none.
func (s *screen) forPeople(kind, who, what string) string {
	switch kind {
	case "started":
		return s.paint(dim, "Contact "+what+". /typing says that you are writing, /quit leaves.")
	case "message":
		return s.paint(bold, who+":") + " " + what
	case "partial", "delivered":
		return ""
	case "attachment":
		return s.paint(bold, who+":") + " [" + what + "]"
	case "typing":
		return s.paint(dim, who+" is writing …")
	case "read":
		return s.paint(dim, "read")
	case "ended":
		return s.paint(dim, "The chat has ended.")
	case "lost":
		return s.paint(dim, "Connection lost, trying again: "+what)
	case "back":
		return s.paint(dim, "Connected again.")
	}
	return s.paint(dim, strings.TrimSpace(who+" "+strings.ReplaceAll(kind, ".", " ")))
}

// prompt shows what can be answered by choosing.
func (s *screen) prompt(who string, p *prompt) {
	text := s.paint(bold, onOneScreen(who)+":") + " " + onOneScreen(p.lines())
	if hint := p.hint(); hint != "" {
		text += "\n" + s.paint(dim, hint)
	}
	s.print(text)
}

// Styles that light and dark terminals have.
const (
	bold = "1"
	dim  = "2"
)

func (s *screen) paint(style, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}
