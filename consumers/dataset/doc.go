// Package dataset turns verified interactions into training data. It consumes interaction.captured, score.given
// and feedback.given. It emits dataset.ready, once for each dataset.
//
// A dataset is a pure function of the log's offset ranges, the rules and the seeds: the same inputs give the same
// rows, the same bytes and the same id. The package has no consumer group and no state of its own. It reads the
// whole history, folds it in memory, and learns from the datasets topic what has been announced.
//
// Crash between any two lines:
// while files are written, a temporary folder stays behind and is removed by a later build, which writes the
// same bytes again; between rename and publish, the folder is complete but not announced, and the next start
// announces it; while files are copied to a bucket, a place without a manifest is no dataset, and the next start copies the
// same bytes before it announces them; between publish and its ack, the next start finds the announcement on the topic, or repeats it
// with the same event id, which is derived from the dataset id. Readers drop repeats by that id.
package dataset
