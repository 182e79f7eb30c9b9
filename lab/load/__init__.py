"""Posts work to an app, and checks what comes out."""
