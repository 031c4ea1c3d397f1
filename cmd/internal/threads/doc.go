// Package threads is a client of the agent's LangGraph server API, for the command line: it reads threads, their states and
// histories, edits states, and runs a thread from a checkpoint.
//
// The store of a running agent is locked, so whoever wants to see a thread asks the agent.
package threads
