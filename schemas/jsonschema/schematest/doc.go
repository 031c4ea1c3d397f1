// Package schematest checks JSON values against JSON Schema in tests. It knows the keywords that ragline's own
// schemas use and refuses a schema with any other, so that a misspelt keyword is a failure and not a silent pass.
package schematest
