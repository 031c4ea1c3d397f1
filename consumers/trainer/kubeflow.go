package trainer

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ragline/ragline/consumers/internal/child"
	"github.com/ragline/ragline/producers/broker"
)

// Kubeflow says where and how a job is run by Kubeflow Trainer. RAGLINE_TRAINER_DIR, the datasets and the base must be
// at the same paths in the runtime's pods: a shared volume that the runtime mounts.
type Kubeflow struct {
	API       string `env:"RAGLINE_TRAINER_KUBE_API" doc:"Address of the Kubernetes API for the engine kubeflow, for example https://kubernetes.default.svc."`
	TokenFile string `env:"RAGLINE_TRAINER_KUBE_TOKEN_FILE" doc:"File with the bearer token; it is read again for each call. In a pod: /var/run/secrets/kubernetes.io/serviceaccount/token."`
	CAFile    string `env:"RAGLINE_TRAINER_KUBE_CA_FILE" doc:"File with the certificate authority of the API. Empty: the system's."`
	Namespace string `env:"RAGLINE_TRAINER_KUBE_NAMESPACE" envDefault:"default" doc:"Namespace of the TrainJobs."`
	Runtime   string `env:"RAGLINE_TRAINER_KUBE_RUNTIME" envDefault:"torch-distributed" doc:"ClusterTrainingRuntime of the TrainJobs. It mounts the folder of jobs, the datasets and the base model at the paths that they have here."`
	Image     string `env:"RAGLINE_TRAINER_KUBE_IMAGE" doc:"Image with the training environment and the module ragline_trainer. Empty: the runtime's."`
	Nodes     int    `env:"RAGLINE_TRAINER_KUBE_NODES" envDefault:"1" doc:"Nodes of a job. Allowed: 1 or more."`
	GPUs      int    `env:"RAGLINE_TRAINER_KUBE_GPUS" envDefault:"1" doc:"GPUs of a node. Allowed: 0 or more."`
}

func (k Kubeflow) validate() error {
	if k.Nodes < 1 {
		return fmt.Errorf("RAGLINE_TRAINER_KUBE_NODES=%d: allowed are 1 or more", k.Nodes)
	}
	if k.GPUs < 0 {
		return fmt.Errorf("RAGLINE_TRAINER_KUBE_GPUS=%d: allowed are 0 or more", k.GPUs)
	}
	if u, err := url.Parse(k.API); k.API != "" && (err != nil || u.Host == "") {
		return fmt.Errorf("RAGLINE_TRAINER_KUBE_API=%s: allowed is an address such as https://kubernetes.default.svc", k.API)
	}
	return nil
}

// kubeflow runs jobs as TrainJobs. A TrainJob goes on while ragline is down, and is found again by its name.
type kubeflow struct {
	cfg    Config
	logger *slog.Logger
}

func newKubeflow(cfg Config, logger *slog.Logger) *kubeflow { return &kubeflow{cfg, logger} }

func (k *kubeflow) device(context.Context, string) (Device, error) {
	return Device{Name: "kubeflow/" + k.cfg.Kubeflow.Runtime, CUDA: k.cfg.Kubeflow.GPUs > 0}, nil
}

// trainJob is the part of trainer.kubeflow.org/v1alpha1 that is the same from version 2.0 on.
type trainJob struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   objectMeta     `json:"metadata"`
	Spec       trainJobSpec   `json:"spec"`
	Status     trainJobStatus `json:"status,omitzero"`
}

type objectMeta struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels,omitempty"`
}

type trainJobSpec struct {
	RuntimeRef struct {
		Name     string `json:"name"`
		APIGroup string `json:"apiGroup"`
		Kind     string `json:"kind"`
	} `json:"runtimeRef"`
	Trainer struct {
		Image     string     `json:"image,omitempty"`
		Command   []string   `json:"command"`
		Args      []string   `json:"args"`
		NumNodes  int        `json:"numNodes"`
		Resources *resources `json:"resourcesPerNode,omitempty"`
	} `json:"trainer"`
}

type resources struct {
	Limits   map[string]string `json:"limits"`
	Requests map[string]string `json:"requests"`
}

type trainJobStatus struct {
	Conditions []struct {
		Type    string `json:"type"`
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"conditions,omitempty"`
	// Trainer is there from version 2.2 on, where the cluster has it switched on.
	Trainer struct {
		Percentage int64 `json:"progressPercentage"`
		Remaining  int64 `json:"estimatedRemainingSeconds"`
		Metrics    []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"metrics,omitempty"`
	} `json:"trainerStatus,omitzero"`
}

func (j trainJob) condition(name string) (message string, is bool) {
	for _, c := range j.Status.Conditions {
		if c.Type == name && c.Status == "True" {
			return c.Message, true
		}
	}
	return "", false
}

