"""A visitor's phone: a real Chromium with a profile of its own, before whose camera signs can be held, and a
guide's server over TLS behind a door that can be shut."""

import base64
import datetime as dt
import hashlib
import ipaddress
import threading
from contextlib import contextmanager

import uvicorn
from browser.conftest import ARGUMENTS, CHROMIUM
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from engines.tcp_proxy import TcpProxy
from PIL import Image

WIDTH, HEIGHT = 640, 480
SCREEN = {"width": 390, "height": 780}


class Certificate:
    """A certificate for 127.0.0.1, which a browser trusts by its key."""

    def __init__(self, folder):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "guide")])
        now = dt.datetime.now(dt.UTC)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.file, self.key_file = folder / "certificate.pem", folder / "key.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self.key_file.write_bytes(key.private_bytes(*pem))
        spki = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.fingerprint = base64.b64encode(hashlib.sha256(spki).digest()).decode()


@contextmanager
def signal(app, certificate):
    """The app over TLS, and the door through which phones reach it."""
    config = uvicorn.Config(
        app,
        port=0,
        access_log=False,
        log_level="error",
        ssl_certfile=certificate.file,
        ssl_keyfile=certificate.key_file,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the app could not start"
        thread.join(0.02)
    door = TcpProxy(f"https://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    try:
        yield door
    finally:
        door.close()
        server.should_exit = True
        thread.join()


class Camera:
    """What the phone's camera sees: a film of two frames in a file, which can be changed while it runs."""

    def __init__(self, file):
        self.file = file
        self.show(None)

    def show(self, picture):
        """Hold a picture before the camera, as high as what it sees; None: the dark."""
        frame = Image.new("L", (WIDTH, HEIGHT), 40)
        if picture is not None:
            width = round(picture.width * HEIGHT / picture.height)
            frame.paste(picture.resize((width, HEIGHT)), ((WIDTH - width) // 2, 0))
        grey = b"\x80" * (WIDTH * HEIGHT // 2)
        frames = b"FRAME\n" + frame.tobytes() + grey
        film = b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT) + frames * 2
        if not self.file.exists():
            self.file.write_bytes(film)
            return
        with self.file.open("r+b") as written:
            written.write(film)


@contextmanager
def phone(playwright, profile, certificate, camera, **options):
    """A browser with the profile, which outlives it as a phone's does; gives its context."""
    arguments = [
        *ARGUMENTS,
        f"--ignore-certificate-errors-spki-list={certificate.fingerprint}",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={camera.file}",
        "--autoplay-policy=user-gesture-required",
    ]
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        args=arguments,
        **{"viewport": SCREEN, "locale": "en-GB", **options},
    )
    context.set_default_timeout(20_000)
    try:
        yield context
    finally:
        context.close()
