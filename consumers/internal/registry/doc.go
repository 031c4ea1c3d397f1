// Package registry is the state of trained models, as the models topic tells it: the fold of its records.
//
// It has no store of its own. Whoever reads the topic from its start knows the same.
package registry
