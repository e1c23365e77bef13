"""Scripts that print the tables in README, and choose what the search is weighted with."""
