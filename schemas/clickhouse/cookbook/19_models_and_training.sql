-- Which trained model answers, where does it come from, and how did it do?
SELECT m.model AS model, m.version AS version, m.state AS state, m.serving AS serving, t.method AS method, t.steps AS steps, t.eval_loss AS eval_loss, m.scores AS scores
FROM model_versions AS m
LEFT JOIN training_runs AS t ON t.tenant = m.tenant AND t.job_id = m.job_id
ORDER BY model, version
