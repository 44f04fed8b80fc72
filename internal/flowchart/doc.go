// Package flowchart draws a flow document as an SVG picture: a block for each action, with a row for each of its
// branches, layered from left to right in the order in which a contact comes by, and lines that share a lane when they
// lead to the same block.
//
// It depends on nothing of ours and on no state: [Draw] is a function of the document and of the path to show. It reads
// what there is and judges nothing: drafts, unknown actions and branches that lead nowhere are drawn too. What a document
// says is text in the picture, and never markup, style or a link.
package flowchart
