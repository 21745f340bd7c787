"""One flat file per subcommand (layer 4): `run(cfg, observer) -> Results`."""
