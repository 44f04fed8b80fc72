// Package policy reads the policies of access keys and decides by them: may this caller do this to that?
//
// A policy is written in the language of AWS's identity-based policies, of which a part is known: Allow and Deny, Action and
// Resource with wildcards, and the conditions StringEquals and StringLike on the keys connect:InstanceId and
// aws:ResourceTag/KEY. What is not known is refused when a policy is read, since a policy of which a part is ignored would
// allow too much. The package is pure: what a request names, and the tags of it, are handed in.
// Source: IAM User Guide, "IAM JSON policy element reference" and "Policy evaluation logic".
package policy
