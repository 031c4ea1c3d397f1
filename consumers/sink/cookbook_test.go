package sink

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/loadgen"
	"github.com/ragline/ragline/schemas/clickhouse"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// question is a file of the cookbook.
type question struct{ name, text, sql string }

func questions(t testing.TB) []question {
	t.Helper()
	files, err := fs.Glob(clickhouse.Cookbook, "cookbook/*.sql")
	require.NoError(t, err)
	list := make([]question, len(files))
	for i, file := range files {
		sql, err := fs.ReadFile(clickhouse.Cookbook, file)
		require.NoError(t, err)
		heading, _, _ := strings.Cut(string(sql), "\n")
		list[i] = question{strings.TrimSuffix(path.Base(file), ".sql"), strings.TrimPrefix(heading, "-- "), string(sql)}
	}
	return list
}

// demo stores seeded traffic of three days, judged, with feedback, a training and what went wrong.
func demo(t *testing.T) bundle {
	t.Helper()
	d := &demoLog{story: story{b: setup(t), t: t, logs: map[string]*log{}}}
	for day := range 3 {
		cfg, err := env.ParseAsWithOptions[loadgen.Config](env.Options{Environment: map[string]string{
			"RAGLINE_LOADGEN_SEED": strconv.Itoa(day + 1), "RAGLINE_LOADGEN_START": noon.AddDate(0, 0, day-2).Format(time.RFC3339),
			"RAGLINE_LOADGEN_QUERIES": "40", "RAGLINE_LOADGEN_INTERACTIONS": "60", "RAGLINE_LOADGEN_SPANS": "400",
			"RAGLINE_LOADGEN_TENANT": []string{"acme", "globex", "acme"}[day],
		}})
		require.NoError(t, err)
		traffic, err := loadgen.New(cfg, nil)
		require.NoError(t, err)
		for e, more := traffic.Next(); more; e, more = traffic.Next() {
			d.tell(e)
		}
	}
	d.training()
	b := d.stored()
	b.handled(t, topic.DeadLetters("agent"), deadLetterOf(golden(t, "query.asked.v1"), "agent", "handler_failed"))
	return b
}

// demoLog adds what follows from an event.
type demoLog struct {
	story
	n int
}

func (d *demoLog) tell(e event.Event) {
	d.publish(e)
	d.n++
	switch m := e.Data.(type) {
	case *event.QueryAsked:
		state := event.AnswerState_ANSWER_STATE_ANSWERED
		if d.n%5 == 0 {
			state = event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE
		}
		d.publish(d.derive(e, "answer", &event.AnswerGiven{
			QueryId: e.ID, ThreadId: m.GetThreadId(), State: state, Success: true, Model: "synthetic-1", TotalTimeMs: int64(200 + d.n%7*100),
		}))
	case *event.InteractionCaptured:
		value := float64(d.n%10) / 10
		d.publish(d.derive(e, "score", &event.ScoreGiven{
			TraceId: m.GetTraceId(), Name: "grounding", Value: &value, State: event.ScoreState_SCORE_STATE_OK,
			Direction: event.Direction_DIRECTION_HIGHER_IS_BETTER, Passed: value >= 0.5, Evaluator: "grounding",
			EvaluatorVersion: strconv.Itoa(1 + d.n/700), Explanation: fmt.Sprintf("%.0f %% of the answer is in the sources", value*100),
		}))
		if d.n%3 == 0 {
			d.publish(d.derive(e, "feedback", &event.FeedbackGiven{TraceId: m.GetTraceId(), Value: proto.Float64(float64(d.n / 3 % 2))}))
		}
	}
}

func (d *demoLog) derive(cause event.Event, kind string, data proto.Message) event.Event {
	return event.Event{
		ID: event.DeriveID(cause.ID, kind, 0), Type: event.TypeOf(data), Source: "demo", Tenant: cause.Tenant,
		Time: cause.Time.Add(time.Second), Data: data,
	}
}

func (d *demoLog) publish(e event.Event) {
	r := encoded(d.t, e)
	if d.logs[r.Topic] == nil {
		d.logs[r.Topic] = &log{topic: r.Topic}
	}
	r.Timestamp = e.Time
	d.logs[r.Topic].add(r)
}

func (d *demoLog) training() {
	for _, data := range []proto.Message{
		&event.TrainingStarted{JobId: "job", DatasetId: "d", Method: "lora", BaseModel: "base"},
		&event.TrainingProgressed{JobId: "job", Step: 30, TotalSteps: 30, Loss: 1.5},
		&event.TrainingFinished{JobId: "job", TrainLoss: 1.5, EvalLoss: 1.75, Seconds: 600},
		&event.ModelTrained{Model: "support", Version: "1", JobId: "job", DatasetId: "d", BaseModel: "base"},
		&event.ModelEvaluated{Model: "support", Version: "1", CandidateScores: map[string]float64{"grounding": 0.9}, Questions: 24},
		&event.ModelPromoted{Model: "support", Version: "1", Reason: "better on 3 of 4 measures"},
	} {
		d.happened(data)
	}
	d.logs[topic.Queries].add(event.Record{Value: []byte("{"), Timestamp: noon, Headers: []event.Header{header(event.HeaderSubject, "acme")}})
}

func TestCookbookAnswersItsQuestions(t *testing.T) {
	t.Parallel()
	b := demo(t)
	require.Len(t, questions(t), 20)
	for _, q := range questions(t) {
		require.True(t, strings.HasSuffix(q.text, "?"), q.name)
		result, err := b.warehouse.Table(t.Context(), q.sql)
		require.NoError(t, err, q.name)
		require.NotEmpty(t, result.Rows, "%s answers nothing", q.name)
		var out bytes.Buffer
		require.NoError(t, result.WriteText(&out))
		requireGolden(t, path.Join("cookbook", q.name+".txt"), []byte(q.text+"\n\n"+trimmed(out.String())))
	}
}

// trimmed drops the blanks that end lines.
func trimmed(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}
