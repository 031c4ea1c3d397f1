-- Do users and evaluators agree?
SELECT s.name AS measure, round(avgIf(s.value, f.value >= 0.5), 4) AS mean_of_liked, round(avgIf(s.value, f.value < 0.5), 4) AS mean_of_disliked, count() AS answers
FROM feedback AS f
INNER JOIN scores AS s ON s.tenant = f.tenant AND s.trace_id = f.trace_id
WHERE s.state = 'ok' AND isFinite(s.value)
GROUP BY measure
ORDER BY measure
