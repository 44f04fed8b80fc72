package flow

import (
	"encoding/json"
	"html"
	"strings"
	"time"
)

// ConnectParticipantWithLexBot (developer guide, "ConnectParticipantWithLexBot";
// admin guide, "Get customer input").
//
// The bot hears one message at a time. What the customer says while the bot
// thinks waits in the State, in order and within limits. The bot's last word
// decides whether it listens on; see lexReply.ended.
type connectParticipantWithLexBot struct {
	classic    bool // LexBot: Amazon Lex V1, whose runtime has ended
	alias      text
	prompt     text
	ssml       bool // prompt is marked up for speech
	initial    text // said by the customer before the bot
	begins     bool // with initial
	attributes []assignment
	limit      dynamic
}

// LexTimeoutSeconds.Text has these limits (admin guide, "Get customer input").
const (
	minLexTimeout = 60
	maxLexTimeout = 604_800

	inputTimeLimitExceeded = "InputTimeLimitExceeded"
)

func newConnectParticipantWithLexBot(p params) step {
	l := connectParticipantWithLexBot{
		classic: p.has("LexBot") && !p.has("LexV2Bot"),
		alias:   params{p.get("LexV2Bot")}.text("AliasArn"),
		prompt:  p.text("Text"),
		initial: params{p.get("LexInitializationData")}.text("InitialMessage"),
		begins:  p.has("LexInitializationData"),
		limit:   params{p.get("LexTimeoutSeconds")}.dynamic("Text"),
	}
	if !l.prompt.present() {
		l.prompt, l.ssml = p.text("SSML"), true
	}
	attributes := p.get("LexSessionAttributes")
	for i, name := range attributes.names {
		v, _ := attributes.kids[i].scalar()
		l.attributes = append(l.attributes, assignment{key: newText(name), value: newText(v)})
	}
	return l
}

// lexDialog is what the action keeps while it is suspended.
type lexDialog struct {
	Alias   string   `json:"a"`
	Session string   `json:"s,omitempty"` // the sessionState of the first request, until it was sent
	Limit   int      `json:"l,omitempty"` // seconds that the customer may take, 0 without a limit
	Inbox   []string `json:"i,omitempty"` // said while the bot was thinking
}

func (l connectParticipantWithLexBot) run(r *run) outcome {
	d, why := l.begin(r)
	if why != "" {
		return fail(why)
	}
	first := ""
	if l.begins {
		if first = strings.TrimSpace(l.initial.resolve(&r.s)); first == "" {
			return fail("the contact has no initial message")
		}
	}
	if o := l.greet(r); o.ending != succeeded {
		return o
	}
	r.clearData("Lex") // what the last bot said, which was still known to the parameters
	if l.begins {
		return d.ask(r, first)
	}
	return d.listen(r)
}

// begin resolves what the whole dialog needs.
func (l connectParticipantWithLexBot) begin(r *run) (d lexDialog, why string) {
	if l.classic {
		return d, "Amazon Lex V1 has ended: the action needs a LexV2Bot"
	}
	if d.Alias = l.alias.resolve(&r.s); d.Alias == "" {
		return d, "the bot's alias is empty"
	}
	if l.limit.present() {
		var ok bool
		if d.Limit, ok = integer(l.limit, &r.s, minLexTimeout, maxLexTimeout); !ok {
			return d, "the time limit is not a number from 60 to 604800"
		}
	}
	d.Session, why = l.session(r)
	return d, why
}

// session is the session state that the dialog begins with. The names of
// session attributes have dots and colons.
func (l connectParticipantWithLexBot) session(r *run) (state, why string) {
	if len(l.attributes) == 0 {
		return "", ""
	}
	set := make(map[string]string, len(l.attributes))
	for _, a := range l.attributes {
		if key := a.key.resolve(&r.s); key != "" {
			set[key] = a.value.resolve(&r.s)
		}
	}
	if !fits(nil, set) {
		return "", "the session attributes are too large"
	}
	return string(encoded(map[string]any{"sessionAttributes": set})), ""
}

