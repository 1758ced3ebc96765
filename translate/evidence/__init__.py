"""What a run was worth, told so that others can check it: evaluations and pages."""
