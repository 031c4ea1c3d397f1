package broker

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// exhausted asks the leader of a partition whether there is any record at next or after it, up to end. True is its
// own word: the last records before the end were compacted away. Silence is no answer: a leader that is away, or a
// fetch that fails, is an error, since whoever takes that for the end has not read what is there.
func exhausted(ctx context.Context, cl *kgo.Client, p partition, next, end int64) (bool, error) {
	topics, err := kadm.NewClient(cl).ListTopics(ctx, p.topic)
	if err != nil {
		return false, err
	}
	detail := topics[p.topic]
	leader, ok := detail.Partitions[p.number]
	if err := errors.Join(detail.Err, leader.Err); err != nil {
		return false, err
	}
	if !ok || leader.Leader < 0 {
		return false, kerr.LeaderNotAvailable
	}
	res, err := fetchRequest(detail, p.number, next).RequestWith(ctx, cl.Broker(int(leader.Leader)))
	if err != nil {
		return false, err
	}
	if err := kerr.ErrorForCode(res.ErrorCode); err != nil {
		return false, err
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return false, kerr.UnknownServerError // an answer without the partition that was asked for
	}
	got := res.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(got.ErrorCode); err != nil {
		return false, err
	}
	return len(got.RecordBatches) == 0 && got.HighWatermark >= end, nil
}

func fetchRequest(t kadm.TopicDetail, number int32, next int64) *kmsg.FetchRequest {
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.FetchOffset, part.PartitionMaxBytes = number, next, 1<<20
	asked := kmsg.NewFetchRequestTopic()
	asked.Topic, asked.TopicID, asked.Partitions = t.Topic, t.ID, []kmsg.FetchRequestTopicPartition{part}
	req := kmsg.NewPtrFetchRequest()
	req.MaxBytes, req.SessionEpoch = 1<<20, -1 // no session
	req.Topics = []kmsg.FetchRequestTopic{asked}
	return req
}
