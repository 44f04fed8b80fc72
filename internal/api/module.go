package api

var moduleOps = map[string]handler{}
