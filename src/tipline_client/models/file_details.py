"""What is known of one piece of evidence: whose eyes saw it, what marks it bears, where it came from.

`EvidenceDetails` is what a caller can say; `FileDetails` adds the two ids that the endpoint gives. Claims such as
`file_viewed_by_esp` have no default: nobody but the caller can make them.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tipline_client.models.base import TextElement, WireModel
from tipline_client.models.capture import DeviceId, IpCaptureEvent
from tipline_client.models.enumerations import FileRelevance, IndustryClassification, MetadataType
from tipline_client.models.scalars import (
    FileId,
    Flag,
    Instant,
    Many,
    MaxUnits,
    ReportId,
    Text64,
    Text2083,
    Truth,
    WireText,
)
from tipline_client.models.xml_facts import Attribute, Text

__all__ = ["Details", "EvidenceDetails", "FileAnnotations", "FileDetails", "NameValuePair", "OriginalFileHash"]


class FileAnnotations(WireModel):
    """Marks on one file. Each can be asserted or left out, never denied."""

    anime_drawing_virtual_hentai: Flag = False
    """Drawn or rendered, not photographed."""
    potential_meme: Flag = False
    """Spread as a joke or out of outrage rather than with intent to harm."""
    viral: Flag = False
    """Spreading quickly among many users."""
    possible_self_production: Flag = False
    """The person shown seems to have made it."""
    physical_harm: Flag = False
    """Somebody is hurt on purpose."""
    violence_gore: Flag = False
    """Graphic violence."""
    bestiality: Flag = False
    """An animal is involved."""
    live_streaming: Flag = False
    """Recorded from or during a live stream."""
    infant: Flag = False
    """An infant is shown."""
    generative_ai: Annotated[Flag, Field(alias="generativeAi")] = False
    """Made wholly or partly by generative software."""


class OriginalFileHash(TextElement):
    """A digest of the file as the user uploaded it."""

    value: Annotated[WireText, Text()]
    """The digest."""
    hash_type: Annotated[Text64, Attribute()]
    """Name of the algorithm, such as `MD5`, `SHA1` or `SHA256`."""


class NameValuePair(WireModel):
    """One piece of metadata."""

    name: Text64
    """What it is."""
    value: WireText
    """What it says."""


class Details(WireModel):
    """Metadata found in or about the file."""

    type: Annotated[MetadataType | None, Attribute()] = None
    """What kind of metadata it is."""
    name_value_pair: Annotated[Many[NameValuePair], Field(min_length=1)]
    """The metadata; at least one pair."""


class EvidenceDetails(WireModel):
    """Everything about a file that the caller can know before it is uploaded."""

    file_name: WireText | None = None
    """In the schema but not in the documentation: prefer `original_file_name`."""
    original_file_name: Annotated[WireText, MaxUnits(2056)] | None = None
    """Name under which the user uploaded it."""
    uploaded_to_esp_timestamp: Instant | None = None
    """When the user uploaded it."""
    location_of_file: Text2083 | None = None
    """Address at which it was found."""
    file_viewed_by_esp: Truth | None = None
    """Whether a person at the company viewed the entire file. Courts rely on this statement."""
    exif_viewed_by_esp: Truth | None = None
    """Whether a person at the company viewed its embedded metadata."""
    publicly_available: Truth | None = None
    """Whether online users could reach the whole file."""
    file_relevance: FileRelevance | None = None
    """Whether it is what is reported or only helps to understand it."""
    potential_meme: Truth | None = None
    """Old form of the mark in `file_annotations`; never together with it."""
    file_annotations: FileAnnotations | None = None
    """Marks on the file."""
    industry_classification: IndustryClassification | None = None
    """Class of the content; for members of the industry's hash-sharing agreement alone."""
    original_file_hash: Many[OriginalFileHash] = ()
    """Digests of the file as the user uploaded it."""
    ip_capture_event: IpCaptureEvent | None = None
    """IP address from which the user uploaded it; one at most."""
    device_id: Many[DeviceId] = ()
    """Devices from which it was uploaded."""
    details: Many[Details] = ()
    """Metadata of the file."""
    additional_info: Many[WireText] = ()
    """Anything else; several texts are allowed here."""

    @model_validator(mode="after")
    def _mark_memes_one_way(self) -> Self:
        if self.potential_meme is not None and self.file_annotations is not None:
            raise PydanticCustomError(
                "meme_marked_twice",
                "potentialMeme and fileAnnotations exclude each other; say it as fileAnnotations.potentialMeme",
            )
        return self


class _FileIds(WireModel):
    """The two ids that open the element."""

    report_id: ReportId
    """Report to which the file was uploaded."""
    file_id: FileId
    """The endpoint's id of the file."""


class FileDetails(EvidenceDetails, _FileIds):
    """Details of an uploaded file, as the hotline's `fileDetails` element."""
