// Package arch holds the test that ARCHITECTURE.md is true: which package may import which, and what a pure package
// may use.
//
// It holds tests only. It reads source files and depends on nothing of ours, so that a tree that does not compile can
// still be judged.
package arch
