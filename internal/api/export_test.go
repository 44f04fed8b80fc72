package api

// Operations are those that are served, for the tests outside.
var Operations = operations
