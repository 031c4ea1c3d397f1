// Package tool holds what the agent can do: search, look up, quote a price, pass an enquiry on.
//
// The two sensitive tools have no effect of their own. What they do is an event in their result, which the agent commits
// to its outbox together with the receipt of the call. A call that is cut off has done nothing, and running it again is safe.
package tool
