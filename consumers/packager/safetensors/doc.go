// Package safetensors reads and writes the safetensors format: an 8-byte length, a JSON header, the raw tensors.
//
// A Set is a file, or a folder with its index and shards. Nothing is mapped or read ahead: a caller reads the bytes
// or the elements that it asks for, so that a model of any size costs as much memory as the largest piece in work.
// A Writer streams tensors in the order of its header.
package safetensors
