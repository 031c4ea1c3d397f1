package kafka

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// shareKeys are the requests of share groups, whose state kfake writes on a clean shutdown only.
var shareKeys = []kmsg.Key{
	kmsg.ShareGroupHeartbeat, kmsg.ShareGroupDescribe, kmsg.ShareFetch, kmsg.ShareAcknowledge,
	kmsg.DescribeShareGroupOffsets, kmsg.AlterShareGroupOffsets, kmsg.DeleteShareGroupOffsets,
}

// clusterOptions never allow automatic topics: kfake does not write those down, and after kill -9 what was
// acknowledged on them cannot be read.
func clusterOptions(port int, opts Options) []kfake.Opt {
	versions := kversion.Stable()
	for _, key := range shareKeys {
		versions.SetMaxKeyVersion(key.Int16(), -1)
	}
	return []kfake.Opt{
		kfake.ClusterID("ragline"),
		kfake.Ports(port),
		kfake.DataDir(opts.DataDir),
		kfake.SyncWrites(),
		kfake.DefaultNumPartitions(1),
		kfake.MaxVersions(versions),
		kfake.WithLogger(kfakeLogger{opts.Logger}),
		kfake.BrokerConfigs(map[string]string{
			// Kafka's 7 days would forget how far a consumer was that is not run for a week.
			"offsets.retention.minutes": "5256000", // 10 years
			// Retention and compaction run this often; kfake's default is an hour.
			"log.cleaner.backoff.ms": "60000",
			"log.retention.ms":       "-1",
		}),
	}
}

// refuseTransactions answers every transactional producer with an error: after a crash kfake has lost
// committed transactions.
func refuseTransactions(cluster *kfake.Cluster, logger *slog.Logger) {
	cluster.ControlKey(int16(kmsg.InitProducerID), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		init, ok := req.(*kmsg.InitProducerIDRequest)
		if !ok || init.TransactionalID == nil {
			return nil, nil, false
		}
		logger.Warn("the embedded broker refuses transactions: it cannot keep them through a crash",
			"transactional_id", *init.TransactionalID)
		resp := init.ResponseKind().(*kmsg.InitProducerIDResponse)
		resp.ErrorCode = kerr.TransactionalIDAuthorizationFailed.Code
		return resp, nil, true
	})
}

// kfakeLogger passes on what kfake complains about. Its info level is one line for each request.
type kfakeLogger struct{ logger *slog.Logger }

func (l kfakeLogger) Logf(level kfake.LogLevel, format string, args ...any) {
	to := slog.LevelDebug
	switch level {
	case kfake.LogLevelError:
		to = slog.LevelError
	case kfake.LogLevelWarn:
		to = slog.LevelWarn
	}
	if l.logger.Enabled(context.Background(), to) {
		l.logger.Log(context.Background(), to, fmt.Sprintf(format, args...), "component", "kfake")
	}
}
