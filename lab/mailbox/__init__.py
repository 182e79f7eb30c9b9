"""The mail server of the lab: SMTP, an inbox to read, and switches that make it fail."""
