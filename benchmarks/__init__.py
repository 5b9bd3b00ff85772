"""seewhy beside its peers: the same answers first, then the time. `make bench` fills docs/performance.md."""
