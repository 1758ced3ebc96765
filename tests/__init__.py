"""A package, lest one of the same name that torch-fidelity installs be taken for it."""
