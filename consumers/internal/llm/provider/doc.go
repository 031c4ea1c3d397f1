// Package provider chooses the model by configuration.
package provider
