// Package mask replaces personal data and secrets in events before they reach the log: e-mail addresses, telephone
// numbers, payment cards (Luhn), bank accounts (IBAN, mod 97), and keys and tokens.
//
// What reaches the log stays on it, and every sink reads it from there. So masking happens once, at the producer's
// edge, before the first byte is sent: in [sdk.Client] and with it in the gateway. Each field of an event is left as
// it is (off), masked ("[EMAIL]"), or hashed ("[EMAIL:h5c1f…]": the same value and key give the same mark, so that
// conversations of one person can still be counted).
//
// Patterns find neither names nor street addresses. A text that passed is not anonymous.
//
// The recognisers look at each byte a bounded number of times, so that no text, however hostile, costs more than its
// length. A JSON text stays JSON.
//
// [sdk.Client]: https://pkg.go.dev/github.com/ragline/ragline/producers/sdk#Client
package mask
