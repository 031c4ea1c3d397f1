// Package otlp reads OTLP, the protocol of OpenTelemetry, into events: spans of any instrumented application become
// span.ended, evaluation results become score.given, and a trace that has a question and an answer becomes
// interaction.captured, so that an application with an agent of its own is evaluated without changing it.
//
// Three families of attributes are understood: the GenAI semantic conventions (1.41, and the older names and events),
// OpenInference, and OpenLLMetry. What has a field in the event goes there under one name; everything else stays in the
// attributes, verbatim.
//
// An event's id is derived from the tenant, the trace and the span, so that a span that is sent again is the same event.
//
// # Interactions
//
// An interaction is made when the local root of a trace comes: a span without a parent, one whose parent is remote, or a
// span of kind SERVER or CONSUMER. The first span with a question and an answer, from the root downward, is the
// interaction; its sources are the documents of all retrieval spans of the trace that came with the root or, where the
// reader has a [Recall], before it. Therefore:
//
//   - Spans end before their parents, so that exporters send children first. Those of a trace that takes longer than
//     the exporter's delay (5 s by default) arrive in an earlier request than the root. A Recall remembers them, for ten
//     minutes, within 16 MiB. What it forgot, at a restart for example, and what came to another gateway behind the same
//     address is missing: the interaction then lacks these documents, and evaluators say that they had no context. A
//     collector's groupbytrace processor in front keeps traces together. Documents on the root itself always arrive with it.
//   - A span that comes after its root changes nothing in the interaction.
//   - A trace whose root never comes has no interaction.
//   - A request that is sent again gives the same interaction with the same id. The same spans cut into other requests
//     give the same id again, and the first to arrive counts.
//
// Spans are never held back, and what is remembered of them is lost in a crash. A request is acknowledged when all its events are;
// one that was cut off by a crash may have left some of its spans on the log, without their interaction. The sender
// repeats it, and the ids make the repeats recognisable.
package otlp
