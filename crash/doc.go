// Package crash kills a parley and its PostgreSQL under load, cuts the power of its disk, and counts what is missing.
//
//	make crash                                                      20 kills an engine, 5 of the postmaster
//	PARLEY_TEST_POWERCUT=5 go test -run PowerCut -v ./crash         as root, on Linux with loop devices
//	make soak-pause                                                 10 times, one of two nodes stops for 20 s
//	make soak-locked                                                3 times, another session locks two chats
//	make soak-contact                                               20 kills at each commit of a contact with an agent
//	make soak-routing                                               20 kills of the node that routes, and 2,000 random histories
//
// Commits of several streams have a crash and a soak of their own, in internal/engine: make crash, make soak-streams.
//
// Chats of two go on through all of it. Their clients do as chatjs does: after a loss they call
// CreateParticipantConnection, open a new socket and read the transcript, and they repeat a request that was not
// answered with the same ClientToken. What must hold in the end:
//
//   - what was answered is there, on sockets and in transcripts, once, under the id of the answer;
//   - nothing was shown on a socket that is not there;
//   - each sender's messages are in order, times go on, and no number is missing in a chat's sequence in the store;
//   - a chat that was started again with its ClientToken is one chat, and its flow has greeted once;
//   - every socket is back.
//
// A contact with an agent is killed at each of its commits, from its start to the end of after-contact work, on both engines
// and with another node beside: it is not lost, has one owner, leaks no slot, and no agent is stuck (agents_test.go).
//
// Of two nodes the one that routes is killed while it offers contacts: the other offers what is left within 5 seconds, and no
// contact has two owners (router_test.go).
//
// What hangs and does not die is looked at by the soak targets: what a node, or another session, has locked in PostgreSQL
// when it hangs must not hold up the chats of others.
package crash
