package parley

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Kind says how far a request came before it failed.
type Kind int

const (
	// KindConstruction: the request could not be made, or was found wrong before it was sent. Nothing was sent, and a
	// retry fails the same way.
	KindConstruction Kind = iota + 1
	// KindTimeout: time ran out (the context's, WithTimeout's or WithAttemptTimeout's) or the context was cancelled
	// before a complete answer came. If Attempts is not 0, the service may have done what it was asked.
	KindTimeout
	// KindDispatch: no answer came; the connection failed or broke. The service may have done what it was asked.
	KindDispatch
	// KindResponse: an answer came that is not the API's: HTML, half a body, a redirect.
	KindResponse
	// KindService: the service answered with an error. Code says which; errors.As finds the SDK's type for it.
	KindService
)

func (k Kind) String() string {
	names := [...]string{KindConstruction: "construction", KindTimeout: "timeout", KindDispatch: "dispatch", KindResponse: "response", KindService: "service"}
	if k < KindConstruction || int(k) >= len(names) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return names[k]
}

// Error is the error of every failed request. [errors.As] finds it, and beneath it the SDK's error for the code:
//
//	var quota *types.LimitExceededException
//	if errors.As(err, &quota) { … }
//
// The functions [IsThrottling], [IsActiveChatQuota], [IsNotFound] and so on answer the usual questions without it.
type Error struct {
	Kind      Kind
	Operation string // as the API names it: StartChatContact
	Attempts  int    // how often it was tried; 0 when nothing was
	Endpoint  string // scheme and host of the last attempt: https://connect.us-east-1.amazonaws.com

	// Of the last answer, zero when there was none.
	StatusCode int
	RequestID  string
	Code       string // for KindService: ResourceNotFoundException, TooManyRequestsException, …

	Err error
}

// Unwrap returns what the SDK said.
func (e *Error) Unwrap() error { return e.Err }

// Error says what failed, where, after how many attempts, and why. It never holds a token or a message's content.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("parley: ")
	b.WriteString(e.Operation)
	b.WriteString(": ")
	b.WriteString(e.what())
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " after %d attempts", e.Attempts)
	}
	if e.RequestID != "" {
		b.WriteString(", request ")
		b.WriteString(e.RequestID)
	}
	if why := e.why(); why != "" {
		b.WriteString(": ")
		b.WriteString(why)
	}
	return b.String()
}

// what is the first half of the message: the kind in words, and where.
func (e *Error) what() string {
	at := ""
	if e.Endpoint != "" {
		at = " from " + e.Endpoint
	}
	switch e.Kind {
	case KindConstruction:
		return "not sent"
	case KindTimeout:
		if e.Attempts == 0 {
			return "given up before it was sent"
		}
		return "given up waiting for an answer" + at
	case KindDispatch:
		return "no answer" + at
	case KindResponse:
		return fmt.Sprintf("not an answer of the API%s (status %d)", at, e.StatusCode)
	case KindService:
		return fmt.Sprintf("%s (status %d)%s", e.Code, e.StatusCode, at)
	}
	return e.Kind.String()
}

// why is the second half: the cause, without the SDK's wrappings, which repeat the operation, the attempts and the ids.
func (e *Error) why() string {
	if e.Err == nil {
		return ""
	}
	var api smithy.APIError
	if e.Kind == KindService && errors.As(e.Err, &api) {
		return api.ErrorMessage()
	}
	err := e.Err
	for {
		switch err.(type) {
		case *verdict, *smithy.OperationError, *retry.MaxAttemptsError, *awshttp.ResponseError, *smithyhttp.ResponseError,
			*smithyhttp.RequestSendError, *smithy.DeserializationError, *aws.RequestCanceledError, *smithy.CanceledError:
			inner := errors.Unwrap(err)
			if inner == nil {
				return err.Error()
			}
			err = inner
		default:
			return err.Error()
		}
	}
}

