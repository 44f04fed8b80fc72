package center

// FlowAssociation says which flow a resource outside the flows, such as an email address, leads to.
type FlowAssociation struct {
	ResourceType string `json:"resourceType"`
	ResourceID   string `json:"resourceId"`
	FlowID       string `json:"flowId"` // as it was given, an id or ARN
}

// maxARN is how long an ARN may be that the API model has no bound for (inferred).
const maxARN = 2000

// Check refuses names that are none.
func (a *FlowAssociation) Check() error {
	if len(a.FlowID) > maxARN || len(a.ResourceID) > maxARN {
		return Refuse(InvalidParameter, "FlowId and ResourceId must have at most %d characters", maxARN)
	}
	return nil
}

// Key names the association: a resource leads to one flow.
func (a *FlowAssociation) Key() string { return a.ResourceType + "/" + a.ResourceID }

// SMSPhoneNumber is the type of resource that can be associated and looked up, but that is not among those that the API
// model lists.
const SMSPhoneNumber = "SMS_PHONE_NUMBER"
