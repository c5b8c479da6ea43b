"""A verdict on answers, held against people's: what was written for this assignment."""
