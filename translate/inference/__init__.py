"""Photos in, photos out, with what a bundle holds and nothing of training."""
