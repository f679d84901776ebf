"""What the learner touches."""
