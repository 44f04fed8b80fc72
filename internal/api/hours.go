package api

var hoursOps = map[string]handler{}
