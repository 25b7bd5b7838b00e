"""The app of the Python side: its broker and key prefix come by the environment."""
import os
import time

from celery import Celery

app = Celery('interop', broker=os.environ['INTEROP_BROKER'], set_as_current=True)
app.conf.broker_transport_options = {'global_keyprefix': os.environ.get('INTEROP_PREFIX', '')}
app.conf.worker_hijack_root_logger = False
app.conf.task_default_queue = os.environ.get('INTEROP_QUEUE', 'celery')


@app.task(name='tasks.add', rate_limit='100/m')
def add(x, y):
    return x + y


@app.task(name='tasks.sleep')
def sleep(seconds):
    time.sleep(seconds)
