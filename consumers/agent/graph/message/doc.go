// Package message is the list of messages in a graph's state, in LangChain's JSON, with the rules of LangGraph's add_messages:
// a message is appended, or takes the place of the one with its id; one of type remove removes.
//
// A crash leaves nothing here: the reducer is pure, and an id that a message lacks is derived from it, so that replaying
// the writes of a thread gives the same list.
package message
