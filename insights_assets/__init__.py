"""Meta ad accounts as one Dagster asset graph."""
