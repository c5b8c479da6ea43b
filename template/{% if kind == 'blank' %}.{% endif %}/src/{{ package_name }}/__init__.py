"""Text in, text out: what was written for this assignment."""
