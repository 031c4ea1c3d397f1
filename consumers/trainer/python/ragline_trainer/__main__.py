"""python -m ragline_trainer CONFIG [--events-on-stdout] | --probe"""

import argparse
import json
import logging
import sys
import traceback

from . import config, failures
from .events import Events


def main() -> int:
    parser = argparse.ArgumentParser(prog="ragline_trainer")
    parser.add_argument("config", nargs="?")
    parser.add_argument("--events-on-stdout", action="store_true", help="write events there and not on file descriptor 3")
    parser.add_argument("--probe", action="store_true", help="print versions and device as one line of JSON")
    options = parser.parse_args()
    if options.probe:
        from .device import probe

        print(json.dumps(probe()))
        return 0
    if not options.config:
        parser.error("name a configuration file")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    events = Events.open(options.events_on_stdout)
    try:
        settings = config.load(options.config)
        from . import train

        return train.run(settings, events)
    except Exception as error:
        traceback.print_exc()
        failure = failures.classify(error)
        events.emit("failed", reason=failure.reason, message=str(failure))
        return 1


if __name__ == "__main__":
    sys.exit(main())
