package sink

import "github.com/ragline/ragline/schemas/event"

func datasets() table {
	type m = *event.DatasetReady
	return newTable("datasets", byMonth, []column[m]{
		value("dataset_id", text, m.GetDatasetId),
		value("name", lowCardinality, m.GetName),
		value("uri", text, m.GetUri),
		value("manifest_sha256", text, m.GetManifestSha256),
		value("rule_version", lowCardinality, m.GetRuleVersion),
		value("tier_rows", mapOf(integer64), func(d m) []pair[int64] { return pairs(d.GetTierRows()) }),
		value("split_rows", mapOf(integer64), func(d m) []pair[int64] { return pairs(d.GetSplitRows()) }),
		value("rows", integer64, m.GetRows),
		list("offsets.topic", lowCardinality, m.GetOffsets, (*event.OffsetRange).GetTopic),
		list("offsets.partition", integer32, m.GetOffsets, (*event.OffsetRange).GetPartition),
		list("offsets.from", integer64, m.GetOffsets, (*event.OffsetRange).GetFrom),
		list("offsets.to", integer64, m.GetOffsets, (*event.OffsetRange).GetTo),
		list("files.path", text, m.GetFiles, (*event.DatasetFile).GetPath),
		list("files.sha256", text, m.GetFiles, (*event.DatasetFile).GetSha256),
		list("files.bytes", integer64, m.GetFiles, (*event.DatasetFile).GetBytes),
		list("files.rows", integer64, m.GetFiles, (*event.DatasetFile).GetRows),
		list("files.format", lowCardinality, m.GetFiles, (*event.DatasetFile).GetFormat),
		list("files.split", lowCardinality, m.GetFiles, (*event.DatasetFile).GetSplit),
		optionalMoment("built_at", microseconds, m.GetBuiltAt),
	})
}
