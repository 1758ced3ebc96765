"""What is measured is measured beside something plain, in turns, in one run."""
