"""SQL for a question: what was written for this assignment."""
