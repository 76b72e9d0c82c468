"""Ingest in memory: what it was sent, and the answers of the real one (the contract suite compares them)."""

import base64
import gzip
import json
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

import numpy as np
from meguri_proto.columns import read_columns
from meguri_proto.pseudonyms import key_check, opt_out_mark
from meguri_proto.schema.upload_pb2 import Upload

DAY_MS = 24 * 3_600_000
KEY_KEPT_MS = 15 * 60_000
SENSOR_TOKEN = "a-sensor's-token:"
OPT_OUT_KEY = b"o" * 32
REPLAYER_TOKEN = "a-replayer's-token:"


class FakeIngest:
    """One town's ingest; a token is `SENSOR_TOKEN` or `REPLAYER_TOKEN` with the sensor's name."""

    def __init__(self, town):
        self.town = town
        self.town_time_ms = None
        self.ticks = []
        self.uploads = []
        """(sensor, upload, town time when it arrived), duplicates too."""
        self.batches = {}
        """The first batch of each name (sensor, boot, sequence, key day)."""
        self.posts = []
        """(path with query, name of the token, headers, body) of everything but detections and ticks."""
        self.opted_out = []
        """Addresses on the opt-out list."""
        self.renamed = []
        """Names under which another content arrived later."""
        self.refusals = deque()
        """(status, headers) with which the next requests are answered."""
        self.before_answer = lambda _path: None
        self._lock = Lock()
        handler = type("Handler", (_Handler,), {"ingest": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def key(self, key_day):
        return key_day.to_bytes(32, "little")

    def detections(self):
        """All accepted detections, each (sensor, time_ms, device, rssi)."""
        found = []
        for (sensor, *_), batch in self.batches.items():
            columns = read_columns(batch, batch.count)
            times = columns["time_offset_ms"].astype(np.int64) + batch.base_time_ms
            found += zip(
                [sensor] * batch.count,
                times.tolist(),
                columns["device"].tolist(),
                columns["rssi"].tolist(),
                strict=True,
            )
        return found

    def answer_keys(self, from_ms, to_ms):
        town, now = self.town, self.town_time_ms
        keys, unavailable = [], []
        for day in range(town.key_day_at(from_ms), town.key_day_at(to_ms - 1) + 1):
            start, end = town.day_bounds_ms(day)
            if now is not None and day < town.key_day_at(now - KEY_KEPT_MS):
                unavailable.append({"key_day": day, "reason": "destroyed"})
            elif now is not None and day > town.key_day_at(now + 8 * DAY_MS):
                unavailable.append({"key_day": day, "reason": "too_far_ahead"})
            else:
                key = base64.b64encode(self.key(day)).decode()
                keys.append({"key_day": day, "start_ms": start, "end_ms": end, "key": key})
        rules = {"town": town.town, "gap_ms": town.gap_ms, "lateness_ms": town.lateness_ms}
        return 200, {**rules, "keys": keys, "unavailable": unavailable}

    def answer_opt_outs(self):
        marks = [base64.b64encode(opt_out_mark(OPT_OUT_KEY, each)).decode() for each in self.opted_out]
        return 200, {"key": base64.b64encode(OPT_OUT_KEY).decode(), "marks": marks}

    def answer_upload(self, sender, body):
        upload = Upload.FromString(gzip.decompress(body))
        if upload.town_time_ms:
            self.answer_tick(upload.town_time_ms)
        self.uploads.append((sender, upload, self.town_time_ms))
        accepted, rejected = 0, []
        for index, batch in enumerate(upload.batches):
            sensor = batch.sensor or sender
            times = read_columns(batch, batch.count)["time_offset_ms"].astype(np.int64) + batch.base_time_ms
            if batch.key_check != key_check(self.key(batch.key_day)):
                reason = "key_out_of_step"
            elif self.town_time_ms is None or times.max() > self.town_time_ms + self.town.clock_lead_ms:
                reason = "clock_ahead"
            else:
                accepted += batch.count
                name = (sensor, batch.boot, batch.sequence, batch.key_day)
                if self.batches.setdefault(name, batch) != batch:
                    self.renamed.append(name)
                continue
            item = {"item": f"batches[{index}]", "reason": reason, "message": reason}
            rejected.append({**item, "detections": batch.count})
        return (200 if accepted or not upload.batches else 422), {"accepted": accepted, "rejected": rejected}

    def answer_post(self, path, sender, headers, body):
        """Take anything that a till, a counter or the guide's page posts, as it is."""
        self.posts.append((path, sender, headers, body))
        return 200, {"accepted": 1, "rejected": []}

    def answer_tick(self, town_time_ms):
        self.ticks.append(town_time_ms)
        self.town_time_ms = max(self.town_time_ms or 0, town_time_ms)
        return 200, {"town_time_ms": self.town_time_ms}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass

    def _answer(self, body):
        headers = {}
        self.ingest.before_answer(self.path)
        with self.ingest._lock:
            if self.ingest.refusals:
                status, headers = self.ingest.refusals.popleft()
                answer = {"error": "Not now."}
            else:
                status, answer = self._what(body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _what(self, body):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        role = next((role for role in (SENSOR_TOKEN, REPLAYER_TOKEN) if token.startswith(role)), None)
        if role is None and ("/webhooks/" in self.path or self.path == "/v1/events"):
            return self.ingest.answer_post(self.path, "", dict(self.headers), body)
        if role is None:
            return 401, {"error": "The token is missing or unknown; enrol to get one."}
        address, name = urlsplit(self.path), token.removeprefix(role)
        asked = parse_qs(address.query)
        ingest = self.ingest
        answers = {
            "/v1/keys": lambda: ingest.answer_keys(int(asked["from_ms"][0]), int(asked["to_ms"][0])),
            "/v1/opt-outs": ingest.answer_opt_outs,
            "/v1/detections": lambda: ingest.answer_upload(name, body),
            "/v1/sales": lambda: ingest.answer_post(self.path, name, dict(self.headers), body),
            "/v1/counts": lambda: ingest.answer_post(self.path, name, dict(self.headers), body),
        }
        if address.path in answers:
            return answers[address.path]()
        if role != REPLAYER_TOKEN:
            return 403, {"error": "Only a replayer's token may tick."}
        return self.ingest.answer_tick(json.loads(body)["town_time_ms"])
