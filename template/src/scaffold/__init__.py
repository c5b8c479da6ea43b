"""Given by the template: what no assignment grades. README.md beside this file is one page."""
