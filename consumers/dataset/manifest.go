package dataset

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/schemas/event"
)

// manifestFormat is the version of manifest.json.
const manifestFormat = 2

// Manifest describes a dataset: what it was made of and what it holds. It has no time of its own, since the same
// inputs must give the same bytes.
type Manifest struct {
	Format      int    `json:"format"`
	DatasetID   string `json:"dataset_id"`
	Name        string `json:"name"`
	RuleVersion string `json:"rule_version"`
	PIIVersion  string `json:"pii_version"`
	SeedsSHA256 string `json:"seeds_sha256"`
	// PromptName and PromptVersion are of the user's turn, SystemPrompt is name@version of the system's.
	PromptName    string  `json:"prompt_name"`
	PromptVersion string  `json:"prompt_version"`
	SystemPrompt  string  `json:"system_prompt"`
	HeldOut       float64 `json:"heldout_share"`
	SelfShare     float64 `json:"self_trained_share"`

	Rows      int64            `json:"rows"`
	TierRows  map[string]int64 `json:"tier_rows"`
	SplitRows map[string]int64 `json:"split_rows"`
	// SplitTierRows counts "split/tier".
	SplitTierRows map[string]int64 `json:"split_tier_rows"`
	Dropped       map[string]int64 `json:"dropped"`
	PII           map[string]int64 `json:"pii_replaced"`
	// DisputedTerms counts rows that use a term whose definition the knowledge pack disputes.
	DisputedTerms map[string]int64 `json:"disputed_terms"`

	// Evaluators lists the versions that judged, Prompts and Models what answered.
	Evaluators map[string][]string `json:"evaluators"`
	Prompts    []string            `json:"prompts"`
	Models     []string            `json:"models"`

	Offsets []Offsets `json:"offsets"`
	// UnreadRecords are records within the offsets that were no event to this version.
	UnreadRecords int64  `json:"unread_records"`
	Files         []File `json:"files"`
	// HeldOutSHA256 is the hash of the rows that candidates are judged on: who compares two models asks that it is the same.
	HeldOutSHA256 string `json:"heldout_sha256"`
}

// Offsets is a range of records that was read: From is included, To is not.
type Offsets struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
}

// File is one file of the dataset.
type File struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Split  string `json:"split,omitempty"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// idOf is the hash of everything that decides about the bytes.
func idOf(p plan, h *history, seeds seedSet, cfg Config) string {
	parts := []string{
		strconv.Itoa(manifestFormat), cfg.Name, RuleVersion, PIIVersion, seeds.sha256, domain.GroundedName, domain.GroundedVersion,
		strconv.FormatFloat(cfg.HeldOut, 'g', -1, 64), strconv.FormatFloat(cfg.SelfShare, 'g', -1, 64),
	}
	for _, o := range h.offsets() {
		parts = append(parts, fmt.Sprintf("%s/%d %d-%d", o.GetTopic(), o.GetPartition(), o.GetFrom(), o.GetTo()))
	}
	return hexSum(append(parts, p.identity()...)...)[:32]
}

func newManifest(p plan, h *history, seeds seedSet, cfg Config) Manifest {
	m := Manifest{
		Format: manifestFormat, DatasetID: idOf(p, h, seeds, cfg), Name: cfg.Name,
		RuleVersion: RuleVersion, PIIVersion: PIIVersion, SeedsSHA256: seeds.sha256,
		PromptName: domain.GroundedName, PromptVersion: domain.GroundedVersion, SystemPrompt: seeds.promptVersion,
		HeldOut: cfg.HeldOut, SelfShare: cfg.SelfShare,
		Rows: int64(len(p.rows)), TierRows: map[string]int64{}, SplitRows: map[string]int64{}, SplitTierRows: map[string]int64{},
		Dropped: p.dropped, PII: p.pii, DisputedTerms: p.disputed,
		Evaluators: map[string][]string{}, UnreadRecords: int64(h.unread),
	}
	for _, tier := range []Tier{TierGold, TierSilver, TierBronze} {
		m.TierRows[string(tier)] = 0
	}
	for _, split := range []Split{SplitTrain, SplitHeldOut} {
		m.SplitRows[string(split)] = 0
	}
	for _, r := range p.rows {
		m.count(r)
	}
	for _, o := range h.offsets() {
		m.Offsets = append(m.Offsets, Offsets{o.GetTopic(), o.GetPartition(), o.GetFrom(), o.GetTo()})
	}
	return m
}

func (m *Manifest) count(r row) {
	m.TierRows[string(r.tier)]++
	m.SplitRows[string(r.split)]++
	m.SplitTierRows[string(r.split)+"/"+string(r.tier)]++
	m.Prompts = insert(m.Prompts, r.lineage.Prompt)
	m.Models = insert(m.Models, r.lineage.Model)
	for _, name := range sortedKeys(r.lineage.Evaluators) {
		m.Evaluators[name] = insert(m.Evaluators[name], r.lineage.Evaluators[name])
	}
}

// insert keeps a sorted list of distinct, non-empty values.
func insert(list []string, value string) []string {
	i, found := slices.BinarySearch(list, value)
	if found || value == "" {
		return list
	}
	return slices.Insert(list, i, value)
}

func (m Manifest) encode() ([]byte, error) {
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding manifest: %w", err)
	}
	return append(raw, '\n'), nil
}

// ready is the announcement of a dataset.
func (m Manifest) ready(uri, manifestSHA256 string) *event.DatasetReady {
	d := &event.DatasetReady{
		DatasetId: m.DatasetID, Name: m.Name, Uri: uri, ManifestSha256: manifestSHA256, RuleVersion: m.RuleVersion,
		TierRows: m.TierRows, SplitRows: m.SplitRows, Rows: m.Rows,
	}
	for _, o := range m.Offsets {
		d.Offsets = append(d.Offsets, &event.OffsetRange{Topic: o.Topic, Partition: o.Partition, From: o.From, To: o.To})
	}
	for _, f := range m.Files {
		d.Files = append(d.Files, &event.DatasetFile{Path: f.Path, Sha256: f.SHA256, Bytes: f.Bytes, Rows: f.Rows, Format: f.Format, Split: f.Split})
	}
	return d
}
