"""What if a threshold moved: another rulebook over the same market, at the speed of a slider."""
