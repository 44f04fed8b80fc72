package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/api"
)

// parseThrottle reads --throttle: "off", "aws", or operations with a rate a second and a burst, "SendMessage=50/100,…".
func parseThrottle(s string) (api.Throttle, error) {
	switch s {
	case "", "off":
		return nil, nil
	case "aws":
		return api.AWSThrottle(), nil
	}
	t := api.Throttle{}
	for one := range strings.SplitSeq(s, ",") {
		name, limit, _ := strings.Cut(strings.TrimSpace(one), "=")
		rate, burst, ok := strings.Cut(limit, "/")
		perSecond, err1 := strconv.ParseFloat(rate, 64)
		n, err2 := strconv.Atoi(burst)
		if !ok || err1 != nil || err2 != nil {
			return nil, errors.New("--throttle must be off, aws or OPERATION=RATE/BURST,… such as SendMessage=50/100")
		}
		t[name] = api.Rate{PerSecond: perSecond, Burst: n}
	}
	if err := t.Check(); err != nil {
		return nil, fmt.Errorf("--%w", err) // it begins with throttle
	}
	return t, nil
}
