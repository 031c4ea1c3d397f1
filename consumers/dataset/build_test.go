package dataset

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// mixed is a log with something of everything.
func mixed() *story {
	s := &story{}
	s.answer(0)
	s.scores(0, .95, .9, .95)
	s.feedback(0, "jane", 1, "")
	s.answer(1)
	s.scores(1, .9, .9, .95)
	s.answer(2, func(in *event.InteractionCaptured) { in.Sources = in.Sources[:1] })
	s.scores(2, .8, .7, .9)
	s.answer(3)
	s.feedback(3, "joe", 0, "Rule 103 sets at most 25 bar; ask jane@example.org [doc-a].")
	s.answer(4)
	s.scores(4, .2, .3, .9)
	s.answer(5, func(in *event.InteractionCaptured) { in.State = event.AnswerState_ANSWER_STATE_FAILED })
	s.answer(6, func(in *event.InteractionCaptured) {
		in.State, in.Answer = event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE, "This is not in the knowledge base."
	})
	one := 1.0
	s.abstained(6, &one)
	return s
}

func TestGoldenDataset(t *testing.T) {
	t.Parallel()
	b := setup(t)
	streamtest.Publish(t, b.Broker, mixed().events...)
	ready, err := b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	got := readDir(t, filepath.Join(b.dir, "default", ready.GetDatasetId()))
	if *update {
		for name, text := range got {
			require.NoError(t, os.WriteFile(filepath.Join("testdata/golden", name), []byte(text), 0o644))
		}
	}
	require.Equal(t, readDir(t, "testdata/golden"), got)
	require.Equal(t, map[string]int64{"gold": 4, "silver": 1, "bronze": 2}, ready.GetTierRows())
	require.Equal(t, sha256Hex([]byte(got[manifestName])), ready.GetManifestSha256())
	for _, f := range ready.GetFiles() {
		require.Equal(t, sha256Hex([]byte(got[f.GetPath()])), f.GetSha256())
		require.EqualValues(t, strings.Count(got[f.GetPath()], "\n"), f.GetRows())
	}
}

func TestRolesOfBothFormats(t *testing.T) {
	t.Parallel()
	p := planOf(t, mixed())
	files, err := p.render()
	require.NoError(t, err)
	for _, f := range files {
		for line := range strings.Lines(string(f.data)) {
			switch f.Format {
			case formatMessages:
				var l messagesLine
				require.NoError(t, json.Unmarshal([]byte(line), &l))
				require.Equal(t, []string{"system", "user", "assistant"}, []string{l.Messages[0].Role, l.Messages[1].Role, l.Messages[2].Role})
			case formatShareGPT:
				var l shareGPTLine
				require.NoError(t, json.Unmarshal([]byte(line), &l))
				require.Equal(t, []string{"system", "human", "gpt"}, []string{l.Conversations[0].From, l.Conversations[1].From, l.Conversations[2].From})
			}
		}
	}
}

func TestTwoBuildsGiveTheSameBytesAndTheSameID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	streamtest.Publish(t, b.Broker, mixed().events...)
	first, err := b.builder.Build(t.Context(), true)
	require.NoError(t, err)
	other := b.newBuilder(t, config(t.TempDir()))
	second, err := other.Build(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, first.GetDatasetId(), second.GetDatasetId())
	require.Equal(t, readDir(t, filepath.Join(b.dir, "default", first.GetDatasetId())), readDir(t, filepath.Join(other.cfg.Dir, "default", first.GetDatasetId())))
	require.Len(t, streamtest.ReadAll(t, b.Broker, topic.Datasets), 1, "a dataset is announced once")
}

func TestOrderAcrossPartitionsDoesNotMatter(t *testing.T) {
	t.Parallel()
	forward := mixed().history()
	backward := newHistory(nil)
	for i := len(forward.events) - 1; i >= 0; i-- {
		backward.events = append(backward.events, forward.events[i])
	}
	seeds, err := loadSeeds(smallPack())
	require.NoError(t, err)
	a, b := makePlan(forward, seeds, config("x")), makePlan(backward, seeds, config("x"))
	require.Equal(t, a, b)
}

