"""The Python side of the benchmarks of tasks: a task that does nothing, one that tells when it started, and a loop that
sends the first."""
import os
import sys
import time

from celery import Celery

prefix = {"global_keyprefix": os.environ["BENCH_PREFIX"]}
broker = os.environ["BENCH_PYTHON_BROKER"]
app = Celery("bench", broker=broker, backend=os.environ["BENCH_PYTHON_RESULTS"])
app.conf.update(
    task_default_queue=os.environ["BENCH_QUEUE"],
    worker_prefetch_multiplier=int(os.environ.get("BENCH_PREFETCH", "4")),
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
    broker_transport_options=prefix if broker.startswith("redis") else {},
    result_backend_transport_options=prefix,
)


@app.task(name="bench.noop")
def noop():
    return None


@app.task(name="bench.started_at")
def started_at():
    return time.time() * 1000


if __name__ == "__main__":
    # Sends as many as it is told, without a subscription to the result of each, and prints the seconds of CPU time and
    # of the clock that this took.
    count = int(sys.argv[1])
    for _ in range(count // 10):
        noop.apply_async(ignore_result=True)
    cpu, clock = time.process_time(), time.perf_counter()
    for _ in range(count):
        noop.apply_async(ignore_result=True)
    print(time.process_time() - cpu, time.perf_counter() - clock)
