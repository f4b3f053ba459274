"""The probability distributions of `prob.dist`, by family, and the numerics that they share."""
