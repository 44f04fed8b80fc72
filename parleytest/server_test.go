package parleytest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/parleytest"
)

const greeting = "Hello! You are talking to parley. Say something; a second participant can join and answer."

func talk(t *testing.T) {
	s := parleytest.New(t)
	ada := s.Start("")
	ada.Hears(greeting)
	s.Invite(ada.ContactID(), "Echo", func(m parley.Message) string { return strings.ToUpper(m.Content) })
	ada.Say("hello")
	ada.Hears("HELLO")
	s.Settle()
	s.Advance(time.Hour + time.Second)
	ada.Hears("It has been quiet for an hour, so this chat ends here. Goodbye!")
	ada.Ends()
}

func TestAChatWithABot(t *testing.T) { talk(t) }

func TestAChatWithABotInABubble(t *testing.T) { synctest.Test(t, talk) }
