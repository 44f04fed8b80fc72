// Package legacy turns the older export of Amazon Connect's console, which is made of modules and branches, into a
// document of the flow language 2019-10-30.
//
// It depends on nothing of ours and on no state: [Convert] is a function of its input. It carries what the two forms
// have in common, keeps every block and every connection, and tells in notes what it could not carry. It never invents:
// where the older document left a branch unconnected, so does the new one, and validation says so. It reads no 2019-10-30
// documents and writes no older ones.
//
// The older form was never documented. What its modules and parameters are called is taken from exports in public
// repositories, the sample flows of an instance among them; what they mean, from the blocks of the same name in the
// administrator guide.
package legacy
