"""The room of evidence: digests, names, sources and the folder."""
