package promoter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ragline/ragline/consumers/internal/bucket"
	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/schemas/event"
)

const (
	manifestName = "manifest.json"
	heldOutName  = "heldout.messages.jsonl"
	gold         = "gold"
)

// rejection is a verdict without a comparison: the class of the reason, and what to do.
type rejection struct{ reason, message string }

func (r *rejection) Error() string { return r.reason + ": " + r.message }

func reject(reason, format string, args ...any) error {
	return &rejection{reason, fmt.Sprintf(format, args...)}
}

// row is a held-out row.
type row struct {
	ID       string           `json:"id"`
	Tier     string           `json:"tier"`
	Messages []ollama.Message `json:"messages"`
}

// prompt is the row without its answer, exactly as the dataset wrote it.
func (r row) prompt() []ollama.Message { return r.Messages[:len(r.Messages)-1] }

func (r row) reference() string { return r.Messages[len(r.Messages)-1].Content }

func (r row) sha256() string {
	h := sha256.New()
	for _, m := range r.prompt() {
		fmt.Fprintf(h, "%d:%s%d:%s", len(m.Role), m.Role, len(m.Content), m.Content)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// heldOut is the rows to ask, with the hash of the file that they stand in.
type heldOut struct {
	rows   []row
	sha256 string
}

// readHeldOut reads the Gold rows of the dataset that a version was trained on, and checks the files against the hashes.
func readHeldOut(ctx context.Context, trained *event.ModelTrained) (heldOut, error) {
	if trained.GetDatasetUri() == "" || trained.GetManifestSha256() == "" {
		return heldOut{}, reject("dataset_missing", "model.trained names no dataset, so there is nothing to ask; train again")
	}
	b, err := bucket.Open(ctx, trained.GetDatasetUri())
	if err != nil {
		return heldOut{}, err
	}
	defer b.Close()
	raw, err := read(ctx, b, manifestName, trained.GetManifestSha256())
	if err != nil {
		return heldOut{}, err
	}
	var manifest struct {
		Files []struct {
			Path   string `json:"path"`
			SHA256 string `json:"sha256"`
		} `json:"files"`
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return heldOut{}, reject("dataset_invalid", "manifest.json of %s cannot be read: %v", trained.GetDatasetUri(), err)
	}
	for _, f := range manifest.Files {
		if f.Path == heldOutName {
			lines, err := read(ctx, b, heldOutName, f.SHA256)
			if err != nil {
				return heldOut{}, err
			}
			rows, err := goldRows(lines)
			return heldOut{rows, f.SHA256}, err
		}
	}
	return heldOut{}, reject("dataset_missing", "the manifest of %s names no %s; build the dataset again and train on it", trained.GetDatasetUri(), heldOutName)
}

func read(ctx context.Context, b *bucket.Bucket, name, want string) ([]byte, error) {
	raw, err := b.Read(ctx, name)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, reject("dataset_missing", "%s is not in %s; bring the dataset back, or decide with `ragline model promote`", name, b.URI())
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	if got := hex.EncodeToString(sum[:]); got != want {
		return nil, reject("dataset_hash_mismatch", "%s in %s has SHA-256 %s, its announcement says %s; it was changed after the training", name, b.URI(), got, want)
	}
	return raw, nil
}

func goldRows(lines []byte) ([]row, error) {
	var rows []row
	for d := json.NewDecoder(bytes.NewReader(lines)); d.More(); {
		var r row
		if err := d.Decode(&r); err != nil {
			return nil, reject("dataset_invalid", "%s cannot be read: %v", heldOutName, err)
		}
		if r.Tier == gold && len(r.Messages) > 1 {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil, reject("dataset_empty", "no Gold row is held out, so there is nothing to ask; verify more answers, raise RAGLINE_DATASET_HELDOUT, or decide with `ragline model promote`")
	}
	return rows, nil
}

var passageHead = regexp.MustCompile(`(?m)^\[([^\]\n]+)\] (.*)\n`)

// read the question and the passages out of a grounded prompt, for the evaluator.
func (r row) grounded() (question string, sources []*event.Source) {
	text := r.prompt()[len(r.prompt())-1].Content
	context := ""
	if at := strings.LastIndex(text, "\n\nQuestion: "); at >= 0 {
		context, text = text[:at], text[at+2:]
	}
	question = strings.TrimPrefix(text, "Question: ")
	context = strings.TrimPrefix(context, "Context:\n")
	heads := passageHead.FindAllStringSubmatchIndex(context, -1)
	for i, h := range heads {
		end := len(context)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		sources = append(sources, &event.Source{
			DocumentId: context[h[2]:h[3]], Title: context[h[4]:h[5]], Text: strings.TrimSpace(context[h[1]:end]),
		})
	}
	return question, sources
}
