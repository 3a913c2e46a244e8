"""MANY AT ONCE: files of lines, folders and CSV into the outbox, in constant memory, with what is bad set aside.

A source gives items, a run prepares each and hands it over, and rejects keep what was not taken. Nothing here knows a
command line, or the network.
"""

from tipline_client.bulk.counting import Counts, Filed, Summary
from tipline_client.bulk.folders import FolderSource
from tipline_client.bulk.mapping import CsvMapping, read_mapping
from tipline_client.bulk.preparing import FileRules, Prepared, prepare
from tipline_client.bulk.rejects import Rejects
from tipline_client.bulk.running import BulkRun
from tipline_client.bulk.sources import FileSource, Item, LineSource, Source
from tipline_client.bulk.streams import Stream
from tipline_client.bulk.tables import CsvSource
from tipline_client.bulk.trying import DryRun, Into, IntoOutbox

__all__ = [
    "BulkRun",
    "Counts",
    "CsvMapping",
    "CsvSource",
    "DryRun",
    "FileRules",
    "FileSource",
    "Filed",
    "FolderSource",
    "Into",
    "IntoOutbox",
    "Item",
    "LineSource",
    "Prepared",
    "Rejects",
    "Source",
    "Stream",
    "Summary",
    "prepare",
    "read_mapping",
]
