"""Opening files: whatever holds tables becomes headers, and under each its raw texts."""
