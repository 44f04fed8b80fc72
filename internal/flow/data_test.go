package flow

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReferencesIntoWhatAFlowWasTold(t *testing.T) {
	s := New("f", "", 0)
	s.Contact.References = map[string]Reference{"order": {Value: "42", Type: "STRING"}}
	s.Contact.SegmentAttributes = map[string]string{
		"connect:Subtype":                "connect:Chat",
		"connect:CustomerAuthentication": `{"Status": "AUTHENTICATED", "Client": {"Id": 7}}`,
		"broken":                         `{"Status": `,
	}
	s.Data = Data{
		"External":         json.RawMessage(` {"a": {"b": {"c": "deep"}}, "n": 12.50, "yes": true, "null": null, "empty": "", "list": [ {"x": "y"}, 2 ], "e\"sc": "q", "twice": 1, "twice": 2, "text": "a\u00e9\n\"b\"" } `),
		"LambdaInvocation": json.RawMessage(`{"InvocationId":"i-1"}`),
		"Lex":              json.RawMessage(`{"IntentName":"Book","Slots":{"when":"noon"},"IntentConfidence":{"Score":0.9}}`),
		"Views":            json.RawMessage(`{"Action":"Next","ViewResultData":{"FormData":{"first name":"Ana"},"Category":["red","blue"],"Rows":[["a","b"],["c"]]}}`),
		"Metrics":          json.RawMessage(`{"Queue":{"Size":3},"Agents":{"Available":{"Count":0}}}`),
		"Modules":          json.RawMessage(`{"Input":{"age":40},"Result":"adult","ResultData":{"k":"v"}}`),
		"Customer":         json.RawMessage(`{"FirstName":"Ana","Attributes":{"tier":"gold"}}`),
		"Case":             json.RawMessage(`{"case_id":"c-7"}`),
		"Task":             json.RawMessage(`{"ContactId":"t-1"}`),
		"Wisdom":           json.RawMessage(`{"SessionArn":"arn:w"}`),
		"DataTables":       json.RawMessage(`{"q":{"price":"5"}}`),
		"DataTableList":    json.RawMessage(`{"ResultData":{"primaryKeyGroups":{"Default":[{"attributes":[{"attributeValue":"5"}]}]}}}`),
		"Loop":             json.RawMessage(`{"l":{"Index":0,"Element":{"id":"a"},"Elements":[{"id":"a"},{"id":"b"}]}}`),
	}
	for in, want := range map[string]string{
		"$.External.a.b.c":                        "deep",
		"$.External['a'].b['c']":                  "deep",
		"$.LambdaInvocation.ResultData.a.b.c":     "deep",
		"$.LambdaInvocation.InvocationId":         "i-1",
		"$.External.n $.External.yes":             "12.50 true",
		"$.External.text":                         "aé\n\"b\"",
		"$.External['e\"sc']":                     "q",
		"$.External.twice":                        "2",
		"$.External.a.b":                          `{"c": "deep"}`,
		"[$.External.null$.External.empty]":       "[]",
		"[$.External.list.0][$.External.list[0]]": "[][]",
		"[$.External.n.x][$.External.none.x]":     "[][]",
		"[$.External.]":                           `[{"a": {"b": {"c": "deep"}}, "n": 12.50, "yes": true, "null": null, "empty": "", "list": [ {"x": "y"}, 2 ], "e\"sc": "q", "twice": 1, "twice": 2, "text": "a\u00e9\n\"b\"" }.]`,
		"$.Lex.IntentName $.Lex.Slots.when $.Lex.IntentConfidence.Score":                        "Book noon 0.9",
		"$.Views.Action $.Views.ViewResultData.FormData['first name']":                          "Next Ana",
		"$.Views.ViewResultData.Category.0 $.Views.ViewResultData.Category[1]":                  "red blue",
		"$.Views.ViewResultData.Rows.1.0 [$.Views.ViewResultData.Rows.1.1]":                     "c []",
		"[$.Views.ViewResultData.Category.2][$.Views.ViewResultData.Category.x]":                "[][]",
		"[$.Views.ViewResultData.Category.99999999999999999999]":                                "[]",
		"$.Metrics.Queue.Size $.Metrics.Agents.Available.Count":                                 "3 0",
		"$.Modules.Input.age $.Modules.Result $.Modules.ResultData.k":                           "40 adult v",
		"$.Customer.FirstName $.Customer.Attributes.tier":                                       "Ana gold",
		"$.Case.case_id $.Task.ContactId $.Wisdom.SessionArn $.DataTables.q.price":              "c-7 t-1 arn:w 5",
		"$.Loop.l.Index $.Loop.l.Element.id $.Loop.l.Elements[1].id":                            "0 a b",
		"$.References.order.Value $.References.order.Type":                                      "42 STRING",
		"[$.References.order][$.References.order.Size][$.References.none.Value]":                "[][][]",
		"$.SegmentAttributes['connect:CustomerAuthentication']['Status']":                       "AUTHENTICATED",
		"$.SegmentAttributes['connect:CustomerAuthentication'].Client.Id":                       "7",
		"[$.SegmentAttributes.broken.Status][$.SegmentAttributes.none.x]":                       "[][]",
		"[$.SegmentAttributes['connect:Subtype'].ValueString]":                                  "[]",
		"[$.StoredCustomerInput][$.Email.Subject][$.Capabilities.Agent.Video]":                  "[][][]",
		"[$.CustomerEndpoint.Address][$.SystemEndpoint.Address][$.Agent.UserName]":              "[][][]",
		"`$.DataTableList.ResultData.primaryKeyGroups.Default[0].attributes[0].attributeValue`": "5",
		"is `$.DataTables.q.price` or '$.DataTables.q.price`":                                   "is 5 or '5`",
		"`$.External.n`": "`12.50`",
	} {
		if got := newText(in).resolve(&s); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for in, whole := range map[string]bool{
		"`$.DataTables.q.price`": true, "`$.DataTables.q.price": false, "`": false, "``": false, "`$.": false, "`$.Channel`": false, "`$.DataTables.q.price``": false,
	} {
		if got := wholeReference(in) != nil; got != whole {
			t.Errorf("%q: whole %v, want %v", in, got, whole)
		}
	}
}

func TestTemplatesKeepTypes(t *testing.T) {
	s := New("f", "", 0)
	s.Contact.Attributes = map[string]string{"name": `Ana "A"`, "loop": "$.Attributes.name"}
	s.Data = Data{"External": json.RawMessage(`{"n":1,"list":[1,{"a":null}],"no":null,"yes":false,"s":"x"}`)}
	for in, want := range map[string]string{
		`{"a": 1, "b": "900", "c": [true, null]}`:     `{"a":1,"b":"900","c":[true,null]}`,
		`{"a": "$.External.n"}`:                       `{"a":1}`,
		`{"a": "$.External.list", "b": "x"}`:          `{"a":[1,{"a":null}],"b":"x"}`,
		`["$.External.yes", "$.External.s"]`:          `[false,"x"]`,
		`["$.External.no", "$.External.none"]`:        `["",""]`,
		`"$.External"`:                                `{"n":1,"list":[1,{"a":null}],"no":null,"yes":false,"s":"x"}`,
		`{"a": "Ms $.Attributes.name, $.External.n"}`: `{"a":"Ms Ana \"A\", 1"}`,
		`"$.Attributes.loop"`:                         `"$.Attributes.name"`,
		`"$5 off"`:                                    `"$5 off"`,
		`"$.50 off"`:                                  `"$.50 off"`,
		`{}`:                                          `{}`,
		`{"$.Channel": "key", "a\"b": ""}`:            `{"$.Channel":"key","a\"b":""}`,
	} {
		doc, err := readJSON([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		got, fits := newTemplate(&doc).resolve(&s, 1000)
		if got != want || !fits {
			t.Errorf("%s: got %s, %v, want %s", in, got, fits, want)
		}
		if _, fits := newTemplate(&doc).resolve(&s, len(want)-1); fits {
			t.Errorf("%s: fits one byte less than it has", in)
		}
	}
}

func TestAFunctionsResponse(t *testing.T) {
	most := `{"k":"` + strings.Repeat("x", maxResponse-len(`{"k":""}`)) + `"}`
	for _, tt := range []struct{ body, responseType, why string }{
		{`{}`, stringMap, ""},
		{`{"a":"b","c":"$1000"}`, stringMap, ""},
		{most, stringMap, ""},
		{most + " ", stringMap, "the response has 32769 bytes, more than 32768"},
		{`{"a":1}`, stringMap, "the response is no STRING_MAP: a is not a string"},
		{`{"x":"y", "a" : true}`, stringMap, "the response is no STRING_MAP: a is not a string"},
		{`{"a":null}`, stringMap, "the response is no STRING_MAP: a is not a string"},
		{`{"a":{"b":"c"}}`, stringMap, "the response is no STRING_MAP: a is not a string"},
		{`{"a":["c"]}`, stringMap, "the response is no STRING_MAP: a is not a string"},
		{`{"` + strings.Repeat("é", 200) + `":1}`, stringMap, "the response is no STRING_MAP: " + strings.Repeat("é", 50) + "… is not a string"},
		{`{"a":{"b":[1,null,{"c":"d"}]}}`, jsonObject, ""},
		{`null`, stringMap, "the response is not a JSON object"},
		{`null`, jsonObject, "the response is not a JSON object"},
		{`[]`, jsonObject, "the response is not a JSON object"},
		{`"text"`, jsonObject, "the response is not a JSON object"},
		{``, jsonObject, "the response is not JSON"},
		{`{"a":`, jsonObject, "the response is not JSON"},
		{`{"a":"b"} x`, jsonObject, "the response is not JSON"},
		{`hello`, stringMap, "the response is not JSON"},
		{"{\"a\":\"\xff\"}", stringMap, "the response is not UTF-8"},
		{`{}`, "XML", "the response type is neither STRING_MAP nor JSON"},
	} {
		value, why := functionResponse(tt.body, tt.responseType)
		if why != tt.why || (value == nil) != (why != "") {
			t.Errorf("%.40q as %s: %q, value %t", tt.body, tt.responseType, why, value != nil)
		}
	}
}

// Whatever a function answers, the flow goes on by one of its branches, and what
// it keeps can be read and stored.
func FuzzFunctionResponse(f *testing.F) {
	for _, body := range []string{`{}`, `{"a":"b"}`, `{"a":{"b":[1,{"c":null}]}}`, `{"a":"\ud800"}`, `[]`, `null`, `{"":""}`, "{\"a\":\"\xff\"}", `{"a":1,"a":"b"}`, strings.Repeat(`{"a":`, 500) + `1` + strings.Repeat(`}`, 500)} {
		f.Add(body, "a.b[0]", true)
		f.Add(body, "a", false)
	}
	f.Fuzz(func(t *testing.T, body, path string, isJSON bool) {
		responseType := stringMap
		if isJSON {
			responseType = jsonObject
		}
		p := mustParse(t, document(`{"Identifier":"a","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"f","InvocationTimeLimitSeconds":8,"ResponseValidation":{"ResponseType":"`+responseType+`"}},
			"Transitions":{"NextAction":"m","Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"}]}},
			{"Identifier":"m","Type":"MessageParticipant","Parameters":{"Text":"$.External.a $.External.a.b $.External"},"Transitions":{"NextAction":"z"}},`+end))
		s, _ := p.Step(New("f", "", 0), Start{}, noon)
		s, effects := p.Step(s, Answered{ID: s.Waiting.Call, Body: body}, noon)
		if !s.Done || last(effects) != (Disconnect{}) {
			t.Fatalf("%q: %+v", body, effects)
		}
		kept := s.Data["External"]
		if _, why := functionResponse(body, responseType); (kept == nil) != (why != "") {
			t.Fatalf("%q: kept %s, %s", body, kept, why)
		}
		if got := newText("$.External." + path).resolve(&s); !utf8.ValidString(got) && utf8.ValidString(path) {
			t.Errorf("%q: %q is not UTF-8", body, got)
		}
		again := reload(t, s)
		if string(again.Data["External"]) != string(kept) {
			t.Errorf("stored %s, loaded %s", kept, again.Data["External"])
		}
		var all map[string]any
		if kept != nil && json.Unmarshal(kept, &all) == nil {
			asJSON(t, &s, all)
		}
	})
}

// asJSON: members read by a reference are those that encoding/json reads.
func asJSON(t *testing.T, s *State, all map[string]any) {
	t.Helper()
	for name, value := range all {
		got, ok := (&reference{root: "External", kind: told, path: []string{name}}).json(s)
		want, err := json.Marshal(value)
		if err != nil || !ok || !sameJSON(t, got, want) {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return string(encoded(x)) == string(encoded(y))
}