// explain makes an Error of what the SDK returned, with what the trace knows of the last attempt.
func (t *trace) explain(err error) *Error {
	e := &Error{Operation: t.operation, Attempts: t.number, StatusCode: t.status, Err: err}
	if t.attempt != nil && t.sent {
		if req := t.attempt.Request; req != nil && req.Request != nil && req.URL != nil {
			e.Endpoint = req.URL.Scheme + "://" + req.URL.Host
		}
	}
	var answered *awshttp.ResponseError
	if errors.As(err, &answered) {
		e.RequestID = answered.ServiceRequestID()
	}
	var api smithy.APIError
	if e.Kind = t.kind(err); e.Kind == KindService && errors.As(err, &api) {
		e.Code = api.ErrorCode()
	}
	if e.Kind == KindConstruction && !t.sent {
		e.Attempts = t.number - 1 // the last was not one
		if e.Attempts < 0 {
			e.Attempts = 0
		}
	}
	if e.Kind == KindResponse && t.contentType != "" {
		e.Err = fmt.Errorf("%w (content type %s)", err, t.contentType)
	}
	return e
}

// kind sorts an error by how far the last attempt came. Time goes first: the SDK reports a context that ends as a failure
// of whatever step it met.
func (t *trace) kind(err error) Kind {
	var (
		api      smithy.APIError
		garbled  *smithy.DeserializationError
		refused  *refusal
		timedOut net.Error
	)
	switch {
	case errors.As(err, &refused):
		return KindConstruction
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		return KindTimeout
	case errors.As(err, &garbled), errors.Is(err, io.ErrUnexpectedEOF) && t.status != 0:
		return KindResponse
	case errors.As(err, &api) && t.status != 0:
		return KindService
	case !t.sent:
		return KindConstruction
	case t.status != 0:
		return KindResponse
	}
	return KindDispatch
}

// codes that mean that requests come too fast. LimitExceededException is not among them, though SDKs retry it alike: it
// says that a quota is used up.
var throttleCodes = func() map[string]bool {
	codes := map[string]bool{}
	for code := range retry.DefaultThrottleErrorCodes {
		codes[code] = code != quotaCode
	}
	return codes
}()

const quotaCode = "LimitExceededException"

// IsThrottling reports whether the service said that requests come too fast: TooManyRequestsException,
// ThrottlingException and the like. A used-up quota is something else; see [IsActiveChatQuota].
func IsThrottling(err error) bool { return throttleCodes[code(err)] }

// IsActiveChatQuota reports whether a chat was not started because the quota of concurrent active chats is used up. A
// later try succeeds only when some chat has ended. The service answers LimitExceededException with status 429, the
// status of throttling too.
func IsActiveChatQuota(err error) bool {
	var e *Error
	return errors.As(err, &e) && isActiveChatQuota(e.Operation, err)
}

func isActiveChatQuota(operation string, err error) bool {
	return (operation == "StartChatContact" || operation == "StartOutboundChatContact") && code(err) == quotaCode
}

// IsNotFound reports whether the service knows no such thing: no such instance, flow or contact, or a contact that
// has ended, which StopContact answers with ContactNotFoundException.
func IsNotFound(err error) bool {
	switch code(err) {
	case "ResourceNotFoundException", "ContactNotFoundException", "UserNotFoundException":
		return true
	}
	return false
}

// IsAccessDenied reports whether the caller may not do this: credentials that are unknown, expired or not allowed to,
// or a participant's token that is no longer good.
func IsAccessDenied(err error) bool {
	switch code(err) {
	case "AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException", "MissingAuthenticationTokenException",
		"ExpiredTokenException", "InvalidClientTokenId", "SignatureDoesNotMatch":
		return true
	}
	return false
}

// IsConflict reports whether the request met something that is already there or in use, or a change at the same time.
func IsConflict(err error) bool {
	switch code(err) {
	case "ConflictException", "ResourceConflictException", "DuplicateResourceException", "IdempotencyException",
		"ResourceInUseException", "ConditionalOperationFailedException":
		return true
	}
	return false
}

// IsInvalid reports whether the request itself is wrong, found here before it was sent or by the service.
func IsInvalid(err error) bool {
	switch code(err) {
	case "InvalidParameterException", "InvalidRequestException", "ValidationException", "InvalidContactFlowException", "SerializationException":
		return true
	}
	var e *Error
	return errors.As(err, &e) && e.Kind == KindConstruction
}

// IsRetryable reports whether the failure may pass by itself, so that the same request may succeed later. Send has
// retried such failures already, as often as [WithMaxAttempts] says.
func IsRetryable(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Kind == KindConstruction {
		return false
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool()
}

// code is the service's code of an error, "" if it is no service's.
func code(err error) string {
	var e *Error
	var api smithy.APIError
	switch {
	case errors.As(err, &e) && e.Kind != KindService:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return ""
}
