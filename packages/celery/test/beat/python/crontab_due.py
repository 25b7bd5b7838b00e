"""Reads a JSON list of {fields, zone, since} and writes when the real Celery has each due next, in UTC."""
import json
import sys
from datetime import datetime, timedelta, timezone

from celery import Celery
from celery.schedules import crontab

apps = {}


def app_of(zone):
    if zone not in apps:
        apps[zone] = Celery(set_as_current=False)
        apps[zone].conf.timezone = zone
    return apps[zone]


def due(case):
    since = datetime.fromisoformat(case['since'])
    app = app_of(case['zone'])
    try:
        schedule = crontab(**case['fields'], app=app, nowfun=lambda: since.astimezone(app.timezone))
    except Exception as error:
        return {'error': type(error).__name__}
    next_run = since + schedule.remaining_estimate(since)
    moment = next_run.astimezone(timezone.utc)
    # Due just then and not a moment before: what beat asks.
    schedule.nowfun = lambda: next_run.astimezone(app.timezone)
    is_due = schedule.is_due(since)[0]
    schedule.nowfun = lambda: (moment - timedelta(seconds=1)).astimezone(app.timezone)
    return {'due': moment.isoformat(), 'isDue': is_due and not schedule.is_due(since)[0]}


json.dump([due(case) for case in json.load(sys.stdin)], sys.stdout)
