// Package openai talks to any server with OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp and others.
//
// Tools go through ReAct's text protocol, not through the API's tool calls: it works with every model, and langchaingo's
// tool-call streaming mixes JSON into the text. Only what follows "Final Answer:" is streamed.
package openai
