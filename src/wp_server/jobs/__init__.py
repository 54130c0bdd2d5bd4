"""The job queue: state machine, dispatch to runner streams, deadlines, output. Its rows live in `store.jobs`."""
