package sink

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
)

// stopped says that a process is stopped, by the kernel's own account.
func (p *process) stopped() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "T")
}

// A sink is frozen in the middle of a batch, taken for dead, and goes on once another has stored its records.
func TestFrozenSinkDoublesNothing(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("this system has no /proc to see a stopped process by; run the test on Linux")
	}
	b, k := setup(t), newKafka(t)
	produced := 0
	publish := func(n int) {
		k.publish(t, n)
		produced += n
	}
	for i, point := range []string{pointAfterAnnounce, pointAfterInsert, pointMidInsert} {
		frozen := startSink(t, k.Broker, b.address, fmt.Sprintf("%s %d STOP", point, 2+i))
		publish(150)
		require.Eventually(t, frozen.stopped, waitLong, time.Millisecond, "%s: %s", point, frozen.output)
		k.evict(t)
		successor := startSink(t, k.Broker, b.address, "none 1 KILL")
		publish(100)
		t.Cleanup(func() {
			if t.Failed() {
				t.Log("frozen", frozen.output.String(), "successor", successor.output.String(), k.commits(t))
			}
		})
		b.awaitRows(t, produced)
		require.NoError(t, frozen.Process.Signal(syscall.SIGCONT))
		publish(100)
		b.awaitProof(t, k, produced)
		frozen.kill()
		successor.kill()
		k.evict(t)
	}
}

// The group is set back at random, as by an operator: what is stored is left out, whatever the boundaries.
func TestRewoundOffsetsDoubleNothing(t *testing.T) {
	t.Parallel()
	b, k := setup(t), newKafka(t)
	random := rand.New(rand.NewPCG(89, 144))
	produced := 0
	for range 3 {
		sink := startSink(t, k.Broker, b.address, "none 1 KILL")
		k.publish(t, 200)
		produced += 200
		b.awaitProof(t, k, produced)
		sink.kill()
		k.evict(t)
		offsets := kadm.Offsets{}
		for p, plan := range k.commits(t) {
			offsets.AddOffset(p.topic, p.number, random.Int64N(plan.at+1), -1)
		}
		require.NoError(t, k.adm.CommitAllOffsets(t.Context(), group, offsets))
	}
	startSink(t, k.Broker, b.address, "none 1 KILL")
	b.awaitProof(t, k, produced)
}