func TestUnchangedRowsGiveTheLastDatasetUnlessForced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := mixed()
	streamtest.Publish(t, b.Broker, s.events...)
	first, err := b.builder.Build(t.Context(), false)
	require.NoError(t, err)

	n := len(s.events)
	s.answer(7) // never scored: no row
	streamtest.Publish(t, b.Broker, s.events[n:]...)
	same, err := b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.Equal(t, first.GetDatasetId(), same.GetDatasetId())
	forced, err := b.builder.Build(t.Context(), true)
	require.NoError(t, err)
	require.NotEqual(t, first.GetDatasetId(), forced.GetDatasetId())

	cfg := config(b.dir)
	cfg.HeldOut = 0.5
	changed, err := b.newBuilder(t, cfg).Build(t.Context(), false)
	require.NoError(t, err)
	require.NotEqual(t, forced.GetDatasetId(), changed.GetDatasetId(), "other settings are another dataset")
}

func TestCrashBetweenRenameAndPublishIsRepairedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	streamtest.Publish(t, b.Broker, mixed().events...)
	h, err := readHistory(t.Context(), b.Broker)
	require.NoError(t, err)
	info, err := b.builder.write(h) // and here the process dies
	require.NoError(t, err)
	require.Empty(t, streamtest.ReadAll(t, b.Broker, topic.Datasets))

	for range 2 { // a second start must find the announcement
		stop := streamtest.Start(t, b.newBuilder(t, config(b.dir)).Run)
		found := streamtest.Await(t, b.Broker, topic.Datasets, 1, func(event.Event) bool { return true })
		require.Equal(t, info.DatasetID, found[0].Data.(*event.DatasetReady).GetDatasetId())
		require.Equal(t, event.DeriveID(info.DatasetID, "dataset", 0), found[0].ID)
		require.NoError(t, stop())
	}
	_, err = b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, streamtest.ReadAll(t, b.Broker, topic.Datasets), 1)
}

func TestRefusedPublishLeavesADatasetThatTheNextBuildAnnounces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	streamtest.Publish(t, b.Broker, mixed().events...)
	fault := b.FailProduce(topic.Datasets, -1)
	_, err := b.builder.Build(t.Context(), false)
	require.ErrorContains(t, err, "announcing dataset")
	fault.Remove()
	_, err = b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, streamtest.ReadAll(t, b.Broker, topic.Datasets), 1)
}

func TestFolderOfAnotherLogIsNotAnnounced(t *testing.T) {
	t.Parallel()
	old := setup(t)
	streamtest.Publish(t, old.Broker, mixed().events...)
	_, err := old.builder.Build(t.Context(), false)
	require.NoError(t, err)

	fresh := setup(t)
	builder := fresh.newBuilder(t, config(old.dir))
	ready, err := builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.EqualValues(t, 2, ready.GetRows(), "seeds only")
	require.Len(t, streamtest.ReadAll(t, fresh.Broker, topic.Datasets), 1)
}

func TestRunBuildsWhenTheThresholdIsReached(t *testing.T) {
	t.Parallel()
	b := setup(t)
	streamtest.Start(t, b.builder.Run)
	s := &story{}
	for n := range 2 {
		s.answer(n)
		s.scores(n, 1, 1, 1)
	}
	streamtest.Publish(t, b.Broker, s.events...)
	published := len(s.events)
	s.answer(2)
	s.scores(2, 1, 1, 1)
	streamtest.Publish(t, b.Broker, s.events[published:]...)
	first := awaitRows(t, b, 5)
	require.Equal(t, map[string]int64{"gold": 2, "silver": 3, "bronze": 0}, first.GetTierRows())

	published = len(s.events)
	s.feedback(0, "u", 1, "") // one row moves to Gold and two are new: three
	for n := 3; n < 5; n++ {
		s.answer(n)
		s.scores(n, 1, 1, 1)
	}
	streamtest.Publish(t, b.Broker, s.events[published:]...)
	second := awaitRows(t, b, 7)
	require.Equal(t, map[string]int64{"gold": 3, "silver": 4, "bronze": 0}, second.GetTierRows())
	again, err := b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.Equal(t, second.GetDatasetId(), again.GetDatasetId(), "following and reading once see the same history")
}

