"""Feeds events to Celery's State until a worker goes offline, then prints as JSON what it shows of workers and tasks."""
import json

from celery.events.state import State
from interop_app import app

state = State()
alive = {}
clocks = []


def on_event(event):
    if not clocks:
        print('watching', flush=True)
    state.event(event)
    clocks.append(event['clock'])
    if event['type'] == 'worker-heartbeat':
        alive[event['hostname']] = state.workers[event['hostname']].alive
    if event['type'] == 'worker-offline':
        receiver.should_stop = True


with app.connection() as connection:
    receiver = app.events.Receiver(connection, handlers={'*': on_event})
    receiver.capture(limit=None, timeout=20, wakeup=False)

fields = ('name', 'state', 'args', 'kwargs', 'result', 'runtime', 'exception', 'traceback', 'retries', 'root_id')
print(json.dumps({
    'tasks': {task.uuid: {field: getattr(task, field) for field in fields} for _, task in state.tasks_by_time()},
    'workers': {worker.hostname: {
        'alive': alive.get(worker.hostname), 'active': worker.active, 'processed': worker.processed,
        'freq': worker.freq, 'loadavg': worker.loadavg, 'sw_ident': worker.sw_ident, 'sw_sys': worker.sw_sys,
    } for worker in state.workers.values()},
    'has_clocks': len(set(clocks)) == len(clocks) and all(type(clock) is int for clock in clocks),
}))
