"""The tables of what is kept after the filing, as one more step of the migrations in `tables`."""

from typing import Final

__all__ = ["ARCHIVE"]

# A line of the history tells of every change of these rows; what people wrote stands in the notes.
ARCHIVE: Final = (
    """
    CREATE TABLE tipline.holds (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        entry bigint NOT NULL REFERENCES tipline.entries (number),
        regime text NOT NULL,
        part text NOT NULL CHECK (part IN ('content', 'reference')),
        reason text NOT NULL,
        is_limit boolean NOT NULL,
        began_at bigint NOT NULL,
        ends_at bigint NOT NULL,
        released_at bigint
    )
    """,
    "CREATE INDEX holds_of_entry ON tipline.holds (entry, number)",
    "CREATE INDEX holds_unreleased ON tipline.holds (ends_at, number) WHERE released_at IS NULL",
    "CREATE INDEX holds_limits ON tipline.holds (ends_at, entry) WHERE is_limit AND released_at IS NULL",
    """
    CREATE TABLE tipline.destructions (
        entry bigint PRIMARY KEY REFERENCES tipline.entries (number),
        begun_at bigint NOT NULL,
        plan bytea NOT NULL,
        holds_ended text NOT NULL,
        emptied_at bigint,
        certificate bytea
    )
    """,
    "CREATE INDEX destructions_unfinished ON tipline.destructions (begun_at, entry) WHERE certificate IS NULL",
)
