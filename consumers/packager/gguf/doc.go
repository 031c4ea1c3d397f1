// Package gguf converts a folder of Hugging Face to one GGUF file, reads such files, and verifies them.
//
// The converter is llama.cpp's script where that is installed, else Ollama's Go converter, whose output is finished
// here: element type, file type, chat template, end-of-turn token and lineage. The reader trusts no length in a
// file. The verifier compares a file with the folder that it was made from; it shares no code with either converter.
//
// A crash between any two lines leaves a temporary file beside the output, which the next conversion overwrites: the
// output is synced and renamed last.
package gguf
