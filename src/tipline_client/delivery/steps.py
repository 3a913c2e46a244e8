"""The calls of the protocol, by the endpoint's own names."""

from enum import StrEnum

__all__ = ["Step"]


class Step(StrEnum):
    """One call. Only `FINISH` files; `STATUS` and `SCHEMA` touch no report."""

    SUBMIT = "submit"
    UPLOAD = "upload"
    FILEINFO = "fileinfo"
    FINISH = "finish"
    RETRACT = "retract"
    STATUS = "status"
    SCHEMA = "xsd"
