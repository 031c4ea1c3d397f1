// Package e2e tests the built program as its users meet it: processes, ports, files. Nothing imports it.
package e2e
