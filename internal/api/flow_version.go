package api

var flowVersionOps = map[string]handler{}
