package topic

import (
	"strings"
	"time"
)

// Prefix starts the name of every topic.
const Prefix = "ragline."

// Names of the topics.
const (
	Queries      = Prefix + "queries"
	Answers      = Prefix + "answers"
	AnswerChunks = Prefix + "answer-chunks"
	Spans        = Prefix + "spans"
	Interactions = Prefix + "interactions"
	Scores       = Prefix + "scores"
	Feedback     = Prefix + "feedback"
	Reviews      = Prefix + "reviews"
	Documents    = Prefix + "documents"
	Enquiries    = Prefix + "enquiries"
	Quotations   = Prefix + "quotations"
	Datasets     = Prefix + "datasets"
	Training     = Prefix + "training"
	Models       = Prefix + "models"

	deadLetterPrefix = Prefix + "dlq."
)

// Topic is one entry of the catalogue.
type Topic struct {
	// Name is the whole name, with Prefix.
	Name string
	// Types are the ce_type values that the topic carries. Another type is a wrong topic.
	Types []string
	// Key says in words what the record key is.
	Key string
	// Partitions bounds the parallelism of readers. It is never lowered.
	Partitions int32
	// Retention is how long records are kept. Zero keeps them for ever.
	Retention time.Duration
	// Compacted keeps the last record of each key.
	Compacted bool
	// Writers and Readers are for people: the parts that use the topic.
	Writers, Readers []string
	// Doc is one sentence about the topic.
	Doc string
}

const day = 24 * time.Hour

// catalogue is the list of topics, in the order of the loop. What the log must be able to rebuild is kept for
// ever; chunks are a live stream only.
var catalogue = []Topic{
	{Name: Queries, Types: []string{"query.asked.v1"}, Key: "thread id", Partitions: 6, Writers: []string{"apps", "gateway", "agent"}, Readers: []string{"agent", "sink"}, Doc: "Questions to the agent."},
	{Name: Answers, Types: []string{"answer.given.v1"}, Key: "thread id", Partitions: 6, Writers: []string{"agent"}, Readers: []string{"gateway", "apps", "sink"}, Doc: "One result for each query."},
	{Name: AnswerChunks, Types: []string{"answer.chunk.v1"}, Key: "thread id", Partitions: 6, Retention: day, Writers: []string{"agent"}, Readers: []string{"gateway", "apps", "sink"}, Doc: "Pieces of answers while they are written."},
	{Name: Spans, Types: []string{"span.ended.v1"}, Key: "trace id", Partitions: 6, Writers: []string{"agent", "gateway", "promoter"}, Readers: []string{"exporter", "sink"}, Doc: "Complete OTel GenAI spans."},
	{Name: Interactions, Types: []string{"interaction.captured.v1"}, Key: "trace id", Partitions: 6, Writers: []string{"agent", "sdk", "gateway", "promoter"}, Readers: []string{"evaluator", "dataset", "sink"}, Doc: "Question, answer, sources: what evaluators and datasets need."},
	{Name: Scores, Types: []string{"score.given.v1"}, Key: "trace id", Partitions: 6, Writers: []string{"evaluator", "sdk", "gateway"}, Readers: []string{"exporter", "dataset", "sink"}, Doc: "Evaluation results."},
	{Name: Feedback, Types: []string{"feedback.given.v1"}, Key: "trace id", Partitions: 3, Writers: []string{"gateway", "sdk", "console"}, Readers: []string{"dataset", "exporter", "sink"}, Doc: "Verdicts of people on answers."},
	{Name: Reviews, Types: []string{"review.requested.v1", "review.decided.v1"}, Key: "thread id", Partitions: 3, Writers: []string{"agent", "console", "gateway"}, Readers: []string{"agent", "console", "sink"}, Doc: "Sensitive actions that wait for a person, and the decisions."},
	{Name: Documents, Types: []string{"document.changed.v1"}, Key: "document id", Partitions: 3, Compacted: true, Writers: []string{"knowledge", "gateway"}, Readers: []string{"agent", "sink"}, Doc: "The knowledge base: the last record of a key is the document."},
	{Name: Enquiries, Types: []string{"enquiry.submitted.v1"}, Key: "thread id", Partitions: 1, Writers: []string{"agent"}, Readers: []string{"apps", "sink"}, Doc: "Effects of the tool submit_enquiry."},
	{Name: Quotations, Types: []string{"quotation.generated.v1"}, Key: "thread id", Partitions: 1, Writers: []string{"agent"}, Readers: []string{"apps", "sink"}, Doc: "Effects of the tool generate_quotation."},
	{Name: Datasets, Types: []string{"dataset.ready.v1"}, Key: "dataset", Partitions: 1, Writers: []string{"dataset"}, Readers: []string{"trainer", "sink"}, Doc: "Announcements of datasets."},
	{Name: Training, Types: []string{"training.started.v1", "training.progressed.v1", "training.finished.v1", "training.failed.v1", "training.blocked.v1"}, Key: "job", Partitions: 1, Writers: []string{"trainer"}, Readers: []string{"console", "sink"}, Doc: "Training jobs as they run."},
	{Name: Models, Types: []string{"model.trained.v1", "model.packaged.v1", "model.evaluated.v1", "model.promoted.v1", "model.rejected.v1", "model.rolled_back.v1"}, Key: "model", Partitions: 1, Writers: []string{"trainer", "packager", "promoter", "cli"}, Readers: []string{"packager", "promoter", "agent", "sink"}, Doc: "The life of trained models, whole: the state of a series is the fold of its few records."},
}

// All returns the catalogue, in the order of the loop, without dead letters.
func All() []Topic { return append([]Topic(nil), catalogue...) }

// Get returns the entry of a topic, dead-letter topics included.
func Get(name string) (Topic, bool) {
	for _, t := range catalogue {
		if t.Name == name {
			return t, true
		}
	}
	if IsDeadLetters(name) {
		return deadLetters(name), true
	}
	return Topic{}, false
}

// For returns the topic that carries a type, or "".
func For(typ string) string {
	for _, t := range catalogue {
		if t.carries(typ) {
			return t.Name
		}
	}
	return ""
}

// DefaultType is the type of records without ce_type on a topic: its only type, or "".
func DefaultType(name string) string {
	if t, ok := Get(name); ok && len(t.Types) == 1 {
		return t.Types[0]
	}
	return ""
}

// DeadLetters returns the topic of the records that a consumer group gave up.
func DeadLetters(group string) string { return deadLetterPrefix + group }

// IsDeadLetters says whether a topic holds dead letters.
func IsDeadLetters(name string) bool { return strings.HasPrefix(name, deadLetterPrefix) }

func deadLetters(name string) Topic {
	group := strings.TrimPrefix(name, deadLetterPrefix)
	return Topic{
		Name: name, Key: "as it was", Partitions: 1,
		Writers: []string{group}, Readers: []string{"redrive", "sink"},
		Doc: "Records that " + group + " gave up, byte for byte, with the reason in headers.",
	}
}

func (t Topic) carries(typ string) bool {
	for _, have := range t.Types {
		if have == typ {
			return true
		}
	}
	return false
}
