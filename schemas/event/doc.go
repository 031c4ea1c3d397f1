// Package event is the contract on the wire: the generated protobuf messages of
// proto/ragline/v1 and the envelope around them.
//
// An event travels as a CloudEvents 1.0 event in Kafka's binary mode: attributes in
// headers (ce_id, ce_type, ...), the message as the record's value. Our own producers write
// protobuf; JSON (protojson) is accepted everywhere, and on a topic with a single type a bare
// JSON object without any header is an event too, so that a first publish takes one line.
package event
