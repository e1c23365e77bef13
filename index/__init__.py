"""From question to answer: encoders, the generation on disk, search, and the answer."""
