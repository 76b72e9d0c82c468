"""What visitors see: pages made once an edition, media by their hash, and the bundle that a phone stores."""
