// Package bench measures a parley from outside, end to end, as a process of its own on loopback: messages from
// SendMessage to both sockets, chats from StartChatContact to the greeting, memory of idle sockets and of waiting chats,
// and starting.
//
//	scripts/postgres run go test -run '^$' -bench . ./bench
//
// prints a table at the end. Beside each figure stands its baseline, measured in the same run and by the same client:
// a canned server, which answers everything at once with what it has and stores nothing. What is between the two is
// the price of being a contact centre on this machine. The client is bench/load's.
//
// PARLEY_TEST_POSTGRES adds PostgreSQL; PARLEY_BENCH_COLD_BUILD=1 adds a build with an empty cache; -short measures
// for a shorter time, on fewer sockets. PARLEY_BENCH_PROFILES names a folder for profiles of what was measured.
//
// The tests TestCost… say what one request takes of a server inside the test's process, in figures that do not depend on
// the machine: statements, reads, fsyncs, allocations. They run in the everyday suite. scripts/rates compares the
// benchmarks of two commits, scripts/syscalls the system calls.
package bench
