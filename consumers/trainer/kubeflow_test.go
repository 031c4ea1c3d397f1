package trainer

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// schema is the part of JSON schema that testdata uses. A field without a property is refused, as a strict API does.
type schema struct {
	Type       string            `json:"type"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	Values     *schema           `json:"values"`
	Items      *schema           `json:"items"`
	Enum       []string          `json:"enum"`
	Pattern    string            `json:"pattern"`
}

func (s schema) check(at string, v any) error {
	switch v := v.(type) {
	case map[string]any:
		return s.object(at, v)
	case []any:
		for _, item := range v {
			if s.Type != "array" {
				return fmt.Errorf("%s is an array", at)
			}
			if err := s.Items.check(at+"[]", item); err != nil {
				return err
			}
		}
		return nil
	case string:
		if s.Enum == nil && s.Type != "string" || s.Enum != nil && !slices.Contains(s.Enum, v) || !regexp.MustCompile(s.Pattern).MatchString(v) {
			return fmt.Errorf("%s is %q", at, v)
		}
		return nil
	case float64:
		if s.Type != "integer" || v != float64(int64(v)) {
			return fmt.Errorf("%s is the number %v", at, v)
		}
		return nil
	}
	return fmt.Errorf("%s is %v", at, v)
}

func (s schema) object(at string, v map[string]any) error {
	if s.Type != "object" {
		return fmt.Errorf("%s is an object", at)
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s.%s is missing", at, name)
		}
	}
	for name, value := range v {
		field, ok := s.Properties[name]
		if !ok && s.Values != nil {
			field, ok = *s.Values, true
		}
		if !ok {
			return fmt.Errorf("unknown field %s.%s", at, name)
		}
		if err := field.check(at+"."+name, value); err != nil {
			return err
		}
	}
	return nil
}

// cluster is a Kubernetes API that knows TrainJobs only.
type cluster struct {
	t      *testing.T
	schema schema

	mu      sync.Mutex
	jobs    map[string]map[string]any
	created int
	deleted int
	refuse  bool
	away    int // answers 503 as often
}

const kubeToken = "a-token"

func newCluster(t *testing.T, b *bundle) *cluster {
	t.Helper()
	c := &cluster{t: t, jobs: map[string]map[string]any{}}
	require.NoError(t, file.ReadJSON("testdata/trainjob.schema.json", &c.schema))
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(kubeToken+"\n"), 0o600))
	b.cfg.Engine, b.cfg.Kubeflow.API, b.cfg.Kubeflow.TokenFile = engineKubeflow, server.URL, file
	return c
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rest, ok := strings.CutPrefix(r.URL.Path, "/apis/trainer.kubeflow.org/v1alpha1/namespaces/default/trainjobs")
	name := strings.TrimPrefix(rest, "/")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+kubeToken:
		c.answer(w, http.StatusUnauthorized, map[string]any{"message": "Unauthorized"})
	case !ok:
		c.answer(w, http.StatusNotFound, map[string]any{"message": "no such path " + r.URL.Path})
	case c.away > 0:
		c.away--
		c.answer(w, http.StatusServiceUnavailable, map[string]any{"message": "apiserver not ready"})
	case r.Method == http.MethodPost && name == "":
		c.create(w, r)
	case c.jobs[name] == nil:
		c.answer(w, http.StatusNotFound, map[string]any{"message": "not found"})
	case r.Method == http.MethodGet:
		c.answer(w, http.StatusOK, c.jobs[name])
	case r.Method == http.MethodDelete && r.URL.Query().Get("propagationPolicy") == "Foreground":
		c.deleted++
		c.answer(w, http.StatusOK, c.jobs[name])
		delete(c.jobs, name)
	default:
		c.answer(w, http.StatusMethodNotAllowed, map[string]any{"message": r.Method})
	}
}

func (c *cluster) create(w http.ResponseWriter, r *http.Request) {
	var job map[string]any
	err := json.NewDecoder(r.Body).Decode(&job)
	if err == nil {
		err = c.schema.check("TrainJob", job)
	}
	if err == nil && c.refuse {
		err = fmt.Errorf("the runtime does not exist")
	}
	if err != nil {
		c.answer(w, http.StatusUnprocessableEntity, map[string]any{"message": err.Error()})
		return
	}
	name, _ := job["metadata"].(map[string]any)["name"].(string)
	if c.jobs[name] != nil {
		c.answer(w, http.StatusConflict, map[string]any{"message": "already exists"})
		return
	}
	c.created++
	c.jobs[name] = job
	c.answer(w, http.StatusCreated, job)
}

func (c *cluster) answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// becomes sets the status of a job once it is there.
func (c *cluster) becomes(name string, status map[string]any) {
	require.Eventually(c.t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.jobs[name] != nil {
			c.jobs[name]["status"] = status
		}
		return c.jobs[name] != nil
	}, time.Minute, time.Millisecond)
}

func condition(name, message string) map[string]any {
	return map[string]any{"conditions": []any{map[string]any{"type": name, "status": "True", "message": message}}}
}

func (b bundle) startKubeflow(t *testing.T) (stop func() error) {
	t.Helper()
	tr, err := New(b.cfg, b.Broker, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return streamtest.Start(t, tr.Run)
}

// saved is what the worker leaves on the shared volume.
func saved(t *testing.T, j Job) {
	t.Helper()
	require.NoError(t, os.MkdirAll(j.path("adapter"), 0o755))
	require.NoError(t, os.WriteFile(j.path("adapter/adapter_model.safetensors"), []byte("weights"), 0o600))
	require.NoError(t, os.WriteFile(j.path("adapter/training.json"), []byte(`{"result":{"train_loss":0.5,"eval_loss":0.75,"tokens":7}}`), 0o600))
}

func TestTrainJobOutlivesTheTrainerAndFinishesOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{})
	c := newCluster(t, &b)
	c.away = 2
	d := dataset(t, "one", 5)
	j := b.job(t, d)
	b.announce(t, d)
	stop := b.startKubeflow(t)
	name := "ragline-" + j.Version()
	c.becomes(name, map[string]any{"trainerStatus": map[string]any{"progressPercentage": 40, "estimatedRemainingSeconds": 90, "metrics": []any{map[string]any{"name": "loss", "value": "1.5"}}}})
	p := await[*event.TrainingProgressed](t, b, j)
	require.Equal(t, []int64{40, 100, 90}, []int64{p.GetStep(), p.GetTotalSteps(), p.GetEtaSeconds()})
	require.NoError(t, stop())

	saved(t, j)
	c.becomes(name, condition("Complete", ""))
	stop = b.startKubeflow(t)
	b.awaitModel(t, j)
	require.NoError(t, stop())
	require.Equal(t, 1, c.created)
	require.Zero(t, c.deleted)
	finished := await[*event.TrainingFinished](t, b, j)
	require.InDelta(t, 0.75, finished.GetEvalLoss(), 0, "the worker's words are in its pod, its result is in the folder")
	require.Equal(t, int64(7), finished.GetTokens())
	require.Equal(t, "kubeflow", events[*event.TrainingStarted](t, b, topic.Training)[0].GetEngine())
}

func TestCanceledTrainJobIsDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{})
	c := newCluster(t, &b)
	d := dataset(t, "one", 5)
	b.announce(t, d)
	stop := b.startKubeflow(t)
	c.becomes("ragline-"+b.job(t, d).Version(), condition("Created", ""))
	f, err := Read(t.Context(), b.Broker, "default")
	require.NoError(t, err)
	require.NoError(t, Cancel(t.Context(), b.Broker, f.Jobs[0], "a test"))
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.deleted == 1
	}, time.Minute, time.Millisecond)
	require.NoError(t, stop())
}

func TestFailedAndRefusedTrainJobsSayWhy(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{})
	c := newCluster(t, &b)
	d := dataset(t, "one", 5)
	b.announce(t, d)
	stop := b.startKubeflow(t)
	c.becomes("ragline-"+b.job(t, d).Version(), condition("Created", ""))
	c.becomes("ragline-"+b.job(t, d).Version(), condition("Failed", "a pod was evicted"))
	require.Contains(t, await[*event.TrainingFailed](t, b, b.job(t, d)).GetMessage(), "a pod was evicted")
	c.mu.Lock()
	c.refuse = true
	c.mu.Unlock()
	next := dataset(t, "two", 6)
	b.announce(t, next)
	refused := await[*event.TrainingFailed](t, b, b.job(t, next))
	require.Contains(t, refused.GetMessage(), "the runtime does not exist")
	require.NoError(t, stop())
	require.Empty(t, events[*event.ModelTrained](t, b, topic.Models))
}

func TestManifestFollowsTheSchema(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{})
	c := newCluster(t, &b)
	b.cfg.Kubeflow.Nodes, b.cfg.Kubeflow.GPUs, b.cfg.Kubeflow.Image = 2, 4, "registry.example/trainer:1"
	raw, err := json.Marshal(newKubeflow(b.cfg, nil).manifest(b.job(t, dataset(t, "one", 5))))
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(raw, &v))
	require.NoError(t, c.schema.check("TrainJob", v))
	require.Contains(t, string(raw), `"torchrun"`)
	require.Contains(t, string(raw), `"nvidia.com/gpu":"4"`)
	v["spec"].(map[string]any)["replicas"] = 2
	require.ErrorContains(t, c.schema.check("TrainJob", v), "unknown field")
}
