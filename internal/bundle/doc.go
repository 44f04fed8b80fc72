// Package bundle is an instance as files: what an instance is configured with, one JSON file a resource, with names where
// the service has ids.
//
// It knows an instance by the operations of Amazon Connect alone, so one code reads from AWS, from a parley elsewhere and
// from one in the same process ([Within]). [Client.Read] reads an instance, [Bundle.Write] makes files of it, [Open] reads
// files and says all that is wrong with them, [Client.Plan] compares them with an instance, and [Plan.Apply] carries out
// the difference.
//
// What a kind of resource consists of is a row of the table in kinds.go. The rest of the package is the same for all.
//
// It never reads or writes passwords and secrets, and never changes anything while it finds a problem in the files.
package bundle
