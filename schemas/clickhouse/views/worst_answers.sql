CREATE OR REPLACE VIEW worst_answers
(
    time DateTime64(6, 'UTC') COMMENT 'When it was captured.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    question String COMMENT 'The question.',
    answer String COMMENT 'The answer.',
    model LowCardinality(String) COMMENT 'Model that answered.',
    worst_score String COMMENT 'Measure with the worst score.',
    goodness Float64 COMMENT 'The worst score, turned so that 1 is good.',
    explanation String COMMENT 'What the evaluator says about it.'
)
AS
SELECT
    i.time AS time,
    i.tenant AS tenant,
    i.trace_id AS trace_id,
    i.question AS question,
    i.answer AS answer,
    i.model AS model,
    s.worst_score AS worst_score,
    s.goodness AS goodness,
    s.explanation AS explanation
FROM
(
    SELECT time, tenant, trace_id, question, answer, model
    FROM interactions
    WHERE environment != 'gate'
    ORDER BY time DESC
    LIMIT 1 BY tenant, trace_id
) AS i
INNER JOIN
(
    SELECT
        tenant,
        trace_id,
        argMin(name, good) AS worst_score,
        argMin(reason, good) AS explanation,
        min(good) AS goodness
    FROM
    (
        SELECT
            tenant,
            trace_id,
            name,
            explanation AS reason,
            assumeNotNull(if(direction = 'lower_is_better', 1 - value, value)) AS good
        FROM
        (
            SELECT time, tenant, trace_id, name, explanation, direction, value, state
            FROM scores
            WHERE span_id = ''
            ORDER BY time DESC
            LIMIT 1 BY tenant, trace_id, name, evaluator
        )
        WHERE state = 'ok' AND value >= 0 AND value <= 1
    )
    GROUP BY tenant, trace_id
) AS s ON i.tenant = s.tenant AND i.trace_id = s.trace_id
ORDER BY goodness, time DESC, trace_id
COMMENT 'Interactions with their worst score first. goodness turns every measure so that 1 is good; only scores from 0 to 1 take part, and of a measure that was given again only the latest. Answers of models that are being judged before they answer (environment gate) are left out.';
