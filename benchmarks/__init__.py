"""What it costs, runnable by anyone; imported by nothing else."""
