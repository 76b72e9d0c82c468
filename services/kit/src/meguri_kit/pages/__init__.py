"""What the pages of two services share: the language to answer in, security headers, design tokens."""
