// Package broker is how ragline reaches Kafka: addresses, TLS, SASL, client options, topic
// creation, acknowledged publishing, and reading topics without a group.
package broker
