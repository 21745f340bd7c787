"""`gni runs …`: one module for each subcommand."""
