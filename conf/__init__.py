"""The configuration tree, shipped inside the wheel as `gnicli.conf`."""
