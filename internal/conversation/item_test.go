package conversation

import (
	"encoding/json"
	"slices"
	"testing"
)

func read(t *testing.T, text string) *Item {
	t.Helper()
	it := new(Item)
	if err := json.Unmarshal([]byte(text), it); err != nil {
		t.Fatal(err)
	}
	return it
}

func identities(items ...Item) (all []string) {
	for i := range items {
		all = append(all, items[i].identity())
	}
	return all
}

// What a transcript says of a message and its receipts is what sockets say one by one.
func TestTranscriptsAndSocketsSayTheSame(t *testing.T) {
	transcript := read(t, `{"Id":"1","Type":"MESSAGE","Content":"hi","AbsoluteTime":"2026-01-01T00:00:00.000Z","MessageMetadata":{"MessageId":"1","Receipts":[
		{"RecipientParticipantId":"a","DeliveredTimestamp":"2026-01-01T00:00:01.000Z","ReadTimestamp":"2026-01-01T00:00:03.000Z"},
		{"RecipientParticipantId":"b","DeliveredTimestamp":"2026-01-01T00:00:02.000Z"}]}}`).apart()
	inOrder(transcript)
	sockets := []Item{
		*read(t, `{"Id":"1","Type":"MESSAGE","Content":"hi"}`),
		*read(t, `{"Id":"2","Type":"MESSAGEMETADATA","MessageMetadata":{"MessageId":"1","Receipts":[{"RecipientParticipantId":"b","DeliveredTimestamp":"2026-01-01T00:00:02.000Z"}]}}`),
		*read(t, `{"Id":"3","Type":"MESSAGEMETADATA","MessageMetadata":{"MessageId":"1","Receipts":[{"RecipientParticipantId":"a","ReadTimestamp":"2026-01-01T00:00:03.000Z"}]}}`),
	}
	if a, b := identities(transcript...), identities(sockets...); !slices.Equal(a, b) {
		t.Errorf("%q and %q", a, b)
	}
	for _, it := range sockets {
		if apart := it.apart(); len(apart) != 1 || apart[0].ID != it.ID {
			t.Errorf("%+v became %+v", it, apart)
		}
	}
}

func TestWhatIsSaidAgainWithNews(t *testing.T) {
	all := identities(
		*read(t, `{"Id":"1","Type":"MESSAGE","MessageMetadata":{"MessageCompleted":false,"ChunkNumber":1}}`),
		*read(t, `{"Id":"1","Type":"MESSAGE","MessageMetadata":{"MessageCompleted":false,"ChunkNumber":2}}`),
		*read(t, `{"Id":"1","Type":"MESSAGE","MessageMetadata":{"MessageCompleted":true}}`),
		*read(t, `{"Id":"2","Type":"ATTACHMENT","Attachments":[{"Status":"IN_PROGRESS"}]}`),
		*read(t, `{"Id":"2","Type":"ATTACHMENT","Attachments":[{"Status":"APPROVED"}]}`),
		*read(t, `{"Type":"MESSAGEMETADATA","MessageMetadata":{"MessageId":"1","Receipts":[{"RecipientParticipantId":"a"}]}}`),
		*read(t, `{"Type":"MESSAGEMETADATA","MessageMetadata":{"MessageId":"1","Receipts":[{"RecipientParticipantId":"a","ReadTimestamp":"x"}]}}`),
	)
	slices.Sort(all)
	if len(slices.Compact(all)) != 7 {
		t.Errorf("some of %q are the same", all)
	}
}
