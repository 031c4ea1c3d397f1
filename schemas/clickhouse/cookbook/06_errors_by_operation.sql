-- Which operations fail, and with which share?
SELECT kind, operation, sum(spans) AS spans, sum(errors) AS errors, round(errors / spans, 4) AS share
FROM spans_per_hour
GROUP BY kind, operation
HAVING errors > 0
ORDER BY share DESC, kind, operation
