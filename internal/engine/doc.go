// Package engine makes facts out of decisions, for any aggregate: a chat, an agent.
//
// An aggregate is a stream: numbered items, a state, due rows and claims. Whoever decides about streams is called with
// their snapshots while it holds their turns, says what is to be written, and is free of effects: when a stream has moved
// on meanwhile, it decides again. What was decided is committed as a whole, and announced after that. Due rows, which are
// the timers and the calls of others that streams wait for, are looked for and answered here. The engine knows nothing
// of what a chat or an agent is, and never decides.
package engine
