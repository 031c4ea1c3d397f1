-- Which model and prompt give the better answers?
SELECT i.model AS model, i.prompt_version AS prompt_version, s.name AS measure, count() AS answers, round(avg(s.value), 4) AS mean
FROM interactions AS i
INNER JOIN scores AS s ON s.tenant = i.tenant AND s.trace_id = i.trace_id
WHERE s.state = 'ok' AND isFinite(s.value)
GROUP BY model, prompt_version, measure
ORDER BY measure, mean DESC, model
