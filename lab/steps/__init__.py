"""The steps of the numbered folders: started for a reader, and run against their transcripts."""
