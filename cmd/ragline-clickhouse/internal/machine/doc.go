// Package machine tells how much memory the engine may take.
package machine
