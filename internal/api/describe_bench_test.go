package api_test

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// BenchmarkDescribe reads resources of several kinds by their ids. DescribeContactFlow, which reads a row and its content, is what the
// others are held against. DescribeRoutingProfile counts its queues and users besides.
func BenchmarkDescribe(b *testing.B) {
	w := newWorld(b, nil)
	seeded := func(kind, name string) string { return center.SeededID(instanceID, kind, name) }
	user := w.call("PUT", "/users/"+instanceID, "", `{"Username":"ann","Password":"Secret123","SecurityProfileIds":["`+
		seeded("security-profile", "Agent")+`"],"RoutingProfileId":"`+seeded("routing-profile", "Basic Routing Profile")+`"}`)
	_, id, _ := strings.Cut(user.body, `"UserId":"`)
	id, _, _ = strings.Cut(id, `"`)
	for _, of := range []struct{ operation, path string }{
		{"DescribeContactFlow", "/contact-flows/" + instanceID + "/" + flowID},
		{"DescribeQueue", "/queues/" + instanceID + "/" + seeded("queue", center.BasicQueueName)},
		{"DescribeHoursOfOperation", "/hours-of-operations/" + instanceID + "/" + seeded("hours-of-operation", center.BasicHoursName)},
		{"DescribeRoutingProfile", "/routing-profiles/" + instanceID + "/" + seeded("routing-profile", "Basic Routing Profile")},
		{"DescribeSecurityProfile", "/security-profiles/" + instanceID + "/" + seeded("security-profile", "Agent")},
		{"DescribeUser", "/users/" + instanceID + "/" + id},
	} {
		b.Run(of.operation, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if a := w.call("GET", of.path, "", ""); a.status != 200 {
					b.Fatal(a.status, a.body)
				}
			}
		})
	}
}
