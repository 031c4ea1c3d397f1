-- Did a measure move against the week before?
SELECT day, name, evaluator_versions, scores, round(mean, 4) AS mean, round(mean_before, 4) AS mean_before, round(shift, 4) AS shift
FROM evaluator_drift
WHERE mean_before IS NOT NULL
ORDER BY abs(shift) DESC, day, name
LIMIT 10
