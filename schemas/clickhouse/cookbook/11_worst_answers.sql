-- Which answers were judged worst, and why?
SELECT question, answer, worst_score, round(goodness, 3) AS goodness, explanation
FROM worst_answers
LIMIT 5
