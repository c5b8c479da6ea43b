"""Ask the office: `python app.py "question"`; rules alone, so it needs no key."""

import sys

from ferry_office.rules import answer

found = answer(" ".join(sys.argv[1:]))
print(found.reason or "Taken as it stands.", found.sql or "No SQL.", "", sep="\n")
for row in found.result.rows if found.result else []:
    print(*row, sep="\t")
