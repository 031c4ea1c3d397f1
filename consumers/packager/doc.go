// Package packager makes of an adapter a model that Ollama serves. It consumes model.trained. It emits model.packaged,
// or model.rejected of the stage packager with what to do about it.
//
// The steps: merge the adapter into its base; convert to GGUF and verify; quantize and verify; write the Modelfile and
// package.json; create the model in Ollama under the name ragline-SERIES:VERSION-candidate; prove there that the
// template is ours, that each prompt of training is rendered byte for byte as training had it, and that the model
// answers; copy it to ragline-SERIES:VERSION; remove the candidate; announce. So a served name is always a proven model.
//
// The package has no consumer group: hours of work would lose it its partitions. It follows the models topic from the
// start, and the state of a model is the fold of its records. Run one packager for a log.
//
// A rejection whose reason is the model's stands until someone runs `ragline model package`. One whose reason is the
// machine's (disk_full, ollama_disk_full, ollama_unreachable, internal) is announced once and tried again every
// RAGLINE_PACKAGER_RETRY; a model.packaged that follows takes it back.
//
// Without Ollama, by RAGLINE_PACKAGER_OLLAMA: auto announces the verified file with an empty served name and no proven
// prompts, which the promoter leaves alone, and announces the newest model of each series again once Ollama answers
// and has it. on announces nothing but a rejection until Ollama answers. off never asks.
//
// Crash between any two lines:
//
//   - before package.json: the next run goes on after the last file that is whole. Files appear by rename; a GGUF that
//     was left is verified again and made again if it is wrong. A name ending in -quantizing may stay in Ollama until then.
//   - after package.json, before the copy: the candidate may stay in Ollama; the next run replaces it, proves it from
//     the beginning and removes it. The served name does not exist, or is what it was.
//   - after the copy, before the announcement: the next run proves and copies again.
//   - after the announcement, before its ack: the announcement is found on the topic, or repeated with the same id.
//
// A folder whose files were made from another adapter or another kind of base is emptied first.
package packager
