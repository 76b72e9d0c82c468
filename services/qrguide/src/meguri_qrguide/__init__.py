"""The multilingual guide behind QR codes."""
