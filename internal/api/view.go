package api

var viewOps = map[string]handler{}
