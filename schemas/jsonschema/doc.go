// Package jsonschema holds one JSON Schema (2020-12) for each event, for producers in other languages.
//
// The files are generated from the protobuf descriptors: field names as protojson writes them, comments as
// descriptions, and the required fields that event.Validate asks for. Regenerate them with
//
//	go test ./schemas/jsonschema -update
package jsonschema
