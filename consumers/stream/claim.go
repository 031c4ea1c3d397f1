package stream

import (
	"context"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

// claim is the ownership of one partition, from its assignment until it is revoked or lost. A partition that
// comes back is another claim, so that a late result of the old one finds nothing to change.
type claim struct {
	topic     string
	partition int32
	// ctx ends when the partition is given up.
	ctx    context.Context
	cancel context.CancelFunc
	// located says that the committed offset is known. It is guarded by member.mu.
	located bool
	// over is guarded by member.mu. Once set, nothing is committed for this claim.
	over bool
}

// place names a partition.
type place struct {
	topic     string
	partition int32
}

func (p place) String() string { return p.topic + "/" + strconv.Itoa(int(p.partition)) }

// mark is what is committed for a partition.
type mark struct {
	offset   int64
	metadata string
}

// workload is what a consumer does with the partitions of its member. The member never calls two of these
// methods at the same time.
type workload interface {
	// assigned is called before fetched, and fetched before take. Offset is -1 when nothing was committed.
	assigned(c *claim)
	fetched(c *claim, offset int64, metadata string)
	take(c *claim, p kgo.FetchPartition)
	// release stops the claims, waits for running handlers until ctx ends, cancels the rest, and returns
	// what may be committed. It must not change anything for these claims afterwards.
	release(ctx context.Context, claims []*claim) map[*claim]mark
}
