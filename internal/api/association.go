package api

var associationOps = map[string]handler{}
