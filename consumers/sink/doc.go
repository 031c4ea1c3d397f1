// Package sink consumes every topic of the catalogue and the dead letters of every consumer.
// It emits nothing: it stores each record as exactly one row of exactly one ClickHouse table.
//
// The runtime announces a batch before it hands it over and hands the same range over again after a crash.
// The sink inserts one block for each table that the batch touches, under a token made of the range. So:
//
//   - A crash before the first insert: the range comes again, and is inserted.
//   - A crash between two inserts: the tables that have their block ignore it by its token.
//   - A crash during an insert, or an answer that got lost: the block is stored or not, and the token decides.
//   - A crash of ClickHouse after it wrote the token down, before the rows have their place: the repeat is ignored and
//     answered as stored. So a batch that may be a repeat is looked up after its inserts, and what is missing is stored
//     under the next token of the same range.
//   - A crash after the last insert, before the commit: every block is ignored.
//   - A process that was frozen and wakes up: its insert carries the token of its successor's, its commit is refused.
//
// Tokens fail where the range changes (the group was rewound), where a block is older than ClickHouse's window, and
// where another version of the code puts a record into another table. So a batch that does not continue where this
// process left off is compared with the offsets that ClickHouse has, and what is stored is left out.
//
// What a record becomes is a pure function of its bytes and of the code. What is no event, or holds a value that no
// column can, becomes a row of raw_records. Nothing is skipped.
package sink
