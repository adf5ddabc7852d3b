-- A warehouse of format 1, as the last version that wrote this format left it after four nights: orders and lines that
-- change, go, and come back. Its past lies in tables of `history`.

CREATE SCHEMA raw;
CREATE SCHEMA history;
CREATE SCHEMA meta;

CREATE TABLE history.lines(id BIGINT, "order" VARCHAR, quantity DECIMAL(38,9), _company VARCHAR, _valid_from TIMESTAMP WITH TIME ZONE, _valid_to TIMESTAMP WITH TIME ZONE, _was_deleted BOOLEAN, _run_id VARCHAR);
INSERT INTO history.lines VALUES
    ('1', 'a', '5.000000000', 'acme', '2026-11-01 02:59:55+00', '2026-11-01 03:59:55+00', 'false', '20261101T030000Z-0001'),
    ('2', 'b', '1.000000000', 'acme', '2026-11-01 02:59:55+00', '2026-11-01 04:59:55+00', 'true', '20261101T030000Z-0001'),
    ('3', 'c', '1.000000000', 'acme', '2026-11-01 02:59:55+00', '2026-11-01 03:59:55+00', 'true', '20261101T030000Z-0001'),
    ('4', 'd', '1.000000000', 'acme', '2026-11-01 02:59:55+00', '2026-11-01 05:59:55+00', 'true', '20261101T030000Z-0001'),
    ('1', 'a', '6.000000000', 'acme', '2026-11-01 03:59:55+00', '2026-11-01 04:59:55+00', 'false', '20261101T040000Z-0002'),
    ('1', 'a', '7.000000000', 'acme', '2026-11-01 04:59:55+00', NULL, 'false', '20261101T050000Z-0003'),
    ('3', 'c', '1.000000000', 'acme', '2026-11-01 04:59:55+00', NULL, 'false', '20261101T050000Z-0003'),
    ('5', 'd', '2.000000000', 'acme', '2026-11-01 04:59:55+00', '2026-11-01 05:59:55+00', 'true', '20261101T050000Z-0003');

CREATE TABLE history.orders(number VARCHAR, status VARCHAR, created_on TIMESTAMP WITH TIME ZONE, paid BOOLEAN, _company VARCHAR, _valid_from TIMESTAMP WITH TIME ZONE, _valid_to TIMESTAMP WITH TIME ZONE, _was_deleted BOOLEAN, _run_id VARCHAR);
INSERT INTO history.orders VALUES
    ('a', 'Submitted', NULL, NULL, 'acme', '2026-11-01 02:59:55+00', '2026-11-01 03:59:55+00', 'false', '20261101T030000Z-0001'),
    ('b', 'Accepted', NULL, NULL, 'acme', '2026-11-01 02:59:55+00', NULL, 'false', '20261101T030000Z-0001'),
    ('c', 'Accepted', NULL, NULL, 'acme', '2026-11-01 02:59:55+00', '2026-11-01 03:59:55+00', 'true', '20261101T030000Z-0001'),
    ('d', 'Accepted', NULL, NULL, 'acme', '2026-11-01 02:59:55+00', '2026-11-01 05:59:55+00', 'true', '20261101T030000Z-0001'),
    ('a', 'Accepted', NULL, NULL, 'acme', '2026-11-01 03:59:55+00', '2026-11-01 05:59:55+00', 'false', '20261101T040000Z-0002'),
    ('c', 'Back', NULL, NULL, 'acme', '2026-11-01 04:59:55+00', NULL, 'false', '20261101T050000Z-0003'),
    ('a', 'Shipped', NULL, NULL, 'acme', '2026-11-01 05:59:55+00', NULL, 'false', '20261101T060000Z-0004');

CREATE TABLE meta.completeness(run_id VARCHAR, "resource" VARCHAR, "window" VARCHAR, stated BIGINT, received BIGINT, distinct_keys BIGINT, rereads INTEGER, verdict VARCHAR);
INSERT INTO meta.completeness VALUES
    ('20261101T030000Z-0001', 'orders', 'everything', '4', '4', '4', '0', 'complete'),
    ('20261101T030000Z-0001', 'lines', 'everything', '4', '4', '4', '0', 'complete'),
    ('20261101T040000Z-0002', 'orders', 'everything', '3', '3', '3', '0', 'complete'),
    ('20261101T040000Z-0002', 'lines', 'everything', '3', '3', '3', '0', 'complete'),
    ('20261101T050000Z-0003', 'orders', 'everything', '4', '4', '4', '0', 'complete'),
    ('20261101T050000Z-0003', 'lines', 'everything', '4', '4', '4', '0', 'complete'),
    ('20261101T060000Z-0004', 'orders', 'everything', '3', '3', '3', '0', 'complete'),
    ('20261101T060000Z-0004', 'lines', 'everything', '2', '2', '2', '0', 'complete');

CREATE TABLE meta.loads(load_id VARCHAR, started_at TIMESTAMP WITH TIME ZONE, as_of DATE, known_at TIMESTAMP WITH TIME ZONE, timezone VARCHAR, sell_through_days INTEGER);
INSERT INTO meta.loads VALUES
    ('load-001', '2026-11-29 11:05:15.870148+00', '2026-11-01', '2026-11-01 02:00:00+00', 'UTC', '90'),
    ('load-002', '2026-11-29 11:05:16.230085+00', '2026-11-01', '2026-11-01 02:00:00+00', 'UTC', '90'),
    ('load-003', '2026-11-29 11:05:16.622252+00', '2026-11-01', '2026-11-01 02:00:00+00', 'UTC', '90'),
    ('load-004', '2026-11-29 11:05:16.942074+00', '2026-11-01', '2026-11-01 02:00:00+00', 'UTC', '90');

