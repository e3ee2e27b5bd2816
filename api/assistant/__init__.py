"""The questions for assistants, by the Model Context Protocol: answers that say by a status what they are, short or whole, with sources."""
