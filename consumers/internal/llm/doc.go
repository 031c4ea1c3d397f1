// Package llm is the model that the agent talks to, behind one small interface.
//
// Messages, tool calls and usage are structured. How a provider encodes them, as text or as JSON, is its adapter's matter.
package llm
