"""The two calls that touch no report: is the endpoint there, and what is its schema."""

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.errors import ConfigurationError, DeliveryTransientError
from tipline_client.profiles import EndpointProfile, EndpointSchema
from tipline_client.profiles.exchange import Reply
from tipline_client.profiles.replies import read_answer
from tipline_client.profiles.requests import schema_call, status_call
from tipline_client.transport import Transport

__all__ = ["fetch_schema", "probe"]


async def probe(transport: Transport, profile: EndpointProfile) -> Answer:
    """Ask `GET /status`; success means that the endpoint is there and accepts the credentials."""
    return read_answer(Step.STATUS, await transport.send(status_call()), profile)


async def fetch_schema(transport: Transport, profile: EndpointProfile) -> EndpointSchema:
    """Fetch the endpoint's own XSD.

    Raises:
        DeliveryTransientError: The endpoint did not give it.
        ConfigurationError: It refused the credentials, or what it gave is no schema.
    """
    reply = await transport.send(schema_call())
    answer = read_answer(Step.SCHEMA, reply, profile)
    if answer.kind is AnswerKind.DENIED:
        is_permission = answer.code is not None and answer.code // 1000 == 3
        raise ConfigurationError(
            f"the endpoint refuses this account of profile {profile.name}: {answer.reason}",
            hint="Ask the hotline for the permission that this account lacks."
            if is_permission
            else "Check the user name and the password; `tipline doctor --offline` says where each is set.",
        )
    if answer.kind is not AnswerKind.SUCCESS or not isinstance(reply, Reply):
        raise DeliveryTransientError(
            f"the endpoint gave no schema: {answer.reason}",
            step=Step.SCHEMA,
            code=answer.code,
            request_id=answer.request_id,
            hint="Try again later; documents go on being checked against the rules of November 2025.",
        )
    return EndpointSchema(reply.body)
