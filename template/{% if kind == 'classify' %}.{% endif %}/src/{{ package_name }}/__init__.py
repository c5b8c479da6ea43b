"""One label for each text: what was written for this assignment."""
