package parley

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"

	"github.com/parley-chat/parley/internal/conversation"
)

// shownBytes is how much of a wrong answer errors show.
const shownBytes = 200

// Attach sends a file of size bytes and returns the attachment's id, which GetAttachment takes. The chat shows it as an
// [Attachment] once the service has scanned it. If the body is an [io.Closer], it is closed.
func (c *Chat) Attach(ctx context.Context, name, contentType string, size int64, body io.Reader) (attachmentID string, err error) {
	start, err := c.client.StartAttachmentUpload().ConnectionToken(c.connectionToken()).
		AttachmentName(name).ContentType(contentType).AttachmentSizeInBytes(size).Send(ctx)
	if err != nil {
		return "", err
	}
	id := given(start.AttachmentId)
	if err := c.upload(ctx, start, size, body); err != nil {
		return "", err
	}
	_, err = c.client.CompleteAttachmentUpload().ConnectionToken(c.connectionToken()).
		SetAttachmentIDs([]string{id}).Send(ctx)
	return id, err
}

// upload puts the bytes where StartAttachmentUpload said, with exactly the headers that it asked for.
func (c *Chat) upload(ctx context.Context, start *connectparticipant.StartAttachmentUploadOutput, size int64, body io.Reader) error {
	to := start.UploadMetadata
	if to == nil {
		return transferError("attachment upload", nil, errors.New("StartAttachmentUpload gave out no URL"))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, given(to.Url), body)
	if err != nil {
		return transferError("attachment upload", nil, conversation.WithoutURL(err))
	}
	r.ContentLength = size
	for name, value := range to.HeadersToInclude {
		r.Header.Set(name, value)
	}
	answer, err := c.transfer("attachment upload", r)
	if err != nil {
		return err
	}
	return answer.Close()
}

// Attachment fetches a file that the chat shows. The caller closes it.
func (c *Chat) Attachment(ctx context.Context, attachmentID string) (io.ReadCloser, error) {
	out, err := c.client.GetAttachment().ConnectionToken(c.connectionToken()).AttachmentID(attachmentID).Send(ctx)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, given(out.Url), nil)
	if err != nil {
		return nil, transferError("attachment download", nil, conversation.WithoutURL(err))
	}
	return c.transfer("attachment download", r)
}

// transfer sends a request to a URL that the service signed, and returns the body of a good answer.
func (c *Chat) transfer(what string, r *http.Request) (io.ReadCloser, error) {
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, transferError(what, r.URL, conversation.WithoutURL(err))
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		defer answer.Body.Close() //nolint:errcheck // its beginning says what there is to say
		begin, _ := io.ReadAll(io.LimitReader(answer.Body, shownBytes))
		e := transferError(what, r.URL, fmt.Errorf("status %d, content type %q: %q", answer.StatusCode, answer.Header.Get("Content-Type"), begin))
		e.Kind, e.StatusCode = KindResponse, answer.StatusCode
		return nil, e
	}
	return answer.Body, nil
}

// transferError is the error of a transfer, without the URL's query, which is a credential.
func transferError(what string, to *url.URL, err error) *Error {
	e := &Error{Kind: KindDispatch, Operation: what, Attempts: 1, Err: err}
	if to == nil {
		e.Kind, e.Attempts = KindConstruction, 0
	} else {
		e.Endpoint = to.Scheme + "://" + to.Host
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.Kind = KindTimeout
	}
	return e
}
