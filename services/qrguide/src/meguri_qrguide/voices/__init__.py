"""The free speech engines: Open JTalk for Japanese, espeak-ng for others; each in a process of its own."""
