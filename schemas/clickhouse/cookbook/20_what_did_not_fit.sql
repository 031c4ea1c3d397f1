-- What did consumers give up, and what could not be read?
SELECT *
FROM
(
    SELECT 'dead letter' AS what, toString(consumer_group) AS who, reason, dead_letters AS records, last_message AS message
    FROM dead_letters_by_reason
    UNION ALL
    SELECT 'raw record', toString(_topic), reason, count(), any(message)
    FROM raw_records
    GROUP BY _topic, reason
)
ORDER BY records DESC, what, who, reason
