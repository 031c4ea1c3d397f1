package packager

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/packager/gguf"
	"github.com/ragline/ragline/consumers/packager/merge"
	"github.com/ragline/ragline/consumers/packager/modelfile"
	"github.com/ragline/ragline/consumers/packager/quantize"
	"github.com/ragline/ragline/schemas/event"
)

// build is one packaging.
type build struct {
	*Packager
	folder
	adapter
	trained *event.ModelTrained
	opts    Options
	serve   bool
}

// Package describes a packaged model, in package.json.
type Package struct {
	Model          string   `json:"model"`
	Version        string   `json:"version"`
	File           string   `json:"file"`
	SHA256         string   `json:"sha256"`
	Bytes          int64    `json:"bytes"`
	Quantization   string   `json:"quantization"`
	QuantizedBy    string   `json:"quantized_by"`
	Wider          []string `json:"wider_tensors,omitempty"`
	Architecture   string   `json:"architecture"`
	MergeBase      string   `json:"merge_base"`
	TemplateStyle  string   `json:"template_style"`
	TemplateSHA256 string   `json:"template_sha256"`
	AdapterSHA256  string   `json:"adapter_sha256"`

	folder    folder
	modelfile modelfile.File
}

func (p Package) event(served string, parity int) *event.ModelPackaged {
	path := filepath.Join(string(p.folder), p.File)
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return &event.ModelPackaged{
		Model: p.Model, Version: p.Version, Uri: uri.String(), Sha256: p.SHA256, Quantization: p.Quantization, ServedName: served,
		MergeBase: p.MergeBase, TemplateSha256: p.TemplateSHA256, Bytes: p.Bytes, ParityPrompts: int64(parity),
	}
}

// files makes everything on disk: merged weights, the GGUF, the Modelfile, and last the description.
func (b *build) files(ctx context.Context) (Package, error) {
	if err := b.prepare(source{b.sha256, b.cfg.MergeBase}); err != nil {
		return Package{}, err
	}
	want, err := b.quantization()
	if err != nil {
		return Package{}, err
	}
	pkg, err := b.makeAs(ctx, want)
	if errors.Is(err, errElsewhere) && b.opts.Quantization == "" {
		return b.makeAs(ctx, b.fallback(want.typ, err))
	}
	return pkg, err
}

// makeAs makes the files in one quantization.
func (b *build) makeAs(ctx context.Context, want chosen) (Package, error) {
	mf, err := modelfile.New(modelfile.Spec{
		From: "./" + ggufName(want.typ), Style: b.TemplateStyle, Stop: b.Stop, System: b.System, MaxLength: b.MaxLength,
	})
	if err != nil {
		return Package{}, err
	}
	if have, ok := b.finished(mf, want); ok {
		return have, nil
	}
	if err := b.merge(ctx); err != nil {
		return Package{}, err
	}
	if err := b.sayWhatBegins(); err != nil {
		return Package{}, err
	}
	report, err := b.convert(ctx, mf, want)
	if err != nil {
		return Package{}, err
	}
	pkg, err := b.describe(mf, want, report)
	if err != nil {
		return Package{}, err
	}
	b.reached("described")
	if want.typ != quantize.F16 {
		err = remove(b.gguf(quantize.F16)) // it is made again from the merged weights where it is needed
	}
	return pkg, err
}

// finished returns the package of an earlier run, when it is the one that would be made now.
func (b *build) finished(mf modelfile.File, want chosen) (Package, bool) {
	var p Package
	if b.read(packageName, &p) != nil || p.Quantization != string(want.typ) || p.TemplateSHA256 != hexSHA256(mf.Template) {
		return p, false
	}
	if sum, err := file.SHA256(b.file(p.File)); err != nil || sum != p.SHA256 {
		return p, false
	}
	p.folder, p.modelfile = b.folder, mf
	return p, true
}

func (b *build) merge(ctx context.Context) error {
	if exists(b.merged()) { // it appears whole
		return nil
	}
	_, err := merge.Merge(ctx, merge.Options{
		Base: b.BasePath, Adapter: b.dir, Out: b.merged(), From: merge.Base(b.cfg.MergeBase),
		Progress: func(done, total int64) { b.opts.report("merging", done, total) },
	})
	if err != nil {
		return fmt.Errorf("merging: %w", err)
	}
	b.reached("merged")
	return nil
}

