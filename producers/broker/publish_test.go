package broker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestPublishedEventIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	want := query("hello")
	want.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	require.NoError(t, publisher(t, b).Publish(t.Context(), want))
	var got event.Event
	require.NoError(t, b.Follow(t.Context(), FollowConfig{Topics: []string{topic.Queries}, Stop: true}, func(r event.Record) error {
		var err error
		got, err = topic.Decode(r)
		return err
	}))
	require.Equal(t, want.ID, got.ID)
	require.Equal(t, want.TraceParent, got.TraceParent)
	require.Equal(t, "t", got.Key)
	require.WithinDuration(t, want.Time, got.Time, 0)
	require.Equal(t, "hello", got.Data.(*event.QueryAsked).GetText())
}

func TestPositionsAreThoseOfTheRecords(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	p := publisher(t, b)
	records := []event.Record{{Topic: topic.Queries, Value: []byte("a")}, {Topic: topic.Queries, Value: []byte("b")}}
	positions, err := p.PublishRecords(t.Context(), records...)
	require.NoError(t, err)
	require.Equal(t, []event.Position{{Topic: topic.Queries, Offset: 0}, {Topic: topic.Queries, Offset: 1}}, positions)
	positions, err = p.PublishRecords(t.Context())
	require.NoError(t, err)
	require.Empty(t, positions)
}

func TestRecordKeepsItsBytes(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	want := event.Record{
		Topic: topic.Queries, Key: []byte{0xff}, Value: []byte("\x00not utf-8 \xff"),
		Headers: []event.Header{{Key: "twice", Value: []byte("1")}, {Key: "twice", Value: []byte("2")}},
	}
	_, err := publisher(t, b).PublishRecords(t.Context(), want, event.Record{Topic: topic.Queries, Key: []byte("k")})
	require.NoError(t, err)
	var got []event.Record
	require.NoError(t, b.Follow(t.Context(), FollowConfig{Topics: []string{topic.Queries}, Stop: true}, func(r event.Record) error {
		got = append(got, r)
		return nil
	}))
	require.Equal(t, want.Key, got[0].Key)
	require.Equal(t, want.Value, got[0].Value)
	require.Equal(t, want.Headers, got[0].Headers)
	require.Nil(t, got[1].Value, "a tombstone stays one")
}

func TestPublishReportsWhatTheBrokerRefused(t *testing.T) {
	t.Parallel()
	fake, b := withQueries(t)
	fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic.Queries, Err: kerr.TopicAuthorizationFailed})
	p := publisher(t, b)
	require.ErrorIs(t, p.Publish(t.Context(), query("hello")), kerr.TopicAuthorizationFailed)
	require.NoError(t, p.Publish(t.Context(), query("hello")), "the publisher goes on")
}

func TestPublishOfATooLargeRecordIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	_, err := publisher(t, b).PublishRecords(t.Context(), event.Record{Topic: topic.Queries, Value: bytes.Repeat([]byte("x"), 4<<20)})
	require.ErrorIs(t, err, kerr.MessageTooLarge)
}

func TestPublishToAMissingTopicIsAnError(t *testing.T) {
	t.Parallel()
	_, b := setup(t)
	require.ErrorIs(t, publisher(t, b).Publish(t.Context(), query("hello")), kerr.UnknownTopicOrPartition)
}

func TestPublishOfATypeWithoutTopicIsAnError(t *testing.T) {
	t.Parallel()
	_, b := setup(t)
	e := query("hello")
	e.Type = "query.asked.v99"
	require.ErrorContains(t, publisher(t, b).Publish(t.Context(), e), `"query.asked.v99"`)
}

func TestPublishReturnsAtTheEndOfItsContextWhileKafkaHangs(t *testing.T) {
	t.Parallel()
	fake, b := withQueries(t)
	arrived, hang := make(chan struct{}), make(chan struct{})
	fake.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		close(arrived)
		fake.SleepControl(func() { <-hang })
		return nil, nil, false
	})
	p := publisher(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Publish(ctx, query("hello")) }()
	<-arrived
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	close(hang)
}

// forgetful makes a fake forget its producers, as a broker does that was killed: it recognises no repeated batch.
func forgetful(fake *kfake.Cluster) {
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		for _, tp := range req.(*kmsg.ProduceRequest).Topics {
			for _, p := range tp.Partitions {
				const crc, attributes, producer = 17, 21, 43 // offsets into a record batch
				for i := range 14 {
					p.Records[producer+i] = 0xff // id, epoch and first sequence -1: none
				}
				sum := crc32.Checksum(p.Records[attributes:], crc32.MakeTable(crc32.Castagnoli))
				binary.BigEndian.PutUint32(p.Records[crc:], sum)
			}
		}
		return nil, nil, false
	})
}

// severed is a connection that breaks when the first answer to a produce request arrives.
type severed struct {
	net.Conn
	left     *atomic.Int32
	produced atomic.Bool
}

func (c *severed) Write(b []byte) (int, error) {
	if len(b) > 6 && binary.BigEndian.Uint16(b[4:]) == uint16(kmsg.Produce) {
		c.produced.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *severed) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.produced.Load() && c.left.Add(-1) == 0 {
		return 0, errors.Join(io.EOF, c.Close())
	}
	return n, err
}

// sever breaks the connection of a client once, when the broker has written.
func sever() kgo.Opt {
	left := &atomic.Int32{}
	left.Store(1)
	return kgo.Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &severed{Conn: conn, left: left}, nil
	})
}

func TestOneTryFailsWhereASecondOneWouldWriteTwice(t *testing.T) {
	t.Parallel()
	for name, ambiguous := range map[string]func(*kfake.Cluster) kgo.Opt{
		"the connection breaks": func(*kfake.Cluster) kgo.Opt { return sever() },
		"the broker times out": func(fake *kfake.Cluster) kgo.Opt { // it writes all the same
			fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic.Queries, Err: kerr.RequestTimedOut})
			return kgo.WithHooks()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, opts := range [][]kgo.Opt{nil, OneTry()} {
				fake, b := withQueries(t)
				forgetful(fake)
				p, err := b.Publisher(append(opts, ambiguous(fake))...)
				require.NoError(t, err)
				t.Cleanup(p.Close)
				err = p.Publish(t.Context(), query("hello"))
				written := 0
				require.NoError(t, b.Follow(t.Context(), FollowConfig{Topics: []string{topic.Queries}, Stop: true}, func(event.Record) error {
					written++
					return nil
				}))
				if opts == nil {
					require.NoError(t, err)
					require.Equal(t, 2, written, "this is what OneTry is for")
					continue
				}
				require.ErrorIs(t, err, kgo.ErrRecordRetries)
				require.Equal(t, 1, written)
			}
		})
	}
}
