// Package api serves the LangGraph server API, so that LangGraph's own clients can drive our graphs: its SDKs, agent-chat-ui,
// agent-inbox and Studio.
//
// It knows no Kafka and no ReAct loop. It reads HTTP, asks the backend of contract.go, and writes JSON and server-sent events.
// It keeps nothing itself: what a crash between any two lines leaves is what the backend had stored, and an open stream that a
// client joins again.
package api
