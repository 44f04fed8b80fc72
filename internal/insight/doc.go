// Package insight answers what is asked afterwards, of rows that decisions have left: which contacts there were.
package insight
