// Package mcp makes tools of Model Context Protocol servers available to the agent.
//
// Servers stand in a JSON file of the widespread mcpServers shape; without one nothing is started and nothing is connected to.
// A tool is named server__tool. What the server says of it decides whether it waits for a person: only a tool that says that
// it changes nothing, or that it adds without destroying in a closed world, does not; the file can say otherwise.
//
// A server that dies is started again, with growing pauses, and calls of its tools fail meanwhile, which the model is told.
// A call that got no answer, because its connection broke or a gateway answered in the server's place, is a tool.ErrLost. The
// connection is then asked whether it is still there, and the other calls on it go on.
// What a crash leaves, and a lost call: the call may have been made. Tools that say that they are idempotent are called again,
// for the others a person is asked.
package mcp
