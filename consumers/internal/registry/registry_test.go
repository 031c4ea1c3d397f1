package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func packaged(version string) *event.ModelPackaged {
	return &event.ModelPackaged{Model: "m", Version: version, ServedName: "ragline-m:" + version, ParityPrompts: 3}
}

func promoted(version string) *event.ModelPromoted {
	return &event.ModelPromoted{Model: "m", Version: version, ServedName: "ragline-m:" + version}
}

func fold(list ...proto.Message) *registry.Series {
	r := registry.New()
	for _, m := range list {
		r.Take(event.New("test", m))
	}
	return r.Series("m")
}

func TestLastPromotedVersionAnswers(t *testing.T) {
	t.Parallel()
	s := fold(packaged("1"), promoted("1"), packaged("2"), promoted("2"))
	require.Equal(t, "2", s.Promoted.Version)
	require.Equal(t, "1", s.Before().Version)
	require.Equal(t, registry.StateRetired, s.Find("1").State)
	require.Equal(t, registry.StatePromoted, s.Find("2").State)
}

func TestRollbackGoesBackFurtherEachTime(t *testing.T) {
	t.Parallel()
	s := fold(packaged("1"), promoted("1"), packaged("2"), promoted("2"), packaged("3"), promoted("3"),
		&event.ModelRolledBack{Model: "m", Version: "2", FromVersion: "3"})
	require.Equal(t, "2", s.Promoted.Version)
	require.Equal(t, "1", s.Before().Version)
	require.Equal(t, registry.StateRetired, s.Find("3").State)
}

func TestWhatIsSaidLateDoesNotTakeTheAnsweringVersionAway(t *testing.T) {
	t.Parallel()
	s := fold(packaged("1"), promoted("1"), &event.ModelRejected{Model: "m", Version: "1", Stage: "promoter"})
	require.Equal(t, registry.StatePromoted, s.Find("1").State)
	require.Equal(t, "1", s.Promoted.Version)
}

func TestOnlyServedVersionsWithProvenPromptsArePromotable(t *testing.T) {
	t.Parallel()
	s := fold(packaged("1"), &event.ModelPackaged{Model: "m", Version: "2", ServedName: "x"}, &event.ModelTrained{Model: "m", Version: "3"})
	require.True(t, s.Find("1").Promotable())
	require.False(t, s.Find("2").Promotable(), "prompts were not compared")
	require.False(t, s.Find("3").Promotable())
	require.False(t, s.Find("4").Promotable())
}

func TestRepeatsOfARecordChangeNothing(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	one, two := event.New("test", promoted("1")), event.New("test", promoted("2"))
	streamtest.Publish(t, c.Broker, event.New("test", packaged("1")), one, two, one)
	r, err := registry.Read(t.Context(), c.Broker)
	require.NoError(t, err)
	require.Equal(t, "2", r.Series("m").Promoted.Version)
}