CREATE TABLE meta.quarantine("resource" VARCHAR, "key" VARCHAR, path VARCHAR, reason VARCHAR, raw VARCHAR, _company VARCHAR, _run_id VARCHAR, _extracted_at TIMESTAMP WITH TIME ZONE);

CREATE TABLE meta.reads(run_id VARCHAR, "resource" VARCHAR, "scope" VARCHAR, quarantined BIGINT, requests BIGINT, "seconds" DOUBLE, refused VARCHAR);
INSERT INTO meta.reads VALUES
    ('20261101T030000Z-0001', 'orders', 'all', '0', '0', '0.0', NULL),
    ('20261101T030000Z-0001', 'lines', 'sets', '0', '0', '0.0', NULL),
    ('20261101T040000Z-0002', 'orders', 'all', '0', '0', '0.0', NULL),
    ('20261101T040000Z-0002', 'lines', 'sets', '0', '0', '0.0', NULL),
    ('20261101T050000Z-0003', 'orders', 'all', '0', '0', '0.0', NULL),
    ('20261101T050000Z-0003', 'lines', 'sets', '0', '0', '0.0', NULL),
    ('20261101T060000Z-0004', 'orders', 'all', '0', '0', '0.0', NULL),
    ('20261101T060000Z-0004', 'lines', 'sets', '0', '0', '0.0', NULL);

CREATE TABLE meta.runs(run_id VARCHAR, kind VARCHAR, "source" VARCHAR, base_url VARCHAR, _company VARCHAR, started_at TIMESTAMP WITH TIME ZONE, finished_at TIMESTAMP WITH TIME ZONE, server_time TIMESTAMP WITH TIME ZONE, requests BIGINT, retries BIGINT, load_id VARCHAR);
INSERT INTO meta.runs VALUES
    ('20261101T030000Z-0001', 'full', 'sandbox', 'http://127.0.0.1:1/', 'acme', '2026-11-01 03:00:00+00', '2026-11-01 03:01:00+00', '2026-11-01 02:59:55+00', '0', '0', 'load-001'),
    ('20261101T040000Z-0002', 'full', 'sandbox', 'http://127.0.0.1:1/', 'acme', '2026-11-01 04:00:00+00', '2026-11-01 04:01:00+00', '2026-11-01 03:59:55+00', '0', '0', 'load-002'),
    ('20261101T050000Z-0003', 'full', 'sandbox', 'http://127.0.0.1:1/', 'acme', '2026-11-01 05:00:00+00', '2026-11-01 05:01:00+00', '2026-11-01 04:59:55+00', '0', '0', 'load-003'),
    ('20261101T060000Z-0004', 'full', 'sandbox', 'http://127.0.0.1:1/', 'acme', '2026-11-01 06:00:00+00', '2026-11-01 06:01:00+00', '2026-11-01 05:59:55+00', '0', '0', 'load-004');

CREATE TABLE meta.warehouse(format INTEGER, leafhouse VARCHAR, "source" VARCHAR, note VARCHAR, created_at TIMESTAMP WITH TIME ZONE);
INSERT INTO meta.warehouse VALUES
    ('1', '0.1.0', 'sandbox', 'Invented data of the embedded sandbox.', '2026-11-29 11:05:16.067438+00');

CREATE TABLE raw.lines(id BIGINT, "order" VARCHAR, quantity DECIMAL(38,9), _extra JSON, _company VARCHAR, _run_id VARCHAR, _extracted_at TIMESTAMP WITH TIME ZONE, _deleted_at TIMESTAMP WITH TIME ZONE, _deleted_reason VARCHAR);
INSERT INTO raw.lines VALUES
    ('2', 'b', '1.000000000', NULL, 'acme', '20261101T040000Z-0002', '2026-11-01 04:00:00+00', '2026-11-01 04:59:55+00', 'no longer in its order, seen by 20261101T050000Z-0003'),
    ('4', 'd', '1.000000000', NULL, 'acme', '20261101T050000Z-0003', '2026-11-01 05:00:00+00', '2026-11-01 05:59:55+00', 'its order was deleted'),
    ('5', 'd', '2.000000000', NULL, 'acme', '20261101T050000Z-0003', '2026-11-01 05:00:00+00', '2026-11-01 05:59:55+00', 'its order was deleted'),
    ('1', 'a', '7.000000000', NULL, 'acme', '20261101T060000Z-0004', '2026-11-01 06:00:00+00', NULL, NULL),
    ('3', 'c', '1.000000000', NULL, 'acme', '20261101T060000Z-0004', '2026-11-01 06:00:00+00', NULL, NULL);

CREATE TABLE raw.orders(number VARCHAR, status VARCHAR, created_on TIMESTAMP WITH TIME ZONE, paid BOOLEAN, _extra JSON, _company VARCHAR, _run_id VARCHAR, _extracted_at TIMESTAMP WITH TIME ZONE, _deleted_at TIMESTAMP WITH TIME ZONE, _deleted_reason VARCHAR);
INSERT INTO raw.orders VALUES
    ('d', 'Accepted', NULL, NULL, NULL, 'acme', '20261101T050000Z-0003', '2026-11-01 05:00:00+00', '2026-11-01 05:59:55+00', 'not in the complete read of 20261101T060000Z-0004'),
    ('a', 'Shipped', NULL, NULL, NULL, 'acme', '20261101T060000Z-0004', '2026-11-01 06:00:00+00', NULL, NULL),
    ('b', 'Accepted', NULL, NULL, NULL, 'acme', '20261101T060000Z-0004', '2026-11-01 06:00:00+00', NULL, NULL),
    ('c', 'Back', NULL, NULL, NULL, 'acme', '20261101T060000Z-0004', '2026-11-01 06:00:00+00', NULL, NULL);
