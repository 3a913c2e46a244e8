"""The address of a database: taken when libpq reads what was meant, and shown without anything secret."""

import pytest

from tipline_client.errors import ConfigurationError
from tipline_client.outbox import Address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db.example.com/tipline", "postgresql://db.example.com/tipline"),
        ("postgres://courier@db.example.com:5433/tipline", "postgresql://courier@db.example.com:5433/tipline"),
        ("postgresql://courier:mug%40home@db/tipline?sslmode=require", "postgresql://courier@db/tipline"),
        ("postgresql://courier:mu:g@a:1,b:2/tipline", "postgresql://courier@a:1,b:2/tipline"),
        ("postgresql://courier@[2001:db8::1]:5432/tipline", "postgresql://courier@[2001:db8::1]:5432/tipline"),
        ("postgresql:///tipline?host=/run/postgresql&password=mug", "postgresql:///tipline"),
        ("postgresql://", "postgresql://"),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    """User, hosts and database; never a password or a parameter, in the repr neither."""
    address = Address(url)

    assert (url, shown) == (address.url, address.shown)
    assert f"Address({shown!r})" == repr(address)


@pytest.mark.parametrize(
    ("url", "has_password"),
    [
        ("postgresql://courier@db/tipline", False),
        ("postgresql://db/tipline?sslmode=require&passfile=/etc/pass", False),
        ("postgresql://courier:mug@db/tipline", True),
        ("postgresql:///tipline?password=mug", True),
        ("postgresql:///tipline?sslmode=require&sslpassword=mug", True),
    ],
)
def test_whether_it_holds_a_password(url: str, has_password: bool) -> None:
    """Behind the user or among the parameters."""
    assert has_password is Address(url).has_password


@pytest.mark.parametrize(
    "url",
    [
        "",
        "outbox.sqlite",
        "mysql://courier:mug@db/tipline",
        "host=db password=mug",
        "postgresql://courier:mu@g@db/tipline",
        "postgresql://courier:mu/g@db/tipline",
        "postgresql://courier:12?mug@db/tipline",
        "postgresql://courier:mug/tipline",
        "postgresql://courier:m ug@db/tipline",
        "postgresql://courier@db:mug/tipline",
    ],
)
def test_refused_without_showing_it(url: str) -> None:
    """What is no such URL, or would be read as something else than was meant, is refused; no part of it is shown."""
    with pytest.raises(ConfigurationError) as caught:
        Address(url)

    words = f"{caught.value} {caught.value.hint}"
    assert caught.value.hint
    assert not [part for part in ("mug", "mu@", "courier", "sqlite") if part in words]


@pytest.mark.parametrize(
    ("variables", "url", "place"),
    [
        ({}, "postgresql://app:secret@db.example.com/desk", "postgresql://db.example.com:5432/desk"),
        ({}, "postgres://courier@DB.example.com/desk?password=x&port=5433", "postgresql://db.example.com:5433/desk"),
        ({}, "postgresql://app@db.example.com:5433/other?dbname=desk", "postgresql://db.example.com:5433/desk"),
        ({}, "postgresql://app@127.0.0.1:5432/desk", "postgresql://localhost:5432/desk"),
        ({}, "postgresql://app@[::1]/desk", "postgresql://localhost:5432/desk"),
        ({}, "postgresql:///desk?sslmode=require&host=/run/pg", "postgresql://%2Frun%2Fpg:5432/desk"),
        ({}, "postgresql://app@%2Frun%2Fpg:5433/desk", "postgresql://%2Frun%2Fpg:5433/desk"),
        (
            {},
            "postgresql://app@one.example,two.example:5433/desk",
            "postgresql://one.example:5432,two.example:5433/desk",
        ),
        (
            {},
            "postgresql:///desk?host=one.example,two.example&port=5432,5433",
            "postgresql://one.example:5432,two.example:5433/desk",
        ),
        ({}, "postgresql://app:secret@db.example.com", "postgresql://db.example.com:5432/app"),
        ({"PGDATABASE": "trial"}, "postgresql://app@db.example.com", "postgresql://db.example.com:5432/trial"),
        ({"PGDATABASE": "trial"}, "postgresql://app@db.example.com/desk", "postgresql://db.example.com:5432/desk"),
        (
            {"PGHOST": "db.example.com", "PGUSER": "app", "PGPORT": "5434"},
            "postgresql://",
            "postgresql://db.example.com:5434/app",
        ),
        ({}, "postgresql://db.example.com?user=app", "postgresql://db.example.com:5432/app"),
        ({"PGSERVICE": "a"}, "postgresql://db.example.com:5432/desk", "postgresql://db.example.com:5432/desk"),
        ({"PGSERVICE": "a"}, "postgresql://db.example.com/desk", "postgresql://db.example.com:5432/desk?service=a"),
        (
            {"PGSERVICE": "a", "PGHOST": "db.example.com", "PGPORT": "5433"},
            "postgresql:///desk",
            "postgresql://db.example.com:5433/desk?service=a",
        ),
        ({"PGSERVICE": "desk"}, "postgresql://", "postgresql://:5432/?service=desk"),
        ({"PGHOSTADDR": "192.0.2.7"}, "postgresql:///desk", "postgresql://192.0.2.7:5432/desk"),
        ({}, "postgresql:///?service=desk", "postgresql://:5432/?service=desk"),
        ({}, "sqlite:///srv/app.sqlite3", "sqlite:///srv/app.sqlite3"),
    ],
)
def test_place(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, place: str) -> None:
    """Which database it is, however it is written; with no password, and with what libpq's variables say."""
    for name in ("PGDATABASE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGUSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert place == Address(url).place


def test_parameters_of_a_file() -> None:
    """A file takes none: they would become a part of its name, and the outbox another one."""
    with pytest.raises(ConfigurationError, match="parameters"):
        Address("sqlite:///srv/app.sqlite3?mode=ro")
