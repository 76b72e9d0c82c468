"""The free speech engines: espeak-ng, and Open JTalk for Japanese. Each runs in a process of its own."""
