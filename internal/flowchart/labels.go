package flowchart

import (
	"encoding/json"
	"strconv"
)

// labeller labels the branches of one block, in their order.
type labeller struct {
	kind   string
	metric string // that a CheckMetricData compares
	drawn  int    // percent that the branches before take
}

func metricOf(parameters json.RawMessage) string {
	for _, m := range members(parameters) {
		if m.name == "MetricType" {
			return scalar(m.raw)
		}
	}
	return ""
}

// failure labels the branch of an error.
func (l *labeller) failure(errorType string) string {
	if l.kind == "DistributeByPercentage" && errorType == "NoMatchingCondition" && l.drawn > 0 && l.drawn < 100 {
		return strconv.Itoa(100-l.drawn) + " %"
	}
	return failure(errorType)
}

// comparison labels the branch of a condition. A number says what it is.
func (l *labeller) comparison(operator, operand string) string {
	sign, known := comparisons[operator]
	switch {
	case !known || !isNumber(operand):
	case l.kind == "DistributeByPercentage":
		if share := l.share(operator, operand); share > 0 {
			return strconv.Itoa(share) + " %"
		}
	case l.kind == "GetParticipantInput" && operator == "Equals":
		return "key " + operand
	case l.metric == "OldestContactInQueueAgeSeconds":
		return sign + milliseconds(operand)
	case metricUnits[l.metric] != "":
		return sign + operand + " " + metricUnits[l.metric]
	}
	return comparison(operator, operand)
}

var metricUnits = map[string]string{
	"NumberOfAgentsAvailable": "agents available", "NumberOfAgentsStaffed": "agents staffed", "NumberOfAgentsOnline": "agents online",
	"NumberOfContactsInQueue": "contacts",
}

// share is how many percent take the branch: its limit counts those of the branches before it too. 0 where that is not so.
func (l *labeller) share(operator, operand string) int {
	limit, err := strconv.Atoi(operand)
	if operator == "NumberLessThan" {
		limit--
	} else if operator != "NumberLessOrEqualTo" {
		return 0
	}
	if err != nil || limit <= l.drawn || limit > 100 {
		return 0
	}
	share := limit - l.drawn
	l.drawn = limit
	return share
}

// milliseconds, which ages are compared in, for people.
func milliseconds(operand string) string {
	if n, err := strconv.Atoi(operand); err == nil && n%1000 == 0 {
		return duration(strconv.Itoa(n / 1000))
	}
	return operand + " ms"
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// comparison labels the branch of a condition of any block.
func comparison(operator, operand string) string {
	if label := results[operand]; label != "" && operator == "Equals" {
		return label
	}
	sign, known := comparisons[operator]
	if !known {
		sign = spaced(operator) + " "
	}
	return sign + operand
}
