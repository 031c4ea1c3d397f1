// Package trainer turns datasets into adapters. It consumes dataset.ready, training.* and model.trained. It emits
// training.started, training.progressed, training.blocked, training.failed, training.finished and model.trained.
//
// A job is one dataset, one base model and one set of settings. Its id is the hash of these, so the same dataset.ready
// twice is one job. The state of the jobs is the fold of the training topic, and the job's folder: config.json,
// checkpoints/, adapter/, result.json, log. There is no other store and no consumer group: training takes hours, so
// the package follows the topics from their start and owes nobody a commit. One process trains in a folder of jobs,
// the one that holds trainer.lock; the next one waits for it.
//
// Crash between any two lines:
//
//   - before config.json is renamed into place: the dataset is untrained, and the next start makes the job again.
//   - between config.json and training.started: the same; the file is overwritten with equal bytes.
//   - while a dataset is copied from a bucket: files that are not the announced ones, which are copied again.
//   - while the worker runs: the kernel asks the worker to end, and it saves a checkpoint. The next start waits for
//     it, or kills it after the grace: it finds it by worker.lock, which the worker inherited. Then the job goes on from its last
//     checkpoint, with another training.started that says from which step.
//   - when the worker alone dies: it is started again, from its last checkpoint.
//   - between the saved adapter and result.json: the worker is started again, finds all steps done and saves again.
//   - between result.json and the ack of training.finished and model.trained: the next start publishes both from
//     result.json, or what is missing. Their ids are derived from the job, so a repeat is recognised.
//   - between training.failed and the end of its worker: the worker is ended as above; the job stays failed.
package trainer
