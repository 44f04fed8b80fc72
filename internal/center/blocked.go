package center

import (
	"time"
	"unicode/utf8"
)

// BlockedCustomer is a customer who may not start chats in an instance.
type BlockedCustomer struct {
	ID         string    `json:"id"` // see [BlockID]
	CustomerID string    `json:"customerId"`
	Reason     string    `json:"reason,omitempty"`
	By         UserID    `json:"by"`
	Since      time.Time `json:"since"`
}

// Permissions of security profiles that blocking asks for. Amazon Connect has none for it: these are parley's own.
const (
	PermitBlockedCustomers = "BlockedCustomers.View"
	PermitBlocking         = "BlockedCustomers.Edit"
)

// Bounds of what a block says. That of a CustomerId is StartChatContact's.
const (
	MaxCustomerID     = maxContactCustomerID
	MaxBlockReason    = 500
	MaxBlockedMessage = 500
)

// BlockID names the block of a customer: a UUID that is a hash, so that addresses and the audit log can name it without the
// CustomerId. It is another one in each instance.
func BlockID(at InstanceID, customer string) string {
	return SeededID(at, "blocked-customer", customer)
}

// Key is what a block is found by.
func (b *BlockedCustomer) Key() (id, name string) { return b.ID, "" }

// Check refuses a block without a customer, and texts that are too long.
func (b *BlockedCustomer) Check() error {
	switch n := utf8.RuneCountInString(b.CustomerID); {
	case n == 0:
		return Refuse(InvalidParameter, "customerId is required")
	case n > MaxCustomerID:
		return Refuse(InvalidParameter, "customerId must have at most %d characters, got %d", MaxCustomerID, n)
	}
	if n := utf8.RuneCountInString(b.Reason); n > MaxBlockReason {
		return Refuse(InvalidParameter, "reason must have at most %d characters, got %d", MaxBlockReason, n)
	}
	return nil
}

// blockedMessage is what a blocked customer is answered where the instance does not say otherwise.
const blockedMessage = "This customer is blocked and cannot start a chat"

// Blocked refuses a chat of a blocked customer. It says nothing of who that is.
func (i *Instance) Blocked() *Error {
	message := i.BlockedMessage
	if message == "" {
		message = blockedMessage
	}
	return Refuse(AccessDenied, "%s", message)
}

// SetBlockedMessage sets what blocked customers are answered; "" is the default message.
func (i *Instance) SetBlockedMessage(message string) error {
	if n := utf8.RuneCountInString(message); n > MaxBlockedMessage {
		return Refuse(InvalidParameter, "message must have at most %d characters, got %d", MaxBlockedMessage, n)
	}
	i.BlockedMessage = message
	return nil
}