// sayWhatBegins writes into the merged tokenizer whether texts begin with a token for it, as they did in training.
// Tokenizers of today leave that to their chat template, and converters take what is not said for no.
func (b *build) sayWhatBegins() error {
	path := filepath.Join(b.merged(), "tokenizer_config.json")
	config := map[string]any{}
	if err := file.ReadJSON(path, &config); err != nil {
		return fmt.Errorf("reading the merged tokenizer: %w", err)
	}
	if bos, said := config["add_bos_token"].(bool); said && bos == b.BOS {
		return nil
	}
	config["add_bos_token"] = b.BOS
	return writeJSON(path, config)
}

// convert makes the GGUF in the type that is wanted, verified.
func (b *build) convert(ctx context.Context, mf modelfile.File, want chosen) (gguf.Report, error) {
	report, err := b.ensure(ctx, quantize.F16, func() error {
		b.opts.report("converting", 0, 0)
		_, err := gguf.Convert(ctx, gguf.ConvertOptions{
			Model: b.merged(), Out: b.gguf(quantize.F16), Type: gguf.FileF16, LlamaCPP: b.cfg.LlamaCPP,
			Lineage: gguf.Lineage{
				Name: b.trained.GetModel(), Version: b.trained.GetVersion(), BaseModel: b.BaseModel, BaseRevision: b.BaseRevision,
				Dataset: b.DatasetID, DatasetURI: b.DatasetURI, JobID: b.JobID,
			},
		})
		return err
	})
	if err != nil || want.typ == quantize.F16 {
		return report, err
	}
	return b.ensure(ctx, want.typ, func() error { return b.quantize(ctx, mf, want) })
}

func (b *build) quantize(ctx context.Context, mf modelfile.File, want chosen) error {
	b.opts.report("quantizing", 0, 0)
	if want.route == quantize.RouteOllama {
		return b.quantizeByOllama(ctx, mf, want.typ)
	}
	options := quantize.Options{In: b.gguf(quantize.F16), Out: b.gguf(want.typ), Type: want.typ}
	if want.route == quantize.RouteLlamaCPP {
		options.LlamaCPP = b.cfg.LlamaCPP
	}
	return quantize.Run(ctx, options)
}

// ensure makes a file that verifies. One that an earlier run left and does not verify is made again.
func (b *build) ensure(ctx context.Context, t quantize.Type, create func() error) (gguf.Report, error) {
	path := b.gguf(t)
	verify := func() (gguf.Report, error) {
		b.opts.report("verifying", 0, 0)
		return gguf.Verify(ctx, path, gguf.Want{Model: b.merged(), Type: fileTypes[t]})
	}
	if exists(path) {
		if report, err := verify(); err == nil {
			return report, nil
		}
	}
	if err := create(); err != nil {
		return gguf.Report{}, fmt.Errorf("making %s: %w", filepath.Base(path), err)
	}
	b.reached("made " + string(t))
	report, err := verify()
	if err != nil && ctx.Err() == nil {
		return report, errors.Join(err, remove(path))
	}
	return report, err
}

// fileTypes are the numbers that a GGUF has for its quantization.
var fileTypes = map[quantize.Type]gguf.FileType{
	quantize.F16: gguf.FileF16, quantize.Q8_0: gguf.FileQ8_0, quantize.Q4_0: gguf.FileQ4_0,
	quantize.Q4KM: gguf.FileQ4KM, quantize.Q5KM: gguf.FileQ5KM,
}

// describe writes the Modelfile and, when all else is there, package.json.
func (b *build) describe(mf modelfile.File, want chosen, report gguf.Report) (Package, error) {
	path := b.gguf(want.typ)
	sum, err := file.SHA256(path)
	if err != nil {
		return Package{}, fmt.Errorf("hashing: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Package{}, fmt.Errorf("measuring: %w", err)
	}
	if err := writeFile(b.folder.modelfile(), []byte(mf.String())); err != nil {
		return Package{}, err
	}
	b.reached("modelfile")
	pkg := Package{
		Model: b.trained.GetModel(), Version: b.trained.GetVersion(), File: filepath.Base(path), SHA256: sum, Bytes: info.Size(),
		Quantization: string(want.typ), QuantizedBy: string(want.route), Wider: report.Fallback,
		Architecture: report.Architecture, MergeBase: b.cfg.MergeBase, TemplateStyle: b.TemplateStyle,
		TemplateSHA256: hexSHA256(mf.Template), AdapterSHA256: b.sha256, folder: b.folder, modelfile: mf,
	}
	if len(report.Fallback) > 0 {
		b.logger.Warn("rows too short for the quantization are kept wider", "version", pkg.Version, "tensors", len(report.Fallback), "of", report.Tensors)
	}
	return pkg, b.write(packageName, pkg)
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
