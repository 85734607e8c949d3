"""The draw: rules, frozen list, ranking and walk, proof, and the words that explain it."""
