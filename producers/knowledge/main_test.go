package knowledge_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/knowledge"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a log and a folder.
type bundle struct {
	broker *broker.Broker
	dir    string
	opts   knowledge.Options
}

func setup(t *testing.T) *bundle {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	b := &bundle{dir: filepath.Join(t.TempDir(), "documents")}
	require.NoError(t, os.Mkdir(b.dir, 0o700))
	b.broker, err = broker.New(broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	documents, _ := topic.Get(topic.Documents)
	require.NoError(t, b.broker.EnsureTopics(t.Context(), documents))
	b.opts.Config, err = env.ParseAsWithOptions[knowledge.Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	return b
}

func (b *bundle) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(b.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func (b *bundle) ingest(t *testing.T) knowledge.Report {
	t.Helper()
	report, err := knowledge.Ingest(t.Context(), b.dir, b.broker, b.opts)
	require.NoError(t, err)
	return report
}

// held returns the documents of the topic, and how many records it took.
func (b *bundle) held(t *testing.T) (map[string]*event.DocumentChanged, int) {
	t.Helper()
	documents, records := map[string]*event.DocumentChanged{}, 0
	err := b.broker.Follow(t.Context(), broker.FollowConfig{Topics: []string{topic.Documents}, Stop: true}, func(r event.Record) error {
		records++
		e, err := topic.Decode(r)
		if err != nil {
			return err
		}
		if e.Data == nil {
			delete(documents, e.Key)
			return nil
		}
		documents[e.Key] = e.Data.(*event.DocumentChanged)
		return nil
	})
	require.NoError(t, err)
	return documents, records
}

// makePDF writes a PDF file of one page by hand.
func makePDF(text string) string {
	content := fmt.Sprintf("BT /F1 12 Tf 72 720 Td (%s) Tj ET", text)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		"<< /Title (Leak limits) >>",
	}
	var out strings.Builder
	out.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.String()
}
