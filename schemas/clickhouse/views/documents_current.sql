CREATE OR REPLACE VIEW documents_current
(
    time DateTime64(6, 'UTC') COMMENT 'When it was changed.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    document_id String COMMENT 'Id of the document.',
    title String COMMENT 'Title.',
    text String COMMENT 'Whole text.',
    media_type LowCardinality(String) COMMENT 'Media type.',
    uri String COMMENT 'Where it came from.',
    content_sha256 String COMMENT 'SHA-256 of the content, hex.',
    metadata Map(LowCardinality(String), String) COMMENT 'Free fields.',
    modified_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the source was modified.'
)
AS
SELECT time, tenant, document_id, title, text, media_type, uri, content_sha256, metadata, modified_at
FROM
(
    SELECT time, tenant, document_id, title, text, media_type, uri, content_sha256, metadata, modified_at, deleted
    FROM documents
    ORDER BY _offset DESC
    LIMIT 1 BY tenant, document_id
)
WHERE NOT deleted
ORDER BY tenant, document_id
COMMENT 'The knowledge base as it is: the last record of each document, unless it removes it. A document stays on one partition, so its offsets are in order; clocks need not be.';
