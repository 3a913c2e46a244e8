"""The room of signatures: its envelope, keys, key ring and payload."""
