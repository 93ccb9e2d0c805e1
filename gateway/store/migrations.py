"""The schema by named migrations. Append-only: a migration that has left the house never changes.

sqlite-utils records each in the same transaction that runs it.
"""

from __future__ import annotations

from gateway.store.sqlite import Database, Migrations

migrations = Migrations("anling")


@migrations(name="0001_branch")
def branch(db: Database) -> None:
    """Everything the first release keeps. Times that end in _ms are UTC milliseconds."""
    for statement in _BRANCH:
        db.execute(statement)


@migrations(name="0002_open_or_closed")
def open_or_closed(db: Database) -> None:
    """An incident is in one index, that of the open or that of the closed ones: each page that a
    new incident need not touch makes its press's receipt come sooner.

    stage stands in the index although it is the same in all of it: without it SQLite (3.40) would
    look into the table for each line of a report.
    """
    db.execute("DROP INDEX incidents_raised")
    db.execute(
        "CREATE INDEX incidents_closed ON incidents"
        " (raised_ms, incident_id, stage, kind, point, drill,"
        " to_accept_ms, to_arrive_ms, to_close_ms)"
        " WHERE stage = 'closed'"
    )


@migrations(name="0003_desk")
def desk(db: Database) -> None:
    """The branch's plans and what follows from calls (gateway/desk). Staff are among them."""
    db.execute(
        """
        CREATE TABLE records (
            kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
            is_open INTEGER NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL, incident_id TEXT,
            due_ms INTEGER, due_boot TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, id)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX records_open ON records (kind, id) WHERE is_open")
    db.execute(
        "CREATE INDEX records_incident ON records (incident_id, kind, id)"
        " WHERE incident_id IS NOT NULL"
    )
    db.execute("DROP TABLE staff")


@migrations(name="0011_reports")
def reports(db: Database) -> None:
    """What reports read, so that a year of incidents is read without touching their bodies."""
    for statement in _REPORTS:
        db.execute(statement)


@migrations(name="0013_desk_salt")
def desk_salt(db: Database) -> None:
    """What makes the times of unannounced drills nobody's to foresee."""
    db.execute("INSERT INTO facts VALUES ('desk_salt', lower(hex(randomblob(16))))")


@migrations(name="0014_offer_lapses")
def offer_lapses(db: Database) -> None:
    """When the hand-over that an incident's owner offers lapses, by the clock of its `boot`; null
    without an offer. One that was made before has waited long enough."""
    db.execute("ALTER TABLE incidents ADD COLUMN offer_ms INTEGER")
    db.execute(
        "UPDATE incidents SET offer_ms = 0"
        " WHERE stage != 'closed' AND json_extract(body, '$.offer') IS NOT NULL"
    )


@migrations(name="0015_notice_subjects")
def notice_subjects(db: Database) -> None:
    """What a notice is about besides its incident, such as steps of its checklist: a JSON list."""
    db.execute("ALTER TABLE notices ADD COLUMN subjects TEXT NOT NULL DEFAULT '[]'")


@migrations(name="0016_log_followups")
def log_followups(db: Database) -> None:
    """When each follow-up was made: a month's are found without reading the log of a year."""
    db.execute("CREATE INDEX log_followups ON log (at, detail) WHERE event = 'followup_made'")


@migrations(name="0017_judged_record")
def judged_record(db: Database) -> None:
    """What a request wrote, so that who asks again hears of it."""
    db.execute("ALTER TABLE actions ADD COLUMN record TEXT NOT NULL DEFAULT ''")


_BRANCH = (
    # body: messages.Incident as JSON; boot, press_ms, due_ms: the clocks of its course, null once
    # it is closed.
    """
    CREATE TABLE incidents (
        incident_id TEXT PRIMARY KEY, point TEXT NOT NULL, kind TEXT NOT NULL,
        stage TEXT NOT NULL, drill INTEGER NOT NULL, raised_ms INTEGER NOT NULL,
        to_accept_ms INTEGER, to_arrive_ms INTEGER, to_close_ms INTEGER,
        body TEXT NOT NULL, boot TEXT, press_ms INTEGER, due_ms INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX incidents_open ON incidents (raised_ms, incident_id) WHERE stage != 'closed'",
    # Covers the whole of a report, so that a month is read without touching the bodies.
    """
    CREATE INDEX incidents_raised ON incidents (
        raised_ms, incident_id, kind, point, drill, to_accept_ms, to_arrive_ms, to_close_ms
    )
    """,
    # Every alert taken, once: the primary key is what makes a repeat harmless.
    """
    CREATE TABLE alerts (
        alert_id TEXT PRIMARY KEY, unit TEXT NOT NULL, point TEXT NOT NULL, what TEXT NOT NULL,
        boot TEXT NOT NULL, seq INTEGER NOT NULL, age_ms INTEGER, wall TEXT,
        drill INTEGER NOT NULL, received_ms INTEGER NOT NULL, incident_id TEXT
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE log (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, event TEXT NOT NULL, by TEXT NOT NULL,
        incident_id TEXT, detail TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX log_incident ON log (incident_id, seq)",
    "CREATE TABLE actions (action_id TEXT PRIMARY KEY, ok INTEGER NOT NULL, reason TEXT NOT NULL,"
    " taken_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE rejected (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, topic TEXT NOT NULL,
        reason TEXT NOT NULL, payload BLOB NOT NULL
    ) STRICT
    """,
    # Things still to be told to the outside; stored with the state that caused them.
    """
    CREATE TABLE notices (
        notice_id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, channel TEXT NOT NULL,
        step INTEGER NOT NULL, why TEXT NOT NULL, made_ms INTEGER NOT NULL,
        state TEXT NOT NULL, attempts INTEGER NOT NULL, detail TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX notices_waiting ON notices (made_ms) WHERE state = 'waiting'",
    "CREATE INDEX notices_incident ON notices (incident_id)",
    # Closed incidents whose last word the broker has not confirmed yet.
    "CREATE TABLE farewells (incident_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE units (
        unit TEXT PRIMARY KEY, configured INTEGER NOT NULL, status TEXT, last_seen_at TEXT
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE points (
        point TEXT PRIMARY KEY, label TEXT NOT NULL, unit TEXT NOT NULL, silent INTEGER NOT NULL,
        configured INTEGER NOT NULL, position INTEGER NOT NULL,
        seat TEXT, seat_alert_id TEXT, seat_boot TEXT, seat_ms INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE staff (
        staff TEXT PRIMARY KEY, name TEXT NOT NULL, roles TEXT NOT NULL, pin_hash TEXT NOT NULL,
        on_duty INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE faults (
        subject TEXT NOT NULL, name TEXT NOT NULL, since TEXT NOT NULL, detail TEXT NOT NULL,
        PRIMARY KEY (subject, name)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)

_REPORTS = (
    # One line a closed incident: see report_lines.py. Its key is the order in which it is read.
    """
    CREATE TABLE report_lines (
        raised_ms INTEGER NOT NULL, incident_id TEXT NOT NULL, kind TEXT NOT NULL,
        point TEXT NOT NULL, drill INTEGER NOT NULL,
        to_accept_ms INTEGER, to_arrive_ms INTEGER, to_close_ms INTEGER,
        outcome TEXT, asked TEXT NOT NULL, crew TEXT NOT NULL,
        PRIMARY KEY (raised_ms, incident_id)
    ) STRICT, WITHOUT ROWID
    """,
    # The lines of incidents that were closed before there were any, as report_lines.py makes them.
    """
    INSERT INTO report_lines
    SELECT raised_ms, incident_id, kind, point, drill, to_accept_ms, to_arrive_ms, to_close_ms,
        json_extract(body, '$.outcome'), coalesce(json_extract(body, '$.asked_roles'), '[]'),
        (
            SELECT json_group_array(json_array(
                json_extract(one.value, '$.roles'),
                max(0, to_accept_ms + CAST(round(86400000.0 * (
                    julianday(json_extract(one.value, '$.accepted_at'))
                    - julianday(json_extract(body, '$.accepted_at')))) AS INTEGER)),
                max(0, to_accept_ms + CAST(round(86400000.0 * (
                    julianday(json_extract(one.value, '$.arrived_at'))
                    - julianday(json_extract(body, '$.accepted_at')))) AS INTEGER))
            ))
            FROM json_each(body, '$.responders') AS one
        )
    FROM incidents WHERE stage = 'closed'
    """,
    # A notice enters it when its channel has answered, so that a press need not touch it.
    """
    CREATE INDEX notices_answered ON notices (made_ms, channel, state, attempts, why)
        WHERE state != 'waiting'
    """,
    """
    CREATE INDEX log_faults ON log (at, seq, event, detail)
        WHERE event IN ('fault_raised', 'fault_cleared')
    """,
)


@migrations(name="0010_channels")
def channels(db: Database) -> None:
    """Whom a notice is meant for and when it was last tried; how each channel does.

    delivered_*, tested_*, tried_*: one time by both clocks, all null before the first.
    """
    db.execute("ALTER TABLE notices ADD COLUMN staff TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE notices ADD COLUMN tried_ms INTEGER")
    db.execute(
        "CREATE TABLE channels ("
        " channel TEXT PRIMARY KEY, kind TEXT NOT NULL, canary_every_s INTEGER NOT NULL,"
        " position INTEGER NOT NULL,"
        " delivered_ms INTEGER, delivered_boot TEXT, delivered_mono_ms INTEGER,"
        " tested_ms INTEGER, tested_boot TEXT, tested_mono_ms INTEGER,"
        " tried_ms INTEGER, tried_boot TEXT, tried_mono_ms INTEGER,"
        " result TEXT, detail TEXT NOT NULL DEFAULT ''"
        ") STRICT, WITHOUT ROWID"
    )
