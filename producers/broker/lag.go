package broker

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/ragline/ragline/schemas/topic"
)

// GroupLag is how far a consumer group is behind on one topic.
type GroupLag struct {
	Group string `json:"group"`
	Topic string `json:"topic"`
	// Lag counts records between the committed offsets and the ends.
	Lag int64 `json:"lag"`
	// Members counts the group's members, over all topics.
	Members int `json:"members"`
}

// Lag returns the lag of every consumer group on topics of ragline.
func (b *Broker) Lag(ctx context.Context) ([]GroupLag, error) {
	cl, err := b.Client()
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	groups, err := kadm.NewClient(cl).Lag(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the groups' lag: %w", err)
	}
	var lags []GroupLag
	for _, group := range groups.Sorted() {
		if err := group.Error(); err != nil {
			return nil, fmt.Errorf("reading the lag of group %s: %w", group.Group, err)
		}
		for _, t := range group.Lag.TotalByTopic().Sorted() {
			if strings.HasPrefix(t.Topic, topic.Prefix) {
				lags = append(lags, GroupLag{group.Group, t.Topic, t.Lag, len(group.Members)})
			}
		}
	}
	return lags, nil
}

// Ping returns nil when a broker answers before ctx ends.
func (b *Broker) Ping(ctx context.Context) error {
	cl, err := b.Client()
	if err != nil {
		return err
	}
	defer cl.Close()
	return cl.Ping(ctx)
}
