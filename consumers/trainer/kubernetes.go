package trainer

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ragline/ragline/schemas/event"
)

const (
	callTimeout = 30 * time.Second
	maxAnswer   = 4 << 20
)

// call speaks to the Kubernetes API below the TrainJobs of the namespace. A status of 404 or 409 is no error.
func (k *kubeflow) call(ctx context.Context, method, path string, body any) (trainJob, int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := k.request(ctx, method, path, body)
	if err != nil {
		return trainJob{}, 0, err
	}
	client, err := k.client()
	if err != nil {
		return trainJob{}, 0, err
	}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return trainJob{}, 0, fmt.Errorf("calling Kubernetes: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return trainJob{}, 0, fmt.Errorf("reading Kubernetes' answer: %w", err)
	}
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusConflict {
		return trainJob{}, resp.StatusCode, nil
	}
	if resp.StatusCode >= 300 {
		return trainJob{}, resp.StatusCode, fmt.Errorf("%s %s: %s: %s", method, req.URL.Path, resp.Status, complaint(raw))
	}
	var t trainJob
	if err := json.Unmarshal(raw, &t); err != nil {
		return t, resp.StatusCode, fmt.Errorf("decoding TrainJob: %w", err)
	}
	return t, resp.StatusCode, nil
}

func (k *kubeflow) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding TrainJob: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	address := strings.TrimRight(k.cfg.Kubeflow.API, "/") + "/apis/trainer.kubeflow.org/v1alpha1/namespaces/" + k.cfg.Kubeflow.Namespace + "/trainjobs" + path
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, fmt.Errorf("calling Kubernetes: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if k.cfg.Kubeflow.TokenFile != "" {
		token, err := os.ReadFile(k.cfg.Kubeflow.TokenFile) // it is renewed on disk
		if err != nil {
			return nil, fmt.Errorf("reading RAGLINE_TRAINER_KUBE_TOKEN_FILE: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	return req, nil
}

func (k *kubeflow) client() (*http.Client, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if k.cfg.Kubeflow.CAFile != "" {
		pem, err := os.ReadFile(k.cfg.Kubeflow.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading RAGLINE_TRAINER_KUBE_CA_FILE: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading RAGLINE_TRAINER_KUBE_CA_FILE %s: no certificate in it", k.cfg.Kubeflow.CAFile)
		}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf, Proxy: http.ProxyFromEnvironment}}, nil
}

// complaint is the message of a Status object.
func complaint(raw []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &status) == nil && status.Message != "" {
		return status.Message
	}
	return string(raw[:min(len(raw), 200)])
}

// progress takes what a cluster that reports progress says. Steps are percents there.
func (r *report) progress(t trainJob) {
	status := t.Status.Trainer
	if status.Percentage == 0 && status.Remaining == 0 && len(status.Metrics) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = event.TrainingProgressed{Step: status.Percentage, TotalSteps: 100, EtaSeconds: status.Remaining}
	for _, m := range status.Metrics {
		value, err := strconv.ParseFloat(m.Value, 64)
		if err != nil {
			continue
		}
		switch m.Name {
		case "loss":
			r.last.Loss = value
		case "learning_rate":
			r.last.LearningRate = value
		}
	}
	r.add(nil)
}
