"""The headers of a visitor's page, which a stored page keeps."""

from __future__ import annotations

from meguri_kit.pages.headers import CONTENT_SECURITY_POLICY

PAGE_HEADERS = {
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; media-src 'self'; worker-src 'self'",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sound and video of our own, and the camera for the scanner; for the rest as every page of Meguri."""
