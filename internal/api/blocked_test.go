package api_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parley-chat/parley/internal/center"
)

// A chat of a blocked customer is refused as the front door refuses a caller, and neither the answer nor the log says who it is.
func TestBlockedCustomersAreDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := policed(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)
		start := func(customer string) string {
			return w.signed("PUT", "/contact/chat", `{"InstanceId":"`+instanceID+`","ContactFlowId":"`+flowID+`","ParticipantDetails":{"DisplayName":"Ann"},"CustomerId":"`+customer+`"}`)
		}
		if got := start("ann-4711"); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Fatal(got)
		}
		if _, err := w.catalog.Block(t.Context(), instanceID, center.BlockedCustomer{CustomerID: "ann-4711"}); err != nil {
			t.Fatal(err)
		}
		got := start("ann-4711")
		if !strings.HasPrefix(got, "HTTP/1.1 403") || !strings.Contains(got, "x-amzn-ErrorType: AccessDeniedException") || !strings.Contains(got, `{"Message":"This customer is blocked and cannot start a chat"}`) {
			t.Errorf("a blocked customer: %s", got)
		}
		if got := start("ann-4712"); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("another customer: %s", got)
		}
		if strings.Contains(w.log.String()+got, "ann-4711") {
			t.Errorf("the CustomerId is told: %s", w.log)
		}
	})
}