func (k *kubeflow) manifest(j Job) trainJob {
	t := trainJob{APIVersion: "trainer.kubeflow.org/v1alpha1", Kind: "TrainJob"}
	t.Metadata = objectMeta{k.name(j), k.cfg.Kubeflow.Namespace, map[string]string{"app.kubernetes.io/managed-by": "ragline", "ragline.dev/job": j.Version()}}
	t.Spec.RuntimeRef.Name, t.Spec.RuntimeRef.APIGroup, t.Spec.RuntimeRef.Kind = k.cfg.Kubeflow.Runtime, "trainer.kubeflow.org", "ClusterTrainingRuntime"
	t.Spec.Trainer.Image, t.Spec.Trainer.NumNodes = k.cfg.Kubeflow.Image, k.cfg.Kubeflow.Nodes
	t.Spec.Trainer.Command = []string{"python", "-m", workerModule}
	if k.cfg.Kubeflow.Nodes > 1 || k.cfg.Kubeflow.GPUs > 1 {
		t.Spec.Trainer.Command = []string{"torchrun", "-m", workerModule} // the runtime says by PET_* how many there are
	}
	t.Spec.Trainer.Args = []string{j.path(configName), "--events-on-stdout"}
	if n := k.cfg.Kubeflow.GPUs; n > 0 {
		gpus := map[string]string{"nvidia.com/gpu": strconv.Itoa(n)}
		t.Spec.Trainer.Resources = &resources{Limits: gpus, Requests: gpus}
	}
	return t
}

func (k *kubeflow) name(j Job) string { return "ragline-" + j.Version() }

// run creates the TrainJob, or finds the one of an earlier start, and looks at it until it has ended.
func (k *kubeflow) run(ctx context.Context, j Job, _ string, _ *child.Lock, r *report) error {
	err := k.follow(ctx, j, r)
	if cause := context.Cause(ctx); cause != nil {
		if cause == errCanceled || cause == errSuperseded { //nolint:errorlint // they are given as they are
			return k.remove(context.WithoutCancel(ctx), j)
		}
		return cause // a shutdown leaves it running
	}
	return err
}

func (k *kubeflow) follow(ctx context.Context, j Job, r *report) error {
	created, err := k.create(ctx, j)
	if err != nil {
		return err
	}
	for wait := broker.Backoff(); ; {
		t, status, err := k.call(ctx, http.MethodGet, "/"+k.name(j), nil)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // an API server restarts now and then; the job goes on meanwhile
			k.logger.Warn("Kubernetes does not answer, trying again", "error", err)
			_ = broker.Pause(ctx, wait.NextBackOff())
			continue
		case status == http.StatusNotFound:
			return fail(ReasonInternal, "TrainJob %s is gone: somebody has deleted it; `ragline train start` begins again", k.name(j))
		}
		wait.Reset()
		if message, is := t.condition("Failed"); is {
			if created {
				return fail(ReasonInternal, "TrainJob %s failed (%s): see its pods' logs", k.name(j), message)
			}
			// It is what an earlier attempt has left: the person who asks again wants another one.
			if err := k.remove(ctx, j); err != nil {
				return err
			}
			if created, err = k.create(ctx, j); err != nil {
				return err
			}
			continue
		}
		if _, is := t.condition("Complete"); is {
			return nil
		}
		created = true // it runs, so it is this attempt's
		r.progress(t)
		_ = broker.Pause(ctx, k.cfg.Poll)
	}
}

// create reports whether the TrainJob is new.
func (k *kubeflow) create(ctx context.Context, j Job) (bool, error) {
	for {
		_, status, err := k.call(ctx, http.MethodPost, "", k.manifest(j))
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case status == http.StatusConflict:
			return false, nil
		case err == nil:
			return true, nil
		case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
			return false, fail(ReasonContradiction, "Kubernetes refuses the TrainJob: %v", err)
		}
		k.logger.Warn("the TrainJob could not be created, trying again", "error", err)
		if err := broker.Pause(ctx, k.cfg.Poll); err != nil {
			return false, err
		}
	}
}

// remove deletes the TrainJob and waits until it is gone.
func (k *kubeflow) remove(ctx context.Context, j Job) error {
	ctx, cancel := context.WithTimeout(ctx, max(k.cfg.Grace, k.cfg.Poll*2))
	defer cancel()
	for {
		_, status, err := k.call(ctx, http.MethodDelete, "/"+k.name(j)+"?propagationPolicy=Foreground", nil)
		if status == http.StatusNotFound {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("deleting TrainJob %s: %w", k.name(j), err)
		}
		_ = broker.Pause(ctx, min(k.cfg.Poll, k.cfg.Grace/10))
	}
}
