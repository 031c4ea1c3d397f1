// Package tool holds what the agent can do: search, look up, quote a price, pass an enquiry on. Package mcp adds tools of servers.
//
// The two sensitive tools have no effect of their own. What they do is an event in their result, which the agent commits
// to its outbox together with the receipt of the call. A call that is cut off has done nothing, and running it again is safe.
//
// A tool that has effects of its own says how a call is taken up that a crash has cut off: Reconcile looks whether it was made,
// Idempotent allows to make it again, and without either a person is asked. Its CallID is the same in all of these.
//
// Limits.Run keeps a tool from holding up or swamping a run: a call that hangs or panics fails, and a large result is cut.
package tool
