"""One flat file per subcommand (layer 4): `run(config, observer) -> Results`."""
