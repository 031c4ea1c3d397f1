// Package react is the ReAct loop as a durable graph: thought, action_selector, tool_executor, observation, final_answer,
// and human_review before a sensitive tool.
//
// The conversation is the key messages, in LangChain's form; the other keys refer to it. Every node is a super-step, and
// several calls of one message are parallel tasks of one super-step.
//
// An approval is of a call of one run with its arguments: a replay, a copy of the thread and a call that was changed ask again.
//
// What a crash leaves: within a node, the state before it, and the node runs again. The thought may ask the model again.
// Within a call, an intent without a receipt: see the tool's Reconcile and Idempotent; otherwise a person is asked, as after a
// call that was cut off by its time, a panic or a lost connection. The intent of a tool with neither is stored right before
// the call (Deps.Commit), so that a deployment between two super-steps leaves no question; that of the others comes with the
// super-step before. A call that had finished beside others is stored with its receipt, and does not run again.
package react
