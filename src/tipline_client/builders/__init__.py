"""The usual cases in a few lines each: a hash match, a picture that a user reported, enticement in a chat.

Each builder fills in the models from what its caller says, and nothing else: no incident type, time, classification or
claim about a file comes from here. It gives back a `Draft`: the report, its evidence, and what an analyst will miss.
"""

from tipline_client.builders.chats import chat_enticement
from tipline_client.builders.draft import Draft
from tipline_client.builders.hash_matches import HashMatch, MatchedFile, hash_match
from tipline_client.builders.messages import Conversation, Message, Role, Truncation
from tipline_client.builders.table import LeftOut, Table, read_conversation
from tipline_client.builders.user_reports import UserReport, user_report

__all__ = [
    "Conversation",
    "Draft",
    "HashMatch",
    "LeftOut",
    "MatchedFile",
    "Message",
    "Role",
    "Table",
    "Truncation",
    "UserReport",
    "chat_enticement",
    "hash_match",
    "read_conversation",
    "user_report",
]
