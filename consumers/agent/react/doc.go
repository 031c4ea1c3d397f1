// Package react is the ReAct loop as a durable graph: thought, action_selector, tool_executor, observation, final_answer,
// and human_review before a sensitive tool.
//
// Every node is a super-step, so a crash repeats at most one node. The thought may ask the model again; the tool executor
// may call a tool again if the tool says that this is safe, and otherwise asks a person.
package react
