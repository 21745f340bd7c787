"""Claims read from files, judged by runs read from folders and tables, and the report of their verdicts."""