// greet says what comes before the dialog. Speech is said without its marks,
// and audio not at all (inferred: the bot is what matters).
func (l connectParticipantWithLexBot) greet(r *run) outcome {
	text := l.prompt.resolve(&r.s)
	if l.ssml {
		text = withoutMarks(text)
	}
	return r.say(text, false)
}

func (l connectParticipantWithLexBot) resume(r *run, e Event) (outcome, bool) {
	var d lexDialog
	if json.Unmarshal(r.s.Waiting.Kept, &d) != nil {
		return outcome{ending: faulted, why: "what was kept of the dialog cannot be read"}, true
	}
	switch e := e.(type) {
	case CustomerMessage:
		return d.hear(r, e), false
	case TimerFired:
		return outcome{ending: failed, name: inputTimeLimitExceeded, why: "the customer said nothing"},
			e.ID != "" && e.ID == r.s.Waiting.Timer
	case Answered:
		if a, ok := r.answers(e); ok {
			o := d.answered(r, a)
			return o, o.ending != suspended
		}
	}
	return outcome{}, false
}

// What may wait while the bot thinks; what is more is lost to it.
const (
	maxInbox      = 10
	maxInboxBytes = 16_384
)

func (d lexDialog) hear(r *run, m CustomerMessage) outcome {
	text := spoken(m)
	switch {
	case text == "":
		return outcome{ending: suspended}
	case r.s.Waiting.Call == "":
		r.unlisten()
		return d.ask(r, text)
	}
	size := len(text)
	for _, s := range d.Inbox {
		size += len(s)
	}
	if len(d.Inbox) == maxInbox || size > maxInboxBytes {
		r.log(outcome{why: "the bot is behind and misses a message"}, way{at: -1})
		return outcome{ending: suspended}
	}
	d.Inbox = append(d.Inbox, text)
	w := *r.s.Waiting
	r.s.Waiting = &w
	return d.keep(r)
}

// spoken is what a message says to a bot: of a choice from an interactive
// message, what was chosen.
func spoken(m CustomerMessage) string {
	if m.ContentType == ContentTypeInteractiveResponse {
		var response struct {
			Action string `json:"action"`
			Data   struct {
				Content string `json:"content"`
			} `json:"data"`
		}
		if json.Unmarshal([]byte(m.Content), &response) == nil {
			for _, text := range []string{response.Data.Content, response.Action} {
				if text = strings.TrimSpace(text); text != "" {
					return text
				}
			}
		}
	}
	return strings.TrimSpace(m.Content)
}

// ask hands one message to the bot.
func (d lexDialog) ask(r *run, text string) outcome {
	r.call(RecognizeText{Alias: d.Alias, Text: text, Session: d.Session})
	d.Session = ""
	return d.keep(r)
}

func (d lexDialog) listen(r *run) outcome {
	r.listen(time.Duration(d.Limit) * time.Second)
	return d.keep(r)
}

// keep stores the dialog in the wait that has begun.
func (d lexDialog) keep(r *run) outcome {
	r.s.Waiting.Kept = encoded(d)
	return outcome{ending: suspended}
}

// answered: the bot says its part. Then the flow goes on, or the bot hears the
// next message.
func (d lexDialog) answered(r *run, a Answered) outcome {
	if a.Error != "" {
		return a.failure()
	}
	reply, why := readLexReply(a.Body)
	if why != "" {
		return fail(why)
	}
	for _, m := range reply.messages {
		if o := r.say(m, true); o.ending != succeeded {
			return o
		}
	}
	r.setData("Lex", reply.facts)
	switch {
	case reply.failed:
		return fail("the bot could not fulfil the intent " + short(reply.intent))
	case reply.ended:
		return outcome{ending: resulted, value: value{text: reply.intent, missing: reply.intent == ""}, name: short(reply.intent)}
	case len(d.Inbox) > 0:
		text := d.Inbox[0]
		d.Inbox = d.Inbox[1:]
		r.s.Steps, r.s.Messages = 0, 0 // it is the customer who keeps the flow going
		return d.ask(r, text)
	}
	return d.listen(r)
}

