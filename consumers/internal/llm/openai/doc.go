// Package openai talks to any server with OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp and others.
//
// Tools go through the API's tool calls, or through ReAct's text protocol for models without them; see Mode. Either way the
// caller gets structured calls, and a completion that is nonsense becomes a call that says what is wrong with it.
//
// langchaingo writes the requests. The streams are read here: its reader joins the deltas of parallel tool calls by their order
// instead of their index, mixes them into the text, gives up at lines over 64 KB, and replaces errors by texts.
package openai
