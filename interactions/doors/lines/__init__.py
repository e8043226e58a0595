"""The pages on which lines are set up, tried and switched off."""
