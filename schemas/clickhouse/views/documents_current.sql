CREATE OR REPLACE VIEW documents_current AS
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