// lexReply is what a flow needs of a response of RecognizeText.
type lexReply struct {
	messages []string        // what the bot says, ready to be sent
	facts    json.RawMessage // what $.Lex leads to
	intent   string
	ended    bool // the bot has had its last word
	failed   bool // ended, and the intent failed
}

// maxLexReply is the most bytes of a response; RecognizeText's own limits add
// up to less.
const maxLexReply = 65_536

// readLexReply reads the response of RecognizeText, or says why it is none.
func readLexReply(body string) (reply lexReply, why string) {
	if len(body) > maxLexReply {
		return reply, "the bot's response is too large"
	}
	var response recognizeTextResponse
	if err := json.Unmarshal([]byte(body), &response); err != nil {
		return reply, "the bot's response is not that of RecognizeText"
	}
	if response.SessionState == nil {
		return reply, "the bot's response has no sessionState"
	}
	for _, m := range response.Messages {
		reply.messages = append(reply.messages, m.content())
	}
	state := response.SessionState
	reply.intent = state.Intent.Name
	reply.ended = state.ended()
	reply.failed = reply.ended && state.Intent.State == lexFailed
	reply.facts = encoded(response.facts())
	return reply, ""
}

// recognizeTextResponse is the response of RecognizeText (Amazon Lex V2
// runtime API), as far as flows use it.
type recognizeTextResponse struct {
	Messages        []lexMessage        `json:"messages"`
	Interpretations []lexInterpretation `json:"interpretations"`
	SessionState    *lexSessionState    `json:"sessionState"`
}

type lexMessage struct {
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
	Card        *struct {
		Title    string `json:"title"`
		Subtitle string `json:"subtitle"`
		ImageURL string `json:"imageUrl"`
		Buttons  []struct {
			Text string `json:"text"`
		} `json:"buttons"`
	} `json:"imageResponseCard"`
}

type lexInterpretation struct {
	Intent     lexIntent   `json:"intent"`
	Confidence *lexScore   `json:"nluConfidence"`
	Sentiment  *lexFeeling `json:"sentimentResponse"`
}

type lexScore struct {
	Score json.Number `json:"score"`
}

type lexFeeling struct {
	Label  string                 `json:"sentiment"`
	Scores map[string]json.Number `json:"sentimentScore"`
}

type lexIntent struct {
	Name  string              `json:"name"`
	State string              `json:"state"`
	Slots map[string]*lexSlot `json:"slots"`
}

type lexSlot struct {
	Value *struct {
		Original    string `json:"originalValue"`
		Interpreted string `json:"interpretedValue"`
	} `json:"value"`
	Values   []*lexSlot          `json:"values"`
	SubSlots map[string]*lexSlot `json:"subSlots"`
}

type lexSessionState struct {
	Attributes   map[string]string `json:"sessionAttributes"`
	Intent       lexIntent         `json:"intent"`
	DialogAction struct {
		Type string `json:"type"`
	} `json:"dialogAction"`
}

// The states of an intent that end a dialog.
const (
	lexFulfilled           = "Fulfilled"
	lexReadyForFulfillment = "ReadyForFulfillment"
	lexFailed              = "Failed"
)

// ended: a bot that closes the dialog has ended it, and one that asks the
// customer for something has not, even where an intent is fulfilled. Where the
// bot leaves that open the state of the intent decides (inferred).
func (s *lexSessionState) ended() bool {
	switch s.DialogAction.Type {
	case "Close":
		return true
	case "ElicitIntent", "ElicitSlot", "ConfirmIntent":
		return false
	}
	switch s.Intent.State {
	case lexFulfilled, lexReadyForFulfillment, lexFailed:
		return true
	}
	return false
}

// dialogState is the name that $.Lex.DialogState has for where the dialog is:
// Fulfilled once an intent has come back to the flow (admin guide, "Amazon
// Lex attributes").
func (s *lexSessionState) dialogState() string {
	switch {
	case !s.ended():
		return s.DialogAction.Type
	case s.Intent.State == lexFailed, s.Intent.State == lexReadyForFulfillment:
		return s.Intent.State
	}
	return lexFulfilled
}

