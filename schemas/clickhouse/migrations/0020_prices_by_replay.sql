DROP VIEW IF EXISTS costs_repriced;

ALTER TABLE prices COMMENT COLUMN added_at 'When the table was added. The latest is the one that ragline rebuild spans --reprice reads.';

ALTER TABLE spans COMMENT COLUMN price_table 'Version of the price table that gave the cost: that of the event, or of the last rebuild with --reprice.';
