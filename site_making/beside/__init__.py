"""What stands beside the pages: their Markdown, `llms.txt`, descriptions, the card."""
