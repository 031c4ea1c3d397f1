-- Which questions does the knowledge base not answer?
SELECT q.text AS question, count() AS times, max(a.time) AS last_time
FROM answers AS a
INNER JOIN queries AS q ON q.event_id = a.query_id
WHERE a.state = 'not_in_knowledge_base'
GROUP BY question
ORDER BY times DESC, question
LIMIT 10
