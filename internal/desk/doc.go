// Package desk is the agent's side over HTTP: the operations below /agent/v1, which an agent's or a supervisor's client
// calls, and the signing in that comes before them.
//
// It finds out who calls, by the session that a cookie or a bearer token names, and what the user's security profiles
// permit. Then it makes one call into catalog and the packages beside it, and encodes the answer. All operations are rows
// of one table; an operation that is not in it does not exist. What agents may do is decided elsewhere; desk never decides
// about a contact. In memory it keeps limits, and the windows of its sockets with what they were shown.
package desk
