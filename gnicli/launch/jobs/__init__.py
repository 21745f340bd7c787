"""The jobs of a sweep as commands: one of them in a process of its own, some at once, and those that are left."""
