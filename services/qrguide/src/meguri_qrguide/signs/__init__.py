"""What a town prints and puts up: codes with their sights' numbers and a word to visitors, as PDF."""
