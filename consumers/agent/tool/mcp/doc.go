// Package mcp makes tools of Model Context Protocol servers available to the agent.
//
// Servers stand in a JSON file of the widespread mcpServers shape; without one nothing is started and nothing is connected to.
// A tool is named server__tool. What the server says of it decides whether it waits for a person: only a tool that says that
// it changes nothing, or that it adds without destroying in a closed world, does not; the file can say otherwise.
//
// A server that dies is started again, with growing pauses, and calls of its tools fail meanwhile, which the model is told.
// What a crash leaves: a call that was under way may have been made. Tools that say that they are idempotent are called again,
// for the others a person is asked.
package mcp
