package sink

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
)

func TestEvaluatorDriftComparesWithTheWeekBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := &log{topic: "ragline.scores"}
	give := func(id string, day int, version string, value float64) {
		data := score(1, "grounding", value, event.Direction_DIRECTION_HIGHER_IS_BETTER)
		data.EvaluatorVersion = version
		r := encoded(t, event.Event{ID: id, Type: event.TypeOf(data), Source: "test", Tenant: "acme", Time: noon.AddDate(0, 0, day), Data: data})
		l.add(r, r)
	}
	give("a", -9, "1", 0) // too long ago
	give("b", -2, "1", 0.5)
	give("c", -1, "1", 1)
	give("d", 0, "1", 0.25)
	give("e", 0, "2", 0.25)
	require.NoError(t, b.HandleBatch(t.Context(), l.all()))
	require.Equal(t, []string{
		`{"day":"2026-11-24","evaluator_versions":["1","2"],"scores":2,"mean":0.25,"mean_before":0.75,"shift":-0.5,"shift_in_deviations":-2}`,
		`{"day":"2026-11-23","evaluator_versions":["1"],"scores":1,"mean":1,"mean_before":0.5,"shift":0.5,"shift_in_deviations":null}`,
	}, b.rows(t, "SELECT day, evaluator_versions, scores, mean, mean_before, shift, shift_in_deviations FROM evaluator_drift LIMIT 2"))
	require.Equal(t, []string{`{"mean_before":null}`}, b.rows(t, "SELECT mean_before FROM evaluator_drift WHERE day = '2026-11-15'"))
}

// A model that is judged before it answers says nothing about the answers that people were given.
func TestScoresOfTheGateCountNowhere(t *testing.T) {
	t.Parallel()
	s := tell(t)
	for i, origin := range []*event.Origin{{Environment: "production"}, {Environment: event.EnvironmentGate}} {
		s.happened(&event.InteractionCaptured{TraceId: trace(i + 1), Question: fmt.Sprint("q", i+1), Answer: "a", Model: "m", Origin: origin})
	}
	s.happened(score(1, "grounding", 0.75, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	s.happened(score(2, "grounding", 0.25, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	b := s.stored()
	require.Equal(t, []string{`{"scores":1,"mean":0.75}`}, b.rows(t, "SELECT scores, mean FROM score_means"))
	require.Equal(t, []string{`{"scores":1,"mean":0.75}`}, b.rows(t, "SELECT scores, mean FROM evaluator_drift"))
	require.Equal(t, []string{`{"question":"q1"}`}, b.rows(t, "SELECT question FROM worst_answers"))
}

func TestModelVersionsKnowWhichOneAnswers(t *testing.T) {
	t.Parallel()
	s := tell(t)
	for _, version := range []string{"1", "2", "3"} {
		s.happened(&event.ModelTrained{Model: "support", Version: version, JobId: "job " + version, DatasetId: "d", BaseModel: "base"})
	}
	s.happened(&event.ModelPackaged{Model: "support", Version: "1", Uri: "file:///1", ServedName: "support:1"})
	s.happened(&event.ModelPromoted{Model: "support", Version: "1", Reason: "first"})
	s.happened(&event.ModelEvaluated{Model: "support", Version: "2", Incumbent: "1", CandidateScores: map[string]float64{"grounding": 0.9}, Questions: 40})
	s.happened(&event.ModelPromoted{Model: "support", Version: "2", Reason: "better"})
	s.happened(&event.ModelRejected{Model: "support", Version: "3", Reason: "worse"})
	b := s.stored()
	const list = "SELECT version, state, serving, job_id, reason FROM model_versions ORDER BY version"
	require.Equal(t, []string{
		`{"version":"1","state":"promoted","serving":false,"job_id":"job 1","reason":"first"}`,
		`{"version":"2","state":"promoted","serving":true,"job_id":"job 2","reason":"better"}`,
		`{"version":"3","state":"rejected","serving":false,"job_id":"job 3","reason":"worse"}`,
	}, b.rows(t, list))
	require.Equal(t, []string{`{"scores":{"grounding":0.9},"incumbent":"1","questions":40}`},
		b.rows(t, "SELECT scores, incumbent, questions FROM model_versions WHERE serving"))
}

func TestRollbackMakesTheVersionBeforeServeAgain(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(&event.ModelPromoted{Model: "support", Version: "1"})
	s.happened(&event.ModelPromoted{Model: "support", Version: "2"})
	s.happened(&event.ModelRolledBack{Model: "support", Version: "1", FromVersion: "2", Reason: "complaints"})
	require.Equal(t, []string{
		`{"version":"1","state":"promoted","serving":true,"served_since_rollback":1}`,
		`{"version":"2","state":"rolled_back","serving":false,"served_since_rollback":1}`,
	}, s.stored().rows(t, "SELECT version, state, serving, reason = 'complaints' AS served_since_rollback FROM model_versions ORDER BY version"))
}

func TestTrainingRunsTellHowFarEachCame(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(&event.TrainingStarted{JobId: "done", DatasetId: "d", Method: "lora", BaseModel: "base"})
	s.happened(&event.TrainingProgressed{JobId: "done", Step: 10, TotalSteps: 20, Loss: 2})
	s.happened(&event.TrainingProgressed{JobId: "done", Step: 20, TotalSteps: 20, Loss: 1.5})
	s.happened(&event.TrainingFinished{JobId: "done", TrainLoss: 1.6, EvalLoss: 1.75, Seconds: 60, AdapterUri: "file:///a"})
	s.happened(&event.TrainingStarted{JobId: "broken", Method: "qlora"})
	s.happened(&event.TrainingFailed{JobId: "broken", Reason: "out_of_memory"})
	s.happened(&event.TrainingBlocked{JobId: "waits", Reason: "no_gpu"})
	b := s.stored()
	require.Equal(t, []string{
		`{"job_id":"waits","state":"blocked","started":false,"steps":0,"last_loss":null,"eval_loss":null,"reason":"no_gpu"}`,
		`{"job_id":"broken","state":"failed","started":true,"steps":0,"last_loss":null,"eval_loss":null,"reason":"out_of_memory"}`,
		`{"job_id":"done","state":"finished","started":true,"steps":20,"last_loss":1.5,"eval_loss":1.75,"reason":""}`,
	}, b.rows(t, "SELECT job_id, state, toBool(started_at IS NOT NULL) AS started, steps, last_loss, eval_loss, reason FROM training_runs"))
	require.Equal(t, noon.Add(time.Second).Format("2006-01-02 15:04:05.000000"), b.one(t, "SELECT started_at FROM training_runs WHERE job_id = 'done'"))
}
