"""Learning-rate schedules: one per file, each a schema with a `factor` method (`contracts.components.Schedule`)."""
