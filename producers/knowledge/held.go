package knowledge

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Metadata keys that Ingest adds to a document.
const (
	metadataCollection = "ragline.collection"
	metadataConverter  = "ragline.converter"
)

// converterVersion is raised when the same file gives another text than before: then it is published again.
const converterVersion = "1"

// heldDocument is what a run needs to know of a document on the topic.
type heldDocument struct{ source, uri, sha256, collection, converter string }

func (h heldDocument) same(d *event.DocumentChanged) bool {
	return h.sha256 == d.GetContentSha256() && h.collection == d.GetMetadata()[metadataCollection] && h.converter == converterVersion
}

// readHeld reads the documents topic once, from its start to its end.
func readHeld(ctx context.Context, b *broker.Broker, tenant string) (map[string]heldDocument, error) {
	held := map[string]heldDocument{}
	err := b.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Documents}, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		if err != nil || e.Tenant != tenant {
			return nil //nolint:nilerr // the sink reports what does not decode
		}
		d, ok := e.Data.(*event.DocumentChanged)
		if !ok {
			delete(held, e.Key)
			return nil
		}
		held[d.GetDocumentId()] = heldDocument{
			source: e.Source, uri: d.GetUri(), sha256: d.GetContentSha256(),
			collection: d.GetMetadata()[metadataCollection], converter: d.GetMetadata()[metadataConverter],
		}
		return nil
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("reading the documents that are known: %w", err)
	}
	return held, nil
}
