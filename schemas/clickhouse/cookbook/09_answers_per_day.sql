-- How many questions were answered, day by day?
SELECT day, sum(answers) AS answers, sum(answered) AS answered, sum(not_in_knowledge_base) AS unknown, sum(failed) AS failed, round(answered / answers, 3) AS answered_share
FROM answers_daily
GROUP BY day
ORDER BY day DESC