// content is a message as the chat can show it. A response card becomes a list
// to pick from.
func (m *lexMessage) content() string {
	switch {
	case m.Card != nil && len(m.Card.Buttons) > 0:
		return m.listPicker()
	case m.Card != nil:
		return strings.TrimSpace(m.Card.Title + "\n" + m.Card.Subtitle)
	case m.ContentType == "SSML":
		return withoutMarks(m.Content)
	}
	return m.Content
}

func (m *lexMessage) listPicker() string {
	content := map[string]any{"title": m.Card.Title}
	if m.Card.Subtitle != "" {
		content["subtitle"] = m.Card.Subtitle
	}
	if m.Card.ImageURL != "" {
		content["imageType"], content["imageData"] = "URL", m.Card.ImageURL
	}
	elements := make([]map[string]string, len(m.Card.Buttons))
	for i, b := range m.Card.Buttons {
		elements[i] = map[string]string{"title": b.Text}
	}
	content["elements"] = elements
	return string(encoded(map[string]any{"templateType": "ListPicker", "version": "1.0", "data": map[string]any{"content": content}}))
}

// facts is what $.Lex leads to (admin guide, "Amazon Lex attributes").
func (response *recognizeTextResponse) facts() map[string]any {
	state := response.SessionState
	facts := state.Intent.facts(nil)
	facts["DialogState"] = state.dialogState()
	if len(state.Attributes) > 0 {
		facts["SessionAttributes"] = state.Attributes
	}
	alternatives := make(map[string]any)
	for i := range response.Interpretations {
		in := &response.Interpretations[i]
		if in.Intent.Name != state.Intent.Name {
			alternatives[in.Intent.Name] = in.Intent.facts(in.Confidence)
			continue
		}
		if in.Confidence != nil {
			facts["IntentConfidence"] = map[string]any{"Score": in.Confidence.Score}
		}
		if in.Sentiment != nil {
			facts["SentimentResponse"] = in.Sentiment.facts()
		}
	}
	if len(alternatives) > 0 {
		facts["AlternativeIntents"] = alternatives
	}
	return facts
}

func (in *lexIntent) facts(confidence *lexScore) map[string]any {
	facts := map[string]any{"IntentName": in.Name}
	if confidence != nil {
		facts["IntentConfidence"] = map[string]any{"Score": confidence.Score}
	}
	if slots := slotFacts(in.Slots); len(slots) > 0 {
		facts["Slots"] = slots
	}
	return facts
}

func (f *lexFeeling) facts() map[string]any {
	scores := make(map[string]any, len(f.Scores))
	for name, score := range f.Scores {
		if name != "" {
			scores[strings.ToUpper(name[:1])+name[1:]] = score
		}
	}
	return map[string]any{"Label": f.Label, "Scores": scores}
}

// slotFacts leaves out slots that are not filled.
func slotFacts(slots map[string]*lexSlot) map[string]any {
	facts := make(map[string]any, len(slots))
	for name, slot := range slots {
		if v := slot.fact(); v != nil {
			facts[name] = v
		}
	}
	return facts
}

// fact is a slot's value: of several values all, with commas between; of a
// composite slot an object (inferred for both).
func (s *lexSlot) fact() any {
	switch {
	case s == nil:
		return nil
	case len(s.SubSlots) > 0:
		return slotFacts(s.SubSlots)
	case len(s.Values) > 0:
		var all []string
		for _, v := range s.Values {
			if text, ok := v.fact().(string); ok {
				all = append(all, text)
			}
		}
		return strings.Join(all, ",")
	case s.Value == nil:
		return nil
	case s.Value.Interpreted != "":
		return s.Value.Interpreted
	}
	return s.Value.Original
}

// withoutMarks is the text of SSML.
func withoutMarks(ssml string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(ssml, "<")
		b.WriteString(text)
		if !found {
			break
		}
		_, ssml, _ = strings.Cut(rest, ">")
		b.WriteByte(' ')
	}
	return html.UnescapeString(strings.Join(strings.Fields(b.String()), " "))
}

// encoded is a value of the engine's own as JSON.
func encoded(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("flow: a value does not encode: " + err.Error())
	}
	return b
}
