"""Typed fields out of messy text: what was written for this assignment."""
