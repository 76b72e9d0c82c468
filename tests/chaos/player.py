"""Plays what a sensor or the tills deliver, as a process.

    python -m chaos.player SCRIPT PROGRESS URL BEGAN

The script has a post a line, in the order of time. A post is made when its time has come and the one before
it was answered; what was answered stands in the progress, so that a player that was killed goes on there, and
posts again what it may have posted before. Ends when all is delivered, with status 1 if some of it was
refused.
"""

import base64
import json
import sys
import time
from pathlib import Path

from meguri_sensors.service import Service
from meguri_village.whole_files import replace_file

PATIENCE_S = 300.0


def main(script, progress, url, began):
    """Play until all is delivered.

    Args:
        script: the file of posts.
        progress: the file of how many were answered.
        url: of ingest.
        began: when the play begins, seconds since the epoch.
    """
    posts = [json.loads(line) for line in script.read_text("utf-8").splitlines()]
    done = int(progress.read_text("utf-8")) if progress.exists() else 0
    with Service("ingest", url, patience_s=PATIENCE_S) as ingest:
        for number, post in enumerate(posts[done:], done + 1):
            time.sleep(max(0.0, began + post["at_s"] - time.time()))
            answer = ingest.ask(
                "POST",
                post["path"],
                "take what is played",
                post["token"],
                content=base64.b64decode(post["body"]),
                headers=post["headers"],
            )
            if answer.get("rejected"):
                sys.exit(f"Ingest refused a part of post {number}: {answer['rejected']}")
            replace_file(progress, str(number))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
