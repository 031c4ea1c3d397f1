// Package merge puts a PEFT adapter into its base model and writes a bf16 folder in the form of Hugging Face.
//
// The base is read in its own precision, never in 4 bit. Math is in float32, one tensor at a time, its rows spread
// over the cores. Every tensor of the adapter has to be used: what is not understood is refused by name, because an
// adapter merged in part answers well enough to be promoted.
//
// A crash between any two lines leaves the earlier folder, or the new one, or none, and a temporary folder that the next
// merge into the same place removes: files are written there and synced, the earlier folder goes, the rename is last.
package merge
