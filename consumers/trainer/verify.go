package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/file"
)

// folderOf is the folder of a file: URI, or "".
func folderOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || (u.Host != "" && u.Host != "localhost") {
		return ""
	}
	return filepath.FromSlash(u.Path)
}

// datasetFile is a file of the manifest.
type datasetFile struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Split  string `json:"split"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// manifest is what training needs of manifest.json.
type manifest struct {
	Files []datasetFile `json:"files"`
}

// verify hashes the manifest and every file before anything is trained on.
func (j Job) verify() (Corpus, error) {
	raw, err := os.ReadFile(filepath.Join(j.DatasetDir, "manifest.json"))
	if err != nil {
		return Corpus{}, fail(ReasonDataMissing, "%v: build the dataset again with `ragline dataset build --force`", err)
	}
	if got := hexSum(raw); got != j.ManifestSHA256 {
		return Corpus{}, fail(ReasonHashMismatch, "manifest.json of dataset %s has the SHA-256 %s, announced was %s: it was changed; build the dataset again with `ragline dataset build --force`", j.DatasetID, got, j.ManifestSHA256)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Corpus{}, fail(ReasonHashMismatch, "manifest.json of dataset %s is no JSON (%v): build the dataset again", j.DatasetID, err)
	}
	var train Corpus
	for _, f := range m.Files {
		if err := j.verifyFile(f); err != nil {
			return Corpus{}, err
		}
		if f.Split == "train" && f.Format == "messages" {
			train = Corpus{f.Rows, f.Bytes}
		}
	}
	if train.Rows == 0 {
		return Corpus{}, fail(ReasonDataEmpty, "dataset %s has no row to train on: collect feedback or add seeds, or lower RAGLINE_DATASET_HELDOUT", j.DatasetID)
	}
	return train, nil
}

func (j Job) verifyFile(f datasetFile) error {
	if !filepath.IsLocal(f.Path) {
		return j.outside(f)
	}
	got, err := file.SHA256(filepath.Join(j.DatasetDir, f.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return fail(ReasonDataMissing, "%s of dataset %s is missing: build the dataset again with `ragline dataset build --force`", f.Path, j.DatasetID)
	}
	if err != nil {
		return fail(ReasonDataMissing, "%v: make the file readable", err)
	}
	if got != f.SHA256 {
		return fail(ReasonHashMismatch, "%s of dataset %s has the SHA-256 %s, the manifest says %s: it was changed; build the dataset again", f.Path, j.DatasetID, got, f.SHA256)
	}
	return nil
}

func (j Job) outside(f datasetFile) error {
	return fail(ReasonHashMismatch, "the manifest of dataset %s names %q, which is outside of its folder", j.DatasetID, f.Path)
}

func hexSum(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
