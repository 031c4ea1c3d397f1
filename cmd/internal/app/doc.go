// Package app is the composition root: the configuration of everything, the list of consumers, and the order
// in which they start and stop. It holds no logic of its own.
package app
