// Package store keeps the facts: streams and their items, what is due, claims, receipts, resources, and rows for what is
// asked afterwards, in one [Store] over SQLite or PostgreSQL.
//
// Open it first; the schema is made, or brought up to date, there. Decisions come in through [Store.Commit], which
// answers nil only when each [center.Change] is durable as a whole (fsync, or PostgreSQL's commit) and otherwise says why
// nothing of it was kept. Commits that arrive together share one transaction.
//
// It depends on internal/center for the types it keeps and on nothing else of ours. It never decides anything,
// never reads a clock (every time is the caller's, kept as milliseconds UTC), never ticks while idle,
// and never retries a failed fsync.
package store
