package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// row is one line of the conversation as the page shows it.
type row struct {
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	PastContact string `json:"pastContact"`
	Mine        bool   `json:"mine"`
	Text        string `json:"text"`
}

// TestStoryInChromium runs the story through the page that people see: chatjs with web security on, so that CORS, the
// content security policy and the socket's origin are as they are for a customer.
func TestStoryInChromium(t *testing.T) {
	t.Parallel()
	program, browser := node(t), chromium(t)
	s := startDev(t)
	desk := newSDKDesk(t, s)
	step := steps(t)
	page := drive(t, "Chromium", exec.Command(program, "browser/page.mjs"))

	step("the page opens")
	var opened struct {
		Status  int    `json:"status"`
		Version string `json:"version"`
	}
	page.must("open", map[string]any{"url": s.endpoint + "/chat/", "executable": browser}, &opened)
	if opened.Status != 200 {
		t.Fatalf("GET /chat/ answered %d, want 200", opened.Status)
	}
	t.Logf("Chromium %s", opened.Version)

	step("a chat starts, and the flow greets")
	contact := startOnPage(page, "start", map[string]any{"name": customerName})
	page.must("note", map[string]any{"text": customerName + " joined"}, nil)
	bot := newSDKParticipant(t, s, desk.addBot(contact), true)
	bot.connect()
	page.must("note", map[string]any{"text": botName + " joined"}, nil)
	greeted := bot.transcript(100, "").Transcript
	for _, i := range greeted {
		if greeting(i) {
			page.must("see", map[string]any{"text": i.Content}, nil)
		}
	}

	step("messages go both ways, as text and never as markup")
	var said struct {
		ID string `json:"id"`
	}
	page.must("say", map[string]any{"text": "Is anybody there?"}, &said)
	bot.see("the customer's message", withID(said.ID))
	const nasty = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script> & so on`
	answered := bot.send(nasty)
	page.must("see", map[string]any{"text": nasty}, nil)
	var pwned struct {
		Value string `json:"value"`
	}
	page.must("evaluate", map[string]any{"expression": "typeof window.pwned"}, &pwned)
	if pwned.Value != "undefined" {
		t.Errorf("script in a message ran")
	}

	step("typing shows")
	bot.event(eventTyping, "")
	page.must("typing", map[string]any{"name": botName}, nil)
	page.must("type", map[string]any{"text": "hm"}, nil)
	bot.see("the customer typing", func(i item) bool { return i.ContentType == eventTyping && i.ParticipantRole == "CUSTOMER" })

	step("receipts show on both sides")
	bot.see("the page's read receipt", receiptFor(answered.Id, true))
	receipt(bot, said.ID, eventDelivered)
	page.must("progress", map[string]any{"text": "Is anybody there?", "want": "Delivered"}, nil)
	receipt(bot, said.ID, eventRead)
	page.must("progress", map[string]any{"text": "Is anybody there?", "want": "Read"}, nil)

	step("older pages load on demand, after a reload too")
	for n := range 20 {
		bot.send(fmt.Sprintf("line %d", n))
	}
	page.must("see", map[string]any{"text": "line 19"}, nil)
	page.must("reload", nil, nil)
	page.must("see", map[string]any{"text": "line 19"}, nil)
	if pages := olderOnPage(page); pages < 1 {
		t.Errorf("%d older pages after a reload, want at least 1", pages)
	}
	page.must("see", map[string]any{"text": "Is anybody there?"}, nil)
	checkRows(t, rowsOf(page), 0)
	screenshots(page, "", "talking")

	step("the customer ends the chat")
	page.must("end", nil, nil)
	page.must("note", map[string]any{"text": "The chat has ended"}, nil)
	bot.see("chat.ended", ended)
	screenshots(page, "", "ended")

	step("and comes back, to the whole past session and then from that segment on")
	for _, rehydration := range []string{"ENTIRE_PAST_SESSION", "FROM_SEGMENT"} {
		before := contact
		contact = startOnPage(page, "back", map[string]any{"rehydration": rehydration})
		if contact == before {
			t.Errorf("came back to the ended contact %s, want a new one", contact)
		}
		page.must("note", map[string]any{"text": customerName + " joined"}, nil)
		olderOnPage(page)
		page.must("see", map[string]any{"text": "Is anybody there?"}, nil)
		checkRows(t, rowsOf(page), 22)
		page.must("end", nil, nil)
	}
	screenshots(page, "", "returned")

	var seen struct {
		Troubles []string `json:"troubles"`
	}
	page.must("troubles", nil, &seen)
	for _, trouble := range seen.Troubles {
		t.Errorf("the page had trouble: %s", trouble)
	}
}

func startOnPage(page *driven, command string, arguments map[string]any) string {
	page.t.Helper()
	var started struct {
		ContactID string `json:"contactId"`
	}
	page.must(command, arguments, &started)
	if started.ContactID == "" {
		page.t.Fatalf("%s: the page has no contact", command)
	}
	return started.ContactID
}

func olderOnPage(page *driven) int {
	page.t.Helper()
	var loaded struct {
		Pages int `json:"pages"`
	}
	page.must("older", nil, &loaded)
	return loaded.Pages
}

func rowsOf(page *driven) []row {
	page.t.Helper()
	var shown struct {
		Rows []row `json:"rows"`
	}
	page.must("rows", nil, &shown)
	return shown.Rows
}

// checkRows holds the page to showing every item once and at least so many messages of the past, all before today's.
func checkRows(t *testing.T, rows []row, past int) {
	t.Helper()
	seen := map[string]bool{}
	pastMessages, today := 0, false
	for _, r := range rows {
		if seen[r.ID] {
			t.Errorf("the page shows %s %q twice", r.Kind, r.Text)
		}
		seen[r.ID] = true
		today = today || r.PastContact == ""
		if r.PastContact != "" && today {
			t.Errorf("the page shows %q of the past after something of today", r.Text)
		}
		if r.PastContact != "" && r.Kind == "MESSAGE" {
			pastMessages++
		}
	}
	if pastMessages < past {
		t.Errorf("the page shows %d past messages, want at least %d", pastMessages, past)
	}
}

// screenshots leaves pictures of the page, for people to look at.
func screenshots(page *driven, of, name string) {
	page.t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", ".work", "screenshots"))
	if err != nil {
		page.t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		page.t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		file := filepath.Join(folder, name+"-"+scheme+".png")
		page.must("screenshot", map[string]any{"name": of, "file": file, "scheme": scheme}, nil)
	}
}
