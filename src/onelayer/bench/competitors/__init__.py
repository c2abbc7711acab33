"""The competitors, one to a file: each turns a job's work into an :class:`~onelayer.bench.entry.Entry`."""
