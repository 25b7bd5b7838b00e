"""The Python half of single tasks between the languages: a worker's tasks, and a client that is told what to send."""
import json
import os
import sys
import time

from celery import Celery
from celery.exceptions import TimeoutError as NotDone
from kombu.utils.json import dumps, loads

broker, results, prefix = (os.environ[name] for name in ('INTEROP_BROKER', 'INTEROP_RESULTS', 'INTEROP_PREFIX'))

app = Celery('interop', broker=broker, backend=results, set_as_current=True)
if broker.startswith('redis'):
    app.conf.broker_transport_options = {'global_keyprefix': prefix}
app.conf.result_backend_transport_options = {'global_keyprefix': prefix}
app.conf.task_routes = {'py.*': {'queue': f'{prefix}py'}, 'ts.*': {'queue': f'{prefix}ts'}}
app.conf.task_default_queue = f'{prefix}py'


@app.task(name='py.echo')
def echo(value):
    return value


@app.task(name='py.flaky', bind=True, max_retries=2)
def flaky(self, fails):
    """Fails so many times before it succeeds."""
    if self.request.retries < fails:
        raise self.retry(countdown=0.2, exc=KeyError('not yet'))
    return self.request.retries


@app.task(name='py.now')
def now():
    return time.time()


@app.task(name='py.header', bind=True)
def header(self, name):
    return self.request.get(name)


def answer(question):
    """Sends one task and tells what became of it."""
    options = question.get('options', {})
    result = app.send_task(question['task'], question.get('args', []), **options)
    if question.get('revoke'):
        app.control.revoke(result.id)
    try:
        return {'value': result.get(timeout=10), 'state': result.state}
    except NotDone:
        return {'error': 'not done in time'}
    except Exception as error:
        shown = {'error': type(error).__name__, 'args': [str(arg) for arg in error.args]}
        return {**shown, 'state': result.state, 'traceback': bool(result.traceback)}


if __name__ == '__main__':
    print('ready', flush=True)
    for line in sys.stdin:
        print(dumps(answer(loads(line))), flush=True)
