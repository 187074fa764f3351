"""What each call means, a module a noun: between HTTP and the workspace, the datasets and the jobs."""
