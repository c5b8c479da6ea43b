"""An agent that works with tools: what was written for this assignment."""
