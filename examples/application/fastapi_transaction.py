"""A decision in asynchronous SQLAlchemy and its report, in one transaction of a route: both are there, or neither.

Nothing leaves this machine. Run it anywhere: it makes `fastapi-transaction.sqlite3` and the folder
`fastapi-transaction-home` where it is started.
With the URL of a PostgreSQL database that has the outbox's tables as its argument, it decides there,
with a home of its own: a home has one outbox.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI, HTTPException, Request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tipline_client import AsyncDispatcher, AsyncTiplineClient, IncidentSummary, Person, Report, Reporter
from tipline_client.mock import MockEndpoint
from tipline_client.models import Email
from tipline_client.profiles import EndpointProfile


class Base(DeclarativeBase):
    """The application's tables."""


class Decision(Base):
    """What a moderator decided."""

    __tablename__ = "moderation_decisions"

    case: Mapped[str] = mapped_column(primary_key=True)


report = Report(
    incident_summary=IncidentSummary(
        incident_type="Misleading Domain Name",
        incident_date_time=datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
    ),
    reporter=Reporter(reporting_person=Person(first_name="Zoë", email=[Email(value="safety@example.com")])),
)


def url_of_engine(outbox: str) -> str:
    """The same database as SQLAlchemy writes it, with the driver that can be awaited."""
    if outbox.startswith("sqlite://"):
        return outbox.replace("sqlite://", "sqlite+aiosqlite:///", 1)
    return outbox.replace("postgresql://", "postgresql+psycopg://", 1)


def create_app(profile: EndpointProfile, home: str, outbox: str) -> FastAPI:
    """The application, with its tables and the outbox in one database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = create_async_engine(url_of_engine(outbox))
        try:
            async with (
                # What is opened last is closed first: the dispatcher, the client, and the engine after both.
                AsyncTiplineClient.open(home, profile=profile, outbox=outbox) as client,
                AsyncDispatcher(client),
            ):
                async with engine.begin() as connection:
                    await connection.run_sync(Base.metadata.create_all)
                app.state.client = client
                app.state.sessions = async_sessionmaker(engine)
                yield
        finally:
            await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.post("/decisions/{case}", status_code=202)(decide)
    app.get("/decisions/{case}")(status)
    return app


async def decide(request: Request, case: str, *, is_withdrawn: bool = False) -> dict[str, str]:
    """Write a decision down and queue its report, together; asked again, it answers the same."""
    client: AsyncTiplineClient = request.app.state.client
    try:
        # In the route: what a dependency does after its `yield` can come when the answer has been sent.
        async with request.app.state.sessions.begin() as session:
            session.add(Decision(case=case))
            await session.flush()
            entry = await client.enqueue(report, idempotency_key=case, connection=session)
            if is_withdrawn:
                raise HTTPException(409, "the moderator changed her mind")
    except IntegrityError:
        return await status(request, case)
    # Committed: from here a crash loses neither.
    return {"id": entry.id, "state": entry.state}


async def status(request: Request, case: str) -> dict[str, str]:
    """What became of the report of a decision."""
    entry = await request.app.state.client.find(case)
    if entry is None:
        raise HTTPException(404, "no such decision")
    return {"id": entry.id, "state": entry.state}


async def main(home: str, outbox: str) -> None:
    """Decide twice the same, and once with a change of mind."""
    with MockEndpoint() as endpoint:
        app = create_app(endpoint.profile, home, outbox)
        requests = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
        async with app.router.lifespan_context(app), requests:
            first = (await requests.post("/decisions/case-1")).json()
            again = (await requests.post("/decisions/case-1")).json()
            withdrawn = await requests.post("/decisions/case-2?is_withdrawn=true")
            nothing = await requests.get("/decisions/case-2")
            print(f"the same: {first['id'] == again['id']}")
            print(f"withdrawn: {withdrawn.status_code}, then {nothing.status_code}")
            while (await requests.get("/decisions/case-1")).json()["state"] != "acknowledged":  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # for the dispatcher of the lifespan
        print(f"filed: {endpoint.summary()['finished']}")


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(main("fastapi-transaction-server-home", sys.argv[1]))
    else:
        asyncio.run(main("fastapi-transaction-home", f"sqlite://{Path('fastapi-transaction.sqlite3').absolute()}"))
