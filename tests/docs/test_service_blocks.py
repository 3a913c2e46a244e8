"""The blocks for a person's shell that set up a service: on one host and on several, by units and in containers."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.docs.machine import Machine, address_of, shell_block
from tests.docs.pages import ROOT, blocks
from tests.support.postgres import PostgresServer, required
from tipline_client.mock import MockEndpoint

pytestmark = pytest.mark.slow

SERVICE_PAGE = "docs/operations/service.md"
ONE_HOST_PAGE = "docs/hosts/service.md"


def edit(file: Path, **settings: str) -> None:
    """What a person does with an editor: other settings in the file, each in the place of the one that is there."""
    text = file.read_text(encoding="utf-8")
    for name, value in settings.items():
        text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert 1 == count
    file.write_text(text, encoding="utf-8")


def test_service_on_one_host(machine: Machine) -> None:
    """As the page has it: set up, given a password and an endpoint, and started; what waits is filed by the unit."""
    page = (ROOT / ONE_HOST_PAGE).read_text(encoding="utf-8")
    with MockEndpoint() as endpoint:
        machine.run(shell_block(ONE_HOST_PAGE, "useradd").code)
        machine.place("/etc/tipline/credentials/password").write_text(endpoint.password, encoding="utf-8")
        [settings] = [block.code for block in blocks(page) if block.language == "toml"]
        place = machine.place("/var/lib/tipline/tipline.toml")
        settings = settings.replace('"testing"', f'"{endpoint.base_url}"').replace("example-user", endpoint.username)
        place.write_text(settings, encoding="utf-8")
        machine.run(shell_block(ONE_HOST_PAGE, "cd /var/lib/tipline").code)
        machine.run("tipline enqueue examples/submission.json --home /var/lib/tipline")

        machine.run(shell_block(ONE_HOST_PAGE, "systemctl enable").code)

        assert 1 == endpoint.summary()["finished"]
        machine.run("systemctl start tipline-doctor")
    assert 0o600 == machine.place("/etc/tipline/credentials/password").stat().st_mode & 0o777


def test_containers_of_one_host(machine: Machine) -> None:
    """The home is made in the volume, and the dispatcher finds it, its settings and its password."""
    folder = machine.checkout / "examples" / "service"
    with MockEndpoint() as endpoint:
        give_secrets(folder, {"endpoint-password": endpoint.password})
        edit(folder / "dispatch.env", **address_of(endpoint))

        machine.run(shell_block(ONE_HOST_PAGE, "cd examples/service").code)

    assert (machine.root / "volumes" / "home" / "keys").is_dir()


def give_secrets(folder: Path, secrets: dict[str, str]) -> None:
    (folder / "secrets").mkdir(mode=0o700)
    for name, value in secrets.items():
        (folder / "secrets" / name).write_text(value, encoding="utf-8")


@pytest.fixture
def database() -> Iterator[tuple[PostgresServer, str]]:
    server = required()
    name = server.make_database()
    yield server, server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


@pytest.fixture
def two_users() -> Iterator[tuple[PostgresServer, str]]:
    """A server, and the name of a database that the page makes, together with its users."""
    server = required()
    yield server, "page_tipline"
    server.execute("DROP DATABASE IF EXISTS page_tipline WITH (FORCE)", database="postgres")
    server.execute("DROP ROLE IF EXISTS courier, owner", database="postgres")


def run_sql(begins: str, server: PostgresServer, *, database: str, user: str) -> None:
    """Run one block of the page as this user, in the database or beside it, statement by statement."""
    shown = [block.code for block in blocks((ROOT / SERVICE_PAGE).read_text(encoding="utf-8"))]
    [code] = [code for code in shown if code.startswith(begins)]
    code = code.replace("DATABASE tipline", "DATABASE page_tipline")
    dsn = server.dsn(database).replace("user=tipline", f"user={user}")
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in code.split(";\n"):
            connection.execute(statement.encode())


def test_service_on_two_hosts(tmp_path: Path, two_users: tuple[PostgresServer, str]) -> None:
    """The first makes tables and home, the second is brought the keys; what one queued, the other's unit files.

    Each step in the database is done by the user whom the page names for it, and everything else by the dispatchers'.
    """
    server, name = two_users
    owner, address = (server.url(name).replace("tipline@", f"{user}@") for user in ("owner", "courier"))
    assert {"sql"} == {
        block.language for block in blocks((ROOT / SERVICE_PAGE).read_text(encoding="utf-8")) if "ROLE" in block.code
    }
    run_sql("CREATE ROLE", server, database="postgres", user="tipline")
    first, second = Machine(tmp_path / "first"), Machine(tmp_path / "second")
    second.environ["MACHINE_FIRST"] = str(first.root)
    with MockEndpoint() as endpoint:
        for machine in (first, second):
            machine.run(shell_block(SERVICE_PAGE, "groupadd").code)
            set_up_by_hand(machine, endpoint, address)
        tables = shell_block(SERVICE_PAGE, "/opt/tipline/bin/tipline migrate").code
        first.run("mkdir -p -m 700 /var/lib/tipline/evidence")
        first.run(re.sub(r"postgresql://owner@[^']+", owner, tables))
        run_sql("GRANT", server, database=name, user="owner")
        first.run(shell_block(SERVICE_PAGE, "cd /var/lib/tipline").code)
        first.run(shell_block(SERVICE_PAGE, "systemctl daemon-reload").code)
        where = "TIPLINE_HOME=/var/lib/tipline TIPLINE_OUTBOX_FILE=/etc/tipline/credentials/outbox"
        first.run(f"{where} TIPLINE_ENDPOINT={endpoint.base_url} tipline enqueue examples/submission.json")

        next_host = shell_block(SERVICE_PAGE, "install --directory").code
        made, rest = next_host.split("\n", 1)
        second.run(f"systemctl daemon-reload\n{made}")
        # What is mounted there on a real host.
        second.place("/var/lib/tipline/evidence").symlink_to(first.place("/var/lib/tipline/evidence"))
        second.run(rest)

        assert 1 == endpoint.summary()["finished"]


def set_up_by_hand(machine: Machine, endpoint: MockEndpoint, address: str) -> None:
    """What the page says in words: settings, credentials and units."""
    machine.run("install -D -m 0644 examples/service/dispatch.env /etc/tipline/dispatch.env")
    machine.run("install -m 0644 examples/service/tipline-dispatch.service /etc/systemd/system")
    machine.run("install -m 0644 examples/service/tipline-doctor.service /etc/systemd/system")
    edit(machine.place("/etc/tipline/dispatch.env"), **address_of(endpoint))
    for name, secret in {"outbox": address, "password": endpoint.password}.items():
        file = machine.place(f"/etc/tipline/credentials/{name}")
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text(secret, encoding="utf-8")
        file.chmod(0o600)


def test_containers_of_several_hosts(machine: Machine, database: tuple[PostgresServer, str]) -> None:
    """Tables and home are made by the services for the set-up, and the dispatcher finds both."""
    _, address = database
    folder = machine.checkout / "examples" / "service"
    with MockEndpoint() as endpoint:
        addresses = {"owner-address": address, "courier-address": address}
        give_secrets(folder, {**addresses, "endpoint-password": endpoint.password})
        edit(folder / "dispatch.env", **address_of(endpoint))

        machine.run(shell_block(SERVICE_PAGE, "docker build").code)

    assert (machine.root / "volumes" / "home" / "keys").is_dir()
    assert not (machine.root / "volumes" / "home" / "outbox.sqlite").exists()
