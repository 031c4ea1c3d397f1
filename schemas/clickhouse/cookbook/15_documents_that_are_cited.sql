-- Which documents carry the answers?
SELECT document, count() AS retrieved, countIf(was_cited) AS cited, round(avg(score), 3) AS mean_score
FROM interactions
ARRAY JOIN sources.document_id AS document, sources.cited AS was_cited, sources.score AS score
GROUP BY document
ORDER BY cited DESC, document
LIMIT 10
