-- An outbox of schema version 1, as text. A released version never changes, so neither does this file.
PRAGMA application_id = 1414090828;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE acknowledgements (
        entry INTEGER PRIMARY KEY REFERENCES entries (number),
        report_id TEXT NOT NULL,
        acknowledged_at INTEGER NOT NULL,
        facts TEXT NOT NULL,
        reply BLOB NOT NULL,
        receipt BLOB
    ) STRICT
    ;
INSERT INTO "acknowledgements" VALUES(3,'4711',1767603660000000,'{"report_id":4711,"acknowledged_at":"2026-01-05T09:01:00Z","code":0,"file_set":"confirmed"}',X'3C782F3E',NULL);
CREATE TABLE alarms (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        entry INTEGER NOT NULL REFERENCES entries (number),
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        raised_at INTEGER NOT NULL,
        closed_at INTEGER,
        closed_note TEXT
    ) STRICT
    ;
INSERT INTO "alarms" VALUES(1,3,'hash_missing','file 0 came back without a hash',1767603660000000,NULL,NULL);
CREATE TABLE attempts (
        number INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL REFERENCES entries (number),
        started_at INTEGER NOT NULL,
        ended_at INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        failure TEXT,
        burns INTEGER NOT NULL CHECK (burns IN (0, 1))
    ) STRICT
    ;
INSERT INTO "attempts" VALUES(1,3,1767603600000000,1767603660000000,'acknowledged',NULL,1);
CREATE TABLE entries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        environment TEXT NOT NULL CHECK (environment IN ('testing', 'production', 'mock')),
        idempotency_key TEXT NOT NULL,
        content_digest TEXT NOT NULL,
        envelope BLOB NOT NULL,
        is_escalated INTEGER NOT NULL CHECK (is_escalated IN (0, 1)),
        state TEXT NOT NULL
            CHECK (state IN
                ('held', 'queued', 'leased', 'acknowledged', 'dead_letter', 'retracted', 'filed_by_hand')),
        checkpoint TEXT NOT NULL,
        lapses_at INTEGER NOT NULL DEFAULT 9223372036854775807,
        attempts INTEGER NOT NULL DEFAULT 0,
        last_failure TEXT,
        withdrawal_reason TEXT,
        enqueued_at INTEGER NOT NULL,
        available_at INTEGER NOT NULL,
        lease_token TEXT,
        lease_expires_at INTEGER,
        UNIQUE (environment, profile, idempotency_key)
    ) STRICT
    ;
INSERT INTO "entries" VALUES(1,'id-held','sample','mock','key-held','digest of held',X'636F66666565206D7567',0,'held','{}',9223372036854775807,0,NULL,NULL,1767603600000000,1767603600000000,NULL,NULL);
INSERT INTO "entries" VALUES(2,'id-queued','sample','mock','key-queued','digest of queued',X'636F66666565206D7567',0,'queued','{}',9223372036854775807,0,NULL,NULL,1767603600000001,1767603600000001,NULL,NULL);
INSERT INTO "entries" VALUES(3,'id-filed','sample','mock','key-filed','digest of filed',X'636F66666565206D7567',0,'acknowledged','{"report_id":4711,"opened_at":"2026-01-05T09:00:00Z"}',9223372036854775807,1,NULL,NULL,1767603600000002,1767603600000002,NULL,NULL);
INSERT INTO "entries" VALUES(4,'id-dead','sample','mock','key-dead','digest of dead',X'636F66666565206D7567',0,'dead_letter','{}',9223372036854775807,1,'{"kind":"invalid","text":"code 4100 at line 3","step":"submit","code":4100}',NULL,1767603600000003,1767603600000003,NULL,NULL);
CREATE TABLE notes (
        number INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL REFERENCES entries (number),
        written_at INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT
    ;
INSERT INTO "notes" VALUES(1,4,1767603660000000,'requeued: once before');
CREATE TABLE rejections (
        number INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL REFERENCES entries (number),
        rejected_at INTEGER NOT NULL,
        reply BLOB NOT NULL
    ) STRICT
    ;
INSERT INTO "rejections" VALUES(1,4,1767603660000000,X'3C782F3E');
CREATE INDEX entries_in_line ON entries
        (environment, profile, is_escalated DESC, lapses_at, number, state, available_at, lease_expires_at)
        WHERE state IN ('queued', 'leased')
    ;
CREATE INDEX entries_waiting ON entries (environment, enqueued_at) WHERE state IN ('held', 'queued', 'leased');
CREATE INDEX entries_available ON entries (environment, available_at) WHERE state = 'queued';
CREATE INDEX entries_by_state ON entries (environment, state, number);
CREATE INDEX attempts_of_entry ON attempts (entry, number);
CREATE INDEX acknowledgements_unreceipted ON acknowledgements (entry) WHERE receipt IS NULL;
CREATE INDEX rejections_of_entry ON rejections (entry, number);
CREATE INDEX alarms_of_entry ON alarms (entry, number);
CREATE INDEX alarms_open ON alarms (number, entry) WHERE closed_at IS NULL;
CREATE INDEX notes_of_entry ON notes (entry, number);
COMMIT;
