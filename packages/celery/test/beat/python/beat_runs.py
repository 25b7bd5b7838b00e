"""Reads a JSON list of {fields | seconds, deadline, start, up: [[from, to], ...]} and writes when the real Celery's beat
entry is sent: time is made to pass second by second, the entry is kept over the times without a beat, as its file is."""
import json
import sys
from datetime import datetime, timedelta, timezone

from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import crontab, schedule


def runs(case):
    app = Celery(set_as_current=False)
    app.conf.timezone = 'UTC'
    app.conf.beat_cron_starting_deadline = case.get('deadline')
    start = datetime.fromisoformat(case['start']).replace(tzinfo=timezone.utc)
    clock = [start]
    options = {'app': app, 'nowfun': lambda: clock[0]}
    when = schedule(case['seconds'], **options) if 'seconds' in case else crontab(**case['fields'], **options)
    entry = ScheduleEntry(name='e', task='t', schedule=when, app=app)
    sent = []
    for begin, end in case['up']:
        for second in range(begin, end + 1):
            clock[0] = start + timedelta(seconds=second)
            if entry.is_due()[0]:
                sent.append(second)
                entry = next(entry)
    return sent


json.dump([runs(case) for case in json.load(sys.stdin)], sys.stdout)
