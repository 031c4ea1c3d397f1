// Package topic is the catalogue: every topic with its key, partitions, retention, writers and readers.
// Topics are created from it explicitly; nothing relies on automatic creation.
package topic
