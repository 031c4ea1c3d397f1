-- Which tenants cost the most, and how much of it is known?
SELECT tenant, sum(cost_usd) AS cost_usd, sum(spans) AS calls, sum(spans_without_cost) AS calls_without_cost
FROM spans_per_hour
WHERE kind IN ('llm', 'embedding')
GROUP BY tenant
ORDER BY cost_usd DESC, tenant
