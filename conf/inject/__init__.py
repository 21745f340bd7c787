"""The choices of `inject=`."""
