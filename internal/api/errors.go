package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/sigv4"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
)

// failure is an answer that is no success.
type failure struct {
	wire.ErrorShape
	message  string
	problems []string        // of InvalidContactFlowException and InvalidContactFlowModuleException
	property center.Property // of PropertyValidationException
	gateway  bool            // of the gateway before Amazon Connect, which spells "message"
	closing  bool            // the connection is of no more use
	cause    error           // for the log
}

func (f *failure) Error() string { return f.Code + ": " + f.message }

// requestTimeout is for a body that does not arrive in time. The code is in "Common Errors" of other AWS services;
// inferred for Amazon Connect.
var requestTimeout = wire.ErrorShape{Code: "RequestTimeoutException", Status: http.StatusRequestTimeout}

// serviceUnavailable is for a request for which there is no room. Clients try again.
// Source: Amazon Connect API Reference, "Common Error Types".
var serviceUnavailable = wire.ErrorShape{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable}

// declarable says which exceptions tell of each kind of refusal, the best first. The first that an operation declares
// is answered. The last ones are declared by every operation of their service: those of Amazon Connect declare
// InvalidRequestException or InvalidParameterException, and InternalServiceException.
var declarable = [center.Unavailable + 1][]wire.ErrorShape{
	center.Internal:           {connect.InternalServiceException, participant.InternalServerException},
	center.InvalidParameter:   {connect.InvalidParameterException, connect.InvalidRequestException, participant.ValidationException},
	center.InvalidRequest:     {connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.InvalidState:       {connect.ResourceConflictException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.NotFound:           {connect.ResourceNotFoundException, connect.InvalidRequestException, connect.InvalidParameterException, participant.AccessDeniedException},
	center.ContactNotFound:    {connect.ContactNotFoundException, connect.ResourceNotFoundException, connect.InvalidRequestException, connect.InvalidParameterException, participant.AccessDeniedException},
	center.AccessDenied:       {participant.AccessDeniedException, connect.InvalidRequestException, connect.InvalidParameterException},
	center.LimitExceeded:      {connect.LimitExceededException, connect.ServiceQuotaExceededException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.QuotaExceeded:      {connect.ServiceQuotaExceededException, connect.LimitExceededException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.Conflict:           {connect.ConflictException, connect.IdempotencyException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.Duplicate:          {connect.DuplicateResourceException, connect.ResourceConflictException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.InUse:              {connect.ResourceInUseException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.InvalidFlow:        {connect.InvalidContactFlowException, connect.InvalidContactFlowModuleException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.FlowNotPublished:   {connect.ContactFlowNotPublishedException, connect.ResourceNotFoundException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.NotTerminated:      {connect.ContactNotTerminatedException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.InvalidProperty:    {connect.PropertyValidationException, connect.InvalidParameterException, connect.InvalidRequestException, participant.ValidationException},
	center.TooManyResults:     {connect.MaximumResultReturnedException, connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.BadEndpoint:        {connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.InvalidContactType: {connect.InvalidRequestException, connect.InvalidParameterException, participant.ValidationException},
	center.Unavailable:        {connect.InternalServiceException, participant.InternalServerException},
}

// undeclared are answers that the documentation names, or that were seen, and that the API model does not declare.
// CreateParticipant's page says that a custom participant who does not connect within 15 seconds gets
// ResourceNotFoundException from CreateParticipantConnection. Terraform's provider expects AccessDeniedException of
// attributes of an instance that are not for everybody. A request of SearchUsers with both filters "will throw
// AccessDeniedException", its members say. That customers are blocked is a rule of this server alone: StartChatContact refuses them
// as the front door refuses a caller whose policy does not allow the operation.
var undeclared = map[string]map[center.Code]wire.ErrorShape{
	"CreateParticipantConnection": {center.NotFound: connect.ResourceNotFoundException},
	"SearchUsers":                 {center.AccessDenied: connect.AccessDeniedException},
	"StartChatContact":            {center.AccessDenied: connect.AccessDeniedException},
	"UpdateInstanceAttribute":     {center.AccessDenied: connect.AccessDeniedException},
}

// exceptions are an operation's answers to each kind of refusal.
func exceptions(op *wire.Op) (all [center.Unavailable + 1]wire.ErrorShape) {
	for code := range all {
		// The last is for the operations that do not declare InvalidRequestException either.
		for _, e := range append(declarable[code][:len(declarable[code]):len(declarable[code])], connect.InvalidParameterException) {
			if slices.Contains(op.Errors, e) {
				all[code] = e
				break
			}
		}
		if e, ok := undeclared[op.Name][center.Code(code)]; ok {
			all[code] = e
		}
		if all[code] == (wire.ErrorShape{}) {
			panic("api: " + op.Name + " declares no error that could tell of a refusal")
		}
	}
	return all
}

// internalMessage is all that a caller learns of a fault of ours. The request's id leads to the rest, in the log.
const internalMessage = "The service could not answer; its log has more under this request's x-amzn-RequestId."

// failure is what the operation answers to an error of the layers below.
func (t *target) failure(err error) *failure {
	var refused *center.Error
	var field *wire.FieldError
	var syntax *wire.SyntaxError
	switch {
	case errors.As(err, &refused):
		return &failure{ErrorShape: t.errors[refused.Code], message: refused.Message, problems: refused.Problems, property: refused.Property, cause: err}
	case errors.As(err, &field) && field.Field == "InstanceId" && field.Rule != wire.Missing:
		// As in operations whose InstanceId has no bounds in the model: see center.CheckInstance.
		return &failure{ErrorShape: t.errors[center.InvalidRequest], message: field.Error()}
	case errors.As(err, &field):
		return &failure{ErrorShape: t.errors[center.InvalidParameter], message: field.Error()}
	case errors.As(err, &syntax) && t.service == connectService:
		return &failure{ErrorShape: wire.SerializationException, message: syntax.Error()}
	case errors.As(err, &syntax):
		return &failure{ErrorShape: t.errors[center.InvalidParameter], message: syntax.Error()}
	}
	return &failure{ErrorShape: t.errors[center.Internal], message: internalMessage, cause: err}
}

// unsigned is the answer to a request that is not signed by whom it says.
func unsigned(err error) *failure {
	var refused *sigv4.Error
	if !errors.As(err, &refused) {
		return &failure{ErrorShape: connect.InternalServiceException, message: internalMessage, cause: err}
	}
	return &failure{ErrorShape: wire.ErrorShape{Code: refused.Code, Status: refused.Status}, message: refused.Message, gateway: true}
}

// The API model's bounds of InvalidContactFlowException: how many problems, and of how many characters each.
const (
	maxProblems     = 50
	maxProblemChars = 256
)

// problemList is what is wrong with a flow or module, cut to the API model's bounds.
func (f *failure) problemList() []connect.ProblemDetail {
	list := make([]connect.ProblemDetail, min(len(f.problems), maxProblems))
	for i := range list {
		message := f.problems[i]
		if runes := []rune(message); len(runes) > maxProblemChars {
			message = string(runes[:maxProblemChars])
		}
		list[i].Message = &message
	}
	return list
}

// appendBody appends the answer's body in the spelling of its service. Amazon Connect's exceptions have Message, but
// for InvalidContactFlowException and InvalidContactFlowModuleException, which have problems and Problems in its place.
// The Participant Service was seen with message where its API model says Message, and browsers cannot always read the
// header that has the error's name: it says all three.
func (f *failure) appendBody(dst []byte, service string) []byte {
	switch {
	case f.problems != nil && f.Code == connect.InvalidContactFlowException.Code:
		return (&connect.InvalidContactFlowExceptionBody{Problems: f.problemList()}).AppendJSON(dst)
	case f.problems != nil && f.Code == connect.InvalidContactFlowModuleException.Code:
		return (&connect.InvalidContactFlowModuleExceptionBody{Problems: f.problemList()}).AppendJSON(dst)
	case f.property.Path != "" && f.Code == connect.PropertyValidationException.Code:
		return (&connect.PropertyValidationExceptionBody{Message: &f.message, PropertyList: []connect.PropertyValidationExceptionProperty{
			{PropertyPath: &f.property.Path, Reason: &f.property.Reason, Message: &f.property.Message},
		}}).AppendJSON(dst)
	case service == participantService:
		dst = append(dst, `{"__type":`...)
		dst = wire.AppendString(dst, f.Code)
		dst = append(dst, `,"message":`...)
		dst = wire.AppendString(dst, f.message)
		dst = append(dst, `,"Message":`...)
	case f.gateway:
		dst = append(dst, `{"message":`...)
	default:
		dst = append(dst, `{"Message":`...)
	}
	return append(wire.AppendString(dst, f.message), '}')
}
