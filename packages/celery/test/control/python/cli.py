"""Runs Celery's own command line once for each list of arguments in the JSON on stdin; JSON of what each said."""
import json
import sys

from celery.bin.celery import celery
from click.testing import CliRunner

outcomes = []
for arguments in json.load(sys.stdin):
    result = CliRunner().invoke(celery, ['-A', 'interop_app', *arguments])
    outcomes.append({'code': result.exit_code, 'output': result.output})
print(json.dumps(outcomes))
