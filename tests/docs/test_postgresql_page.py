"""What the page on PostgreSQL prints is run on a server: the command, the rights, and both programs, in its order."""

import re
from collections.abc import Iterator

import psycopg
import pytest

from tests.docs.pages import ROOT, Block, blocks
from tests.docs.running import commands, run_command, run_python
from tests.support.postgres import PostgresServer, required
from tipline_client import TiplineClient
from tipline_client.delivery.states import State
from tipline_client.errors import TiplineError
from tipline_client.testing import factories

PAGE = ROOT / "docs" / "postgresql.md"
_SHOWN = re.compile(r"postgresql://(\w+)@db\.example\.com/tipline(\?sslmode=verify-full)?")


@pytest.fixture
def server() -> PostgresServer:
    return required()


@pytest.fixture
def database(server: PostgresServer) -> Iterator[str]:
    """A database with the owner whom the page names, and with an application that wrote a table into it."""
    name = server.make_database()
    for statement in (
        "CREATE ROLE page_owner LOGIN",
        "CREATE ROLE page_app LOGIN",
        f"ALTER DATABASE {name} OWNER TO page_owner",
        "GRANT CREATE ON SCHEMA public TO page_app",
        "CREATE TABLE decisions (case_number integer)",
        "ALTER TABLE decisions OWNER TO page_app",
    ):
        server.execute(statement, database=name)
    yield name
    server.execute(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")
    server.execute("DROP ROLE IF EXISTS page_courier, page_app, page_owner", database="postgres")


def on_server(text: str, server: PostgresServer, database: str) -> str:
    """The same with the addresses of the page led to the server, and its users by names that no other test has."""
    led = _SHOWN.sub(lambda shown: server.url(database).replace("tipline@", f"{shown[1]}@"), text)
    return re.sub(r"\b(courier|owner|app)(?=@| LOGIN|;)", r"page_\1", led)


@pytest.mark.usefixtures("workplace")
def test_page_on_postgresql(server: PostgresServer, database: str) -> None:
    """The owner makes the tables, and dispatcher and application do their work with the rights that they are given."""
    namespace: dict[str, object] = {"__name__": "page", "report": factories.report()}
    ran = []
    for block in blocks(on_server(PAGE.read_text(encoding="utf-8"), server, database)):
        ran.append(block.language)
        if block.language == "console":
            for command in commands(block):
                run_command(command, address="127.0.0.1:1")
        elif block.language == "sql":
            _execute(block, server, database)
        elif block.language == "python":
            run_python(block, namespace, page=PAGE, address="127.0.0.1:1")

    client = namespace["client"]
    assert isinstance(client, TiplineClient)
    with client:
        entry = client.find("case-4711")
    assert entry is not None
    assert State.QUEUED is entry.state
    assert [(4711,)] == server.execute("SELECT case_number FROM decisions", database=database)
    assert ["sh", "console", "sql", "sql", "python", "python"] == ran


def _execute(block: Block, server: PostgresServer, database: str) -> None:
    """Users are made by whoever may, and everything else by the owner, who may not."""
    if block.code.startswith("CREATE ROLE"):
        server.execute(block.code, database=database)
        # The page says in words that an application needs what a dispatcher needs.
        server.execute("GRANT page_courier TO page_app", database=database)
        return
    with psycopg.connect(
        server.dsn(database).replace("user=tipline", "user=page_owner"), autocommit=True
    ) as connection:
        for statement in block.code.split(";\n"):
            connection.execute(statement.encode())


@pytest.mark.usefixtures("workplace")
def test_dispatcher_without_the_rights(server: PostgresServer, database: str) -> None:
    """The rights on the page are needed: without them the user of a dispatcher cannot open the outbox."""
    server.execute("CREATE ROLE page_courier LOGIN", database=database)
    page = on_server(PAGE.read_text(encoding="utf-8"), server, database)
    [program] = [block for block in blocks(page) if "migrate(" in block.code]

    with pytest.raises(TiplineError) as caught:
        run_python(program, {"__name__": "page"}, page=PAGE, address="127.0.0.1:1")

    assert "refuses this user" in str(caught.value)
