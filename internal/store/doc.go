// Package store keeps the facts: chats and their items, what is due, claims, receipts and resources, in one
// [Store] over SQLite or PostgreSQL.
//
// Open it first; the schema is made, or brought up to date, there. Decisions come in through [Store.Commit], which
// answers nil only when the whole [center.Change] is durable (fsync, or PostgreSQL's commit) and otherwise says why
// nothing of it was kept. Commits that arrive together share one transaction.
//
// It depends on internal/center for the types it keeps and on nothing else of ours. It never decides anything
// about a chat, never reads a clock (every time is the caller's, kept as milliseconds UTC), never ticks while idle,
// and never retries a failed fsync.
package store
