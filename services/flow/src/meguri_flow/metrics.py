"""What the flow measures, each with a sentence; declared once."""

from prometheus_client import Counter, Gauge, Histogram

FOLDED_MESSAGES = Counter(
    "meguri_flow_folded_messages_total", "Messages of the topic detections that were folded.", ["partition"]
)
SKIPPED_MESSAGES = Counter(
    "meguri_flow_skipped_messages_total",
    "Messages read again that the snapshot had folded already.",
    ["partition"],
)
JUMPS = Counter(
    "meguri_flow_jumps_total",
    "Times that a read began after the offset expected and was taken back to it.",
    ["partition"],
)
LOST_MESSAGES = Counter(
    "meguri_flow_lost_messages_total",
    "Messages that the topic no longer held when they were to be read.",
    ["partition"],
)
REJECTED_DETECTIONS = Counter(
    "meguri_flow_rejected_detections_total", "Detections that could not be folded, by reason.", ["reason"]
)
UNKNOWN_RECORDS = Gauge(
    "meguri_flow_unknown_records", "Records of a newer producer that were skipped.", ["partition"]
)
ROWS = Counter("meguri_flow_rows_total", "Rows written to ClickHouse, by table.", ["table"])
INSERT_SECONDS = Histogram(
    "meguri_flow_insert_seconds",
    "How long ClickHouse took for the rows of one table, by table.",
    ["table"],
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
LAG = Gauge("meguri_flow_lag_messages", "Messages in the topic that are not folded yet.", ["partition"])
CHECKPOINT_SECONDS = Histogram(
    "meguri_flow_checkpoint_seconds", "How long writing the rows and the snapshot of a partition took."
)
SNAPSHOT_BYTES = Gauge("meguri_flow_snapshot_bytes", "Size of the newest snapshot.", ["partition"])
SNAPSHOT_AGE_SECONDS = Gauge(
    "meguri_flow_snapshot_age_seconds",
    "Since the newest snapshot was written, or taken over; while nothing comes, none is written.",
    ["partition"],
)
OPEN_VISITS = Gauge("meguri_flow_open_visits", "Visits that may still go on.", ["partition"])
WATERMARK_DELAY_SECONDS = Gauge(
    "meguri_flow_watermark_delay_seconds",
    "By how much the watermark of a town's slowest running day is behind the wall clock: the lateness bound "
    "and a minute where all is well. A recording town has a clock of its own.",
    ["town"],
)
LATE_DETECTIONS = Gauge(
    "meguri_flow_late_detections",
    "Detections of the days in memory that came behind the watermark; a refold brings them in.",
    ["town"],
)
DUPLICATE_DETECTIONS = Gauge(
    "meguri_flow_duplicate_detections",
    "Detections of the days in memory that were delivered more than once; they count once.",
    ["town"],
)
VISITS = Gauge("meguri_flow_visits", "Visits of the days in memory that are over.", ["town"])
SINK_RETRIES = Counter(
    "meguri_flow_sink_retries_total", "Writes to ClickHouse, or of dead letters, that had to be tried again."
)
LIVE_FAILURES = Counter(
    "meguri_flow_live_failures_total", "Times that the live numbers could not be given to Redis."
)
DAMAGED_SNAPSHOTS = Counter(
    "meguri_flow_damaged_snapshots_total", "Snapshots that could not be read; the one before was used."
)
REJECTED_ROWS = Counter(
    "meguri_flow_rejected_rows_total",
    "Rows of sales, counts, guide events and survey answers that no table takes, or messages of them that "
    "cannot be read, by topic and reason.",
    ["topic", "reason"],
)
REFOLDS = Counter("meguri_flow_refolds_total", "Refolds of a day that ended, by how.", ["outcome"])
REFOLD_SECONDS = Histogram(
    "meguri_flow_refold_seconds",
    "How long a refold took whose state became the day's.",
    buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000),
)
REFOLD_MESSAGES = Gauge(
    "meguri_flow_refold_messages",
    "Messages that the running refold has folded (done) and has before it (to_do); 0 while none runs.",
    ["state"],
)
GENERATION = Gauge("meguri_flow_generation", "Generation of the newest refold, by partition.", ["partition"])
SEALED_DAYS = Counter(
    "meguri_flow_sealed_days_total", "Slices of key days whose pseudonyms this worker has dropped."
)
