"""Answers out of documents, with citations: what was written for this assignment."""
