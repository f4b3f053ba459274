"""titus2 as a process: a request a line in, an answer a line out, both JSON.  Runs on Python 3.10."""

import json
import sys

from titus.genpy import PFAEngine
from work import Work


def load(document):
    (engine,) = PFAEngine.fromJson(document)
    return engine.action


def main():
    work = Work(load)
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(work, request.pop("do"))(**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
