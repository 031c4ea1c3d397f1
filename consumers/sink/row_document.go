package sink

import "github.com/ragline/ragline/schemas/event"

func documents() table {
	type m = *event.DocumentChanged
	return newTable("documents", byMonth, []column[m]{
		value("document_id", text, m.GetDocumentId),
		value("title", text, m.GetTitle),
		value("text", text, m.GetText),
		value("media_type", lowCardinality, m.GetMediaType),
		value("uri", text, m.GetUri),
		value("content_sha256", text, m.GetContentSha256),
		value("metadata", mapOf(text), func(d m) []pair[string] { return pairs(d.GetMetadata()) }),
		optionalMoment("modified_at", microseconds, m.GetModifiedAt),
		attribute[m]("deleted", boolean, func(e event.Event) bool { return e.Data == nil }),
	})
}

// removed is the data of a tombstone: all that is left of the document is its key.
func removed(e event.Event) *event.DocumentChanged {
	return &event.DocumentChanged{DocumentId: e.Key}
}
