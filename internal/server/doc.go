// Package server wires the packages together: a [Config] becomes a [Server], whose Handler answers every
// API and page, and whose Run is the life of the process from listening to the last drained request.
//
// It is used by the command, by scenarios and by tests alike, so that what is tested is what runs. It decides
// nothing about chats.
package server
