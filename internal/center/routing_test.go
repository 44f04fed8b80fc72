package center_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

func statuses(r *center.RoutingCriteria, now time.Time) (all []string) {
	_, states := r.At(now)
	for _, s := range states {
		all = append(all, s.Status)
	}
	return all
}

// What the active step becomes when criteria stop counting, and that they stand still from then on.
func TestRoutingCriteriaEnd(t *testing.T) {
	r, err := center.ParseRoutingCriteria(criteria)
	if err != nil {
		t.Fatal(err)
	}
	if r.End(center.StepJoined, noon) != r {
		t.Error("criteria that do not count yet have ended")
	}
	active := r.Activate(noon)
	for _, status := range []string{center.StepJoined, center.StepInterrupted, center.StepDeactivated} {
		ended := active.End(status, noon.Add(45*time.Second))
		for _, after := range []time.Duration{45 * time.Second, time.Hour} {
			if got := statuses(ended, noon.Add(after)); !slices.Equal(got, []string{center.StepExpired, status, center.StepInactive}) {
				t.Errorf("%v after: %v", after, got)
			}
		}
		if ended.End(center.StepInterrupted, noon.Add(time.Hour)) != ended {
			t.Errorf("%s: criteria ended twice", status)
		}
	}
	if got := statuses(active, noon.Add(45*time.Second)); !slices.Equal(got, []string{center.StepExpired, center.StepActive, center.StepInactive}) {
		t.Errorf("the criteria that were not ended: %v", got)
	}
	if _, states := active.End(center.StepJoined, noon.Add(45*time.Second)).At(noon.Add(time.Hour)); !states[1].Expires.Equal(noon.Add(90 * time.Second)) {
		t.Errorf("the joined step would have expired at %v", states[1].Expires)
	}
}

// Criteria that replace others are numbered on, and count from their first step where the others counted.
func TestRoutingCriteriaAreReplaced(t *testing.T) {
	r, _ := center.ParseRoutingCriteria(criteria)
	by, _ := center.ParseRoutingCriteria(`{"Steps":[{"Expression":{"AttributeCondition":{"Name":"a"}}}]}`)
	if next := r.Replace(by, noon); next.Index != 1 || !next.Activated.IsZero() {
		t.Errorf("before the queue: %+v", next)
	}
	later := noon.Add(time.Minute)
	next := r.Activate(noon).Replace(by, later)
	if next.Index != 1 || !next.Activated.Equal(later) || len(next.Steps) != 1 || by.Index != 0 {
		t.Errorf("in the queue: %+v", next)
	}
	if third := next.Replace(r, later); third.Index != 2 || third.Activate(noon).Index != 2 {
		t.Errorf("the third: %+v", third)
	}
}

// Criteria are read as older versions stored them, and as this one does.
func TestStoredRoutingCriteria(t *testing.T) {
	var old center.RoutingCriteria
	if err := json.Unmarshal([]byte(`{"steps":[{"Expression":{"AttributeCondition":{"Name":"L","Value":"fr","ProficiencyLevel":3,"ComparisonOperator":"NumberGreaterOrEqualTo"}},"Expiry":{"DurationInSeconds":30}}],"activated":"2026-01-01T12:00:00Z"}`), &old); err != nil {
		t.Fatal(err)
	}
	if old.Index != 0 || old.Ending != "" || !old.Activated.Equal(noon) || old.Steps[0].Expression.Attribute.Level != 3 {
		t.Errorf("read as %+v", old)
	}
	r, err := center.ParseRoutingCriteria(`{"Steps":[{"Expression":{"NotAttributeCondition":{"Name":"L","Value":"fr","Range":{"MinProficiencyLevel":2,"MaxProficiencyLevel":3.5},"ComparisonOperator":"Range"}}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	r = r.Activate(noon).End(center.StepJoined, noon.Add(time.Second))
	r.Index = 2
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again center.RoutingCriteria
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	level := again.Steps[0].Expression.Not.Range
	if level == nil || level.Min != 2 || level.Max != 3.5 || again.Index != 2 || again.Ending != center.StepJoined || !again.Ended.Equal(noon.Add(time.Second)) {
		t.Errorf("read again as %+v", again)
	}
}
