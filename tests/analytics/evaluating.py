"""A program that evaluates once, at the instant it is told: started twice at once by test_evaluator_races.py."""

import sys
from datetime import datetime

from analytics.data_sources import monitor_for
from analytics.evaluator import evaluate
from core.bootstrap import build
from core.migrations import models
from core.platform.settings import load_settings

assert models.Base.metadata.tables  # all of them are known, as in the worker
services = build(load_settings(_env_file=None))
done = evaluate(services, monitor_for(services.settings), now=datetime.fromisoformat(sys.argv[1]))
print(done.changes)
