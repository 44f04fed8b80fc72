package api_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

const usersInstance = "33333333-3333-4333-8333-333333333333"

// manyUsers makes an instance with users who differ in their names, tags and proficiencies.
func (w *world) manyUsers(n int) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.catalog.CreateInstance(ctx, center.Instance{ID: usersInstance, Alias: "many", IdentityManagementType: center.IdentitySAML}, "")
	for i := 0; i < n && err == nil; i++ {
		u := center.User{
			Head:             center.Head[center.UserID]{Name: fmt.Sprintf("agent-%05d", i), Tags: map[string]string{"team": fmt.Sprint(i % 20), "shift": fmt.Sprint(i % 3)}},
			Identity:         center.Identity{FirstName: []string{"Ann", "Bob", "Cleo", "Dan"}[i%4], LastName: fmt.Sprintf("Lastname%d", i%997)},
			SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(usersInstance, "security-profile", center.SecurityAgent))},
			RoutingProfile:   center.BasicRoutingProfileID(usersInstance),
		}
		u.Channels.SetPhoneConfig(center.PhoneConfig{Type: center.SoftPhone, AfterContactWork: 30})
		err = w.catalog.CreateUser(ctx, usersInstance, &u, nil)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// someUsers asks for a fifth or so of the users of manyUsers.
const someUsers = `{"InstanceId":"` + usersInstance + `","SearchFilter":{"TagFilter":{"OrConditions":[[{"TagKey":"shift","TagValue":"1"}],[{"TagKey":"team","TagValue":"7"},{"TagKey":"shift"}]]}},
	"SearchCriteria":{"OrConditions":[
		{"AndConditions":[{"StringCondition":{"FieldName":"LastName","Value":"name1","ComparisonType":"CONTAINS"}},{"StringCondition":{"FieldName":"FirstName","Value":"ann","ComparisonType":"EXACT"}}]},
		{"AndConditions":[{"StringCondition":{"FieldName":"Username","Value":"AGENT-00","ComparisonType":"STARTS_WITH"}},{"StringCondition":{"FieldName":"RoutingProfileId","Value":"` + "%s" + `"}}]},
		{"StringCondition":{"FieldName":"FirstName","Value":"cleo"}}]}%s}`

