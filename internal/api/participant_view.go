package api

var participantViewOps = map[string]handler{}
