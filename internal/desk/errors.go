package desk

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/door"
)

// fault is an answer that is no success: {"type", "message"}. The types are names of Amazon Connect's exceptions, those of
// its agent clients where they have one (amazon-connect-streams, "CTIExceptions").
type fault struct {
	status        int
	name, message string
}

func (f *fault) Error() string { return f.name + ": " + f.message }

// faults are what refusals are answered with.
var faults = map[center.Code]fault{
	center.InvalidParameter:   {status: http.StatusBadRequest, name: "InvalidParameterException"},
	center.InvalidRequest:     {status: http.StatusBadRequest, name: "InvalidRequestException"},
	center.InvalidState:       {status: http.StatusConflict, name: "InvalidStateException"},
	center.NotFound:           {status: http.StatusNotFound, name: "ResourceNotFoundException"},
	center.ContactNotFound:    {status: http.StatusNotFound, name: "ContactNotFoundException"},
	center.AccessDenied:       {status: http.StatusForbidden, name: "AccessDeniedException"},
	center.LimitExceeded:      {status: http.StatusPaymentRequired, name: "QuotaExceededException"},
	center.QuotaExceeded:      {status: http.StatusPaymentRequired, name: "QuotaExceededException"},
	center.BadEndpoint:        {status: http.StatusBadRequest, name: "BadEndpointException"},
	center.InvalidContactType: {status: http.StatusBadRequest, name: "InvalidContactTypeException"},
	center.Conflict:           {status: http.StatusConflict, name: "InvalidStateException"},
	center.Duplicate:          {status: http.StatusConflict, name: "DuplicateResourceException"},
	center.Unavailable:        {status: http.StatusServiceUnavailable, name: "ServiceUnavailableException"},
}

// faultOf is what an error is answered with. What is no refusal says nothing of its cause.
func faultOf(err error) *fault {
	var f *fault
	var refused *center.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &tooLarge):
		return &fault{http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "The request body must have at most " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes."}
	case errors.Is(err, door.ErrFull):
		return &fault{http.StatusServiceUnavailable, "ServiceUnavailableException", "Too much is arriving at once. Try again."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &fault{http.StatusRequestTimeout, "RequestTimeoutException", "The request body did not arrive in time."}
	case errors.As(err, &refused):
		if known, ok := faults[refused.Code]; ok {
			known.message = refused.Message
			return &known
		}
	}
	return &fault{http.StatusInternalServerError, "InternalServiceException", "The server failed to answer. Its log says why."}
}

// wait is a fault after which the caller may come again.
type wait struct {
	fault
	after time.Duration
}

func (w *wait) Unwrap() error { return &w.fault }

func (w *wait) seconds() string { return strconv.Itoa(int(math.Ceil(w.after.Seconds()))) }

func throttled(after time.Duration, message string) error {
	return &wait{fault{http.StatusTooManyRequests, "ThrottlingException", message}, after}
}

func unauthorized(message string) error {
	return &fault{http.StatusUnauthorized, "UnauthorizedException", message}
}

func forbidden(message string) error {
	return &fault{http.StatusForbidden, "AccessDeniedException", message}
}

// faultOutput is how an error is shown.
type faultOutput struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // or the client is gone
}