// BenchmarkSearchUsers searches ten thousand users, beside operations that every instance is asked for all day.
func BenchmarkSearchUsers(b *testing.B) {
	w := newWorld(b, nil)
	const n = 10_000
	w.manyUsers(n)
	profile := string(center.BasicRoutingProfileID(usersInstance))
	call := func(b *testing.B, method, path, body string) {
		for b.Loop() {
			if a := w.call(method, path, "", body); a.status != 200 {
				b.Fatal(a.status, a.body)
			}
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	first := w.call("POST", "/search-users", "", `{"InstanceId":"`+usersInstance+`","MaxResults":1}`)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if !strings.Contains(first.body, fmt.Sprintf(`"ApproximateTotalCount":%d`, n)) {
		b.Fatal(first.body)
	}
	b.Run("SearchUsers/page=100", func(b *testing.B) {
		b.ReportAllocs()
		call(b, "POST", "/search-users", fmt.Sprintf(someUsers, profile, ""))
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heap-B/user")
	})
	b.Run("SearchUsers/page=500", func(b *testing.B) {
		call(b, "POST", "/search-users", fmt.Sprintf(someUsers, profile, `,"MaxResults":500`))
	})
	conditions := slices.Repeat([]string{`{"StringCondition":{"FieldName":"LastName","Value":"nobody","ComparisonType":"CONTAINS"}}`}, 998)
	b.Run("SearchUsers/conditions=1000", func(b *testing.B) {
		call(b, "POST", "/search-users", `{"InstanceId":"`+usersInstance+`","SearchCriteria":{"OrConditions":[`+strings.Join(conditions, ",")+`]}}`)
	})
	b.Run("SearchResourceTags", func(b *testing.B) {
		call(b, "POST", "/search-resource-tags", `{"InstanceId":"`+usersInstance+`"}`)
	})
	b.Run("ListUsers/page=100", func(b *testing.B) { call(b, "GET", "/users-summary/"+usersInstance+"?maxResults=100", "") })
	b.Run("DescribeContactFlow", func(b *testing.B) { call(b, "GET", "/contact-flows/"+instanceID+"/"+flowID, "") })
}

// A search finds nothing of another instance: no record, no group, no tag, and not by a token either.
func TestSearchesStayInTheirInstance(t *testing.T) {
	w := newWorld(t, nil)
	w.manyUsers(3)
	in := func(instance, more string) string { return `{"InstanceId":"` + instance + `"` + more + `}` }
	var found struct {
		Users                 []struct{ Username string }
		NextToken             string
		ApproximateTotalCount *int
		Tags                  []struct{}
	}
	search := func(path, body string) {
		t.Helper()
		found.Users, found.NextToken, found.ApproximateTotalCount, found.Tags = nil, "", nil, nil
		a := w.call("POST", path, "", body)
		if a.status != 200 {
			t.Fatalf("%s %s: %d %s", path, body, a.status, a.body)
		}
		if err := json.Unmarshal([]byte(a.body), &found); err != nil {
			t.Fatal(err)
		}
	}
	search("/search-users", in(usersInstance, `,"MaxResults":2`))
	if len(found.Users) != 2 || *found.ApproximateTotalCount != 3 || found.NextToken == "" {
		t.Fatalf("in the users' instance: %+v", found)
	}
	token := found.NextToken
	search("/search-users", in(instanceID, ""))
	if len(found.Users) != 0 || *found.ApproximateTotalCount != 0 {
		t.Errorf("in another instance: %+v", found)
	}
	search("/search-users", in(instanceID, `,"NextToken":"`+token+`"`))
	if len(found.Users) != 0 {
		t.Errorf("in another instance, with a token: %+v", found)
	}
	search("/search-resource-tags", in(instanceID, ""))
	if len(found.Tags) != 0 {
		t.Errorf("tags in another instance: %+v", found)
	}
	if a := w.call("POST", "/search-queues", "", in(usersInstance, `,"NextToken":"`+token+`"`)); a.status != 400 {
		t.Errorf("a token of another operation: %d %s", a.status, a.body)
	}
	for _, queue := range []string{center.SeededID(instanceID, "queue", center.BasicQueueName), "arn:aws:connect:us-east-1:123456789012:instance/" + instanceID + "/queue/" + center.SeededID(instanceID, "queue", center.BasicQueueName)} {
		search("/search-queues", in(usersInstance, `,"SearchCriteria":{"StringCondition":{"FieldName":"resourceID","Value":"`+queue+`"}}`))
		if *found.ApproximateTotalCount != 0 {
			t.Errorf("a queue of another instance: %+v", found)
		}
	}
}

// More tags than can be answered are refused, at the bound and not before.
func TestTooManyTags(t *testing.T) {
	w := newWorld(t, nil)
	hours := center.SeededID(instanceID, "hours-of-operation", center.BasicHoursName)
	make50 := func(from, n int) {
		tags := map[string]string{}
		for i := range n {
			tags[fmt.Sprintf("key%04d", from+i)] = ""
		}
		body, err := json.Marshal(map[string]any{"Name": fmt.Sprint("queue ", from), "HoursOfOperationId": hours, "Tags": tags})
		if err != nil {
			t.Fatal(err)
		}
		if a := w.call("PUT", "/queues/"+instanceID, "", string(body)); a.status != 200 {
			t.Fatal(a.status, a.body)
		}
	}
	for i := range 20 {
		make50(i*50, 50)
	}
	ask := `{"InstanceId":"` + instanceID + `","MaxResults":1}`
	if a := w.call("POST", "/search-resource-tags", "", ask); a.status != 200 {
		t.Errorf("with 1000 tags: %d %s", a.status, a.body)
	}
	make50(1000, 1)
	if a := w.call("POST", "/search-resource-tags", "", ask); a.status != 400 || !strings.Contains(a.body, "at most 1000 tags can be found, these are 1001") {
		t.Errorf("with 1001 tags: %d %s", a.status, a.body)
	}
}
