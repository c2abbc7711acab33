"""What onelayer keeps on disk: atomic writes, named arrays, checkpoints and run directories."""
