package trainer

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ragline/ragline/consumers/internal/child"
)

const workerModule = "ragline_trainer"

// local runs workers on this machine.
type local struct {
	cfg    Config
	logger *slog.Logger
	// python replaces the environment in tests: the program and its first arguments.
	python []string

	// devices are the answers of the probe, which imports everything that a worker does and takes as long.
	mu      sync.Mutex
	devices map[string]Device
}

// command is how the worker's module is run, and false where there is no environment.
func (l *local) command() ([]string, Environment, bool) {
	if l.python != nil {
		return l.python, Environment{}, true
	}
	e, ok := FindEnvironment(l.cfg)
	return []string{e.program("python"), "-m", workerModule}, e, ok
}

func (l *local) device(ctx context.Context, queue string) (Device, error) {
	command, _, ok := l.command()
	if !ok {
		return Device{}, &blocked{ReasonEnvironment, environmentCommand}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, known := l.devices[queue]; known {
		return d, nil
	}
	env, err := l.environ(queue)
	if err != nil {
		return Device{}, err
	}
	d, err := probe(ctx, command[0], append(slices.Clone(command[1:]), "--probe"), env)
	if err != nil {
		return d, err
	}
	if l.devices == nil {
		l.devices = map[string]Device{}
	}
	l.devices[queue] = d
	return d, nil
}

func (l *local) run(ctx context.Context, j Job, queue string, lock *child.Lock, r *report) error {
	command, e, _ := l.command()
	env, err := l.environ(queue)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(j.path("log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("opening log: %w", err)
	}
	defer log.Close()
	c := child.Command{
		Path: command[0], Args: append(slices.Clone(command[1:]), j.path(configName)), Dir: j.OutputDir, Env: env,
		Log: log, Line: r.take, Lock: lock, Grace: l.cfg.Grace,
	}
	if gpus := gpus(queue); len(gpus) > 1 {
		// The launcher closes all descriptors but the standard ones.
		c.Path, c.Args, c.Stdout = e.program("accelerate"), append(launch(len(gpus)), j.path(configName), "--events-on-stdout"), true
	}
	exit, err := child.Run(ctx, c)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return outcome(exit, r)
}

// outcome of a worker that nobody has asked to end.
func outcome(exit child.Exit, r *report) error {
	if l, ok := r.get("failed"); ok {
		return &Failure{l.Reason, l.Message}
	}
	if _, ok := r.get("saved"); ok && exit.Code == 0 {
		return nil
	}
	if exit.Signal != 0 {
		return fmt.Errorf("%w: killed by signal %d (%s)", errDied, int(exit.Signal), exit.Signal)
	}
	return fmt.Errorf("%w: exit code %d", errDied, exit.Code)
}

// gpus of a queue.
func gpus(queue string) []string {
	if queue == "" {
		return nil
	}
	return strings.Split(queue, "+")
}

// launch are the arguments of accelerate for a job on several GPUs: one process for each, a port that is free.
func launch(n int) []string {
	return []string{
		"launch", "--multi_gpu", "--num_machines", "1", "--num_processes", strconv.Itoa(n),
		"--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0", "--module", workerModule,
	}
}

// environ is ours with what the worker needs. The libraries are kept from the network by the worker itself.
func (l *local) environ(queue string) ([]string, error) {
	dir, err := filepath.Abs(l.cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("finding folder of jobs: %w", err)
	}
	modules, err := unpackWorker(dir)
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(), "PYTHONPATH="+modules, "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1")
	if queue != "" {
		env = append(env, "CUDA_VISIBLE_DEVICES="+strings.Join(gpus(queue), ","))
	}
	if l.cfg.Device == "cpu" {
		env = append(env, "CUDA_VISIBLE_DEVICES=")
	}
	return env, nil
}
