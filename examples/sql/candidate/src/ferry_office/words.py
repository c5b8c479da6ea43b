"""The words that the grammar is made of; data/words.csv holds the office's own, and the German ones.

Each stands in a question of the split `dev` or in the schema, is another form of such a word, or
its opposite. Where data/words.csv gives no meaning, a word says nothing about which rows are meant.
"""

import csv
from pathlib import Path

PERSON = "customer"  # whom "who" asks for
REVENUE = {"sale": '"product"."price" * "sale"."quantity"', "booking": '"booking"."price"'}
TIMES = ("built", "year")  # numbers that "oldest" and "newest" go by
HIGHEST = "highest|largest|biggest|longest|latest|newest|dearest|most"
LOWEST = "lowest|smallest|shortest|earliest|oldest|fewest|cheapest|least"
CHANGING = "delete|drop|remove|insert|add|update|change|alter|truncate|erase|set|mark"
LEFT_OUT = (  # injected SQL, and what is said beside the question
    rf"['\";]+\s*(?:{CHANGING})\b[^;]*(?:;\s*(?:--)?|$)"
    r"|^ignore [^;:.]*? and (?=list|show)|,? also for those without an? \w+"
)
with Path("data/words.csv").open(encoding="utf-8", newline="") as lines:
    MEANINGS = {row["written"]: row["means"] for row in csv.DictReader(lines)}
