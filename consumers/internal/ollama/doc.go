// Package ollama is a client for the part of Ollama's HTTP interface that registers a model and proves it.
//
// What the client cannot say it cannot get wrong:
//
//   - Create takes one GGUF file and no `from`. A `from` that names an absent model makes Ollama pull from the internet.
//   - Create takes no adapter. A DoRA adapter kills the server, and the q_proj and k_proj of a LoRA adapter are
//     applied wrongly without a word. Adapters are merged before.
//   - Create needs a template and stop words. Ollama guesses both where they are missing, and for many models it
//     guesses a template that passes the bare prompt.
//
// Success is the line that says so: Ollama reports most errors under the status 200.
package ollama
