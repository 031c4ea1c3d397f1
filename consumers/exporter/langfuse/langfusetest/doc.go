// Package langfusetest is a LangFuse that forgives nothing: what a real one shrugs at fails the test. It keeps every
// copy of a span that comes by OTLP, as v4 does, and one copy of each id of the ingestion API, as v2 and v3 do.
// Only test files may import it.
package langfusetest
