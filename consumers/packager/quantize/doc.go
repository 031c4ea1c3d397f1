// Package quantize makes a smaller GGUF from one in f16 or bf16.
//
// llama-quantize does every type. Without it, the package does f16, q8_0 and q4_0 itself, and Ollama does q8_0 and
// q4_k_m when it imports a file. What a route cannot do is an error that names the route that can.
//
// A crash between any two lines leaves a temporary file beside the output, which the next run overwrites: the output
// is synced and renamed last.
package quantize
