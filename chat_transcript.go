package parley

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"
)

// Transcript reads what the chat's transcript holds, newest first, page by page as it is asked for. In a persistent chat
// it goes on into the past sessions. Typing, idle participants and the like are not in transcripts; receipts are with
// their messages.
func (c *Chat) Transcript(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		pages := c.client.GetTranscript().ConnectionToken(c.connectionToken()).MaxResults(pageSize).
			ScanDirection(types.ScanDirectionBackward).SortOrder(types.SortKeyDescending)
		for found, err := range pages.Items(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			read, err := itemOf(&found)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(event(&read), nil) {
				return
			}
		}
	}
}