// awaitRows waits for the announcement of a dataset with so many rows.
func awaitRows(t *testing.T, b bundle, rows int64) *event.DatasetReady {
	t.Helper()
	found := streamtest.Await(t, b.Broker, topic.Datasets, 1, func(e event.Event) bool {
		return e.Data.(*event.DatasetReady).GetRows() == rows
	})
	return found[0].Data.(*event.DatasetReady)
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, b.builder.Run(ctx))
}

func TestRecordsThatAreNoEventsAreCountedNotFatal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	streamtest.PublishRecords(t, b.Broker, event.Record{Topic: topic.Interactions, Key: []byte("k"), Value: []byte("garbage")})
	streamtest.Publish(t, b.Broker, mixed().events...)
	ready, err := b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	info, err := Show(b.dir, ready.GetDatasetId())
	require.NoError(t, err)
	require.EqualValues(t, 1, info.UnreadRecords)
}

func TestNothingEligibleIsAnError(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	builder, err := New(config(t.TempDir()), c.Broker, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, err = builder.Build(t.Context(), false)
	require.ErrorIs(t, err, ErrNoRows)
}

func TestListAndShow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list, err := List(b.dir)
	require.NoError(t, err)
	require.Empty(t, list)
	ready, err := b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(b.dir, "default", tempPrefix+"crashed"), 0o755))
	list, err = List(b.dir)
	require.NoError(t, err)
	require.Len(t, list, 1)
	info, err := Show(b.dir, ready.GetDatasetId()[:8])
	require.NoError(t, err)
	require.Equal(t, ready.GetManifestSha256(), info.ManifestSHA256)
	require.Equal(t, "file://"+filepath.ToSlash(info.Folder), ready.GetUri())
	_, err = Show(b.dir, "none")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestLeftoversOfCrashesAreRemovedWhenOld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old := filepath.Join(b.dir, "default", tempPrefix+"old")
	young := filepath.Join(b.dir, "default", tempPrefix+"young")
	for _, dir := range []string{old, young} {
		require.NoError(t, os.MkdirAll(dir, 0o755))
	}
	past := time.Now().Add(-2 * leftover)
	require.NoError(t, os.Chtimes(old, past, past))
	_, err := b.builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.NoDirExists(t, old)
	require.DirExists(t, young)
}

func TestConfigErrorsNameTheVariable(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"RAGLINE_DATASET_DIR":             func(c *Config) { c.Dir = "" },
		"RAGLINE_DATASET_NAME=\"../up\"":  func(c *Config) { c.Name = "../up" },
		"RAGLINE_DATASET_THRESHOLD=-1":    func(c *Config) { c.Threshold = -1 },
		"RAGLINE_DATASET_QUIET=0s":        func(c *Config) { c.Quiet = 0 },
		"RAGLINE_DATASET_HELDOUT=1":       func(c *Config) { c.HeldOut = 1 },
		"RAGLINE_DATASET_SELF_SHARE=-0.1": func(c *Config) { c.SelfShare = -0.1 },
	} {
		cfg := config("dir")
		change(&cfg)
		_, err := New(cfg, nil, nil, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, name)
	}
}

func TestDatasetThatWasChangedIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	builder := b.newBuilder(t, config(b.dir))
	ready, err := builder.Build(t.Context(), false)
	require.NoError(t, err)
	folder := filepath.Join(b.dir, "default", ready.GetDatasetId())
	before := readDir(t, folder)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "train.messages.jsonl"), []byte("{}\n"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(folder, "heldout.messages.jsonl")))
	again, err := builder.Build(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, ready.GetDatasetId(), again.GetDatasetId())
	require.Equal(t, before, readDir(t, folder))
}
