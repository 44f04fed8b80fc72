// Package routing decides which waiting contact is offered to which agent.
//
// An [Index] holds what the decision needs: contacts that wait, agents, and their routing profiles, all of one instance and
// of the channel CHAT. Put each when it changes. [Index.Match] returns the offers that are due and when time alone changes the
// answer; [Index.Explain] says why a contact waits and why each agent does not get it, by the same rules. Neither changes what
// was put: once an offer is committed, put its contact and its agent as they are then.
//
// Everything here is a value or a function of values. An Index is for one goroutine at a time.
//
// The rules are those of the Administrator Guide: "How routing works", "Concepts: routing profiles", "Routing profile priority and
// delay", "Set routing criteria", "Set next status". Where it is silent the rule is marked (inferred).
package routing
