"""The shop's customers: some threads that look at one page after another and keep count.

Python's standard library only; urllib finds the mesh by http_proxy. The count is written to LOAD_REPORT, whole each
time, so that whoever reads it never sees half of it.
"""
import collections
import json
import os
import threading
import time
import urllib.error
import urllib.request

THREADS = int(os.environ.get("LOAD_THREADS", "4"))
PAUSE = THREADS / float(os.environ.get("LOAD_RPS", "40"))
REPORT = os.environ.get("LOAD_REPORT")

lock = threading.Lock()
counts = collections.Counter()
errors = collections.deque(maxlen=20)


def look(item):
    with urllib.request.urlopen(f"http://web/items/{item}.json", timeout=15) as answer:
        return json.load(answer)["review"]["version"]


def customer(number):
    item = number
    while True:
        began = time.monotonic()
        item = item % 3 + 1
        try:
            version = look(item)
            with lock:
                counts["requests"] += 1
                counts[version] += 1
        except Exception as error:  # whatever went wrong is what a customer sees
            said = error.read(300).decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
            with lock:
                counts["requests"] += 1
                counts["errors"] += 1
                errors.append(f"{time.strftime('%H:%M:%S')} {error} {said}".strip())
        time.sleep(max(0, PAUSE - (time.monotonic() - began)))


for number in range(THREADS):
    threading.Thread(target=customer, args=(number,), daemon=True).start()
while True:
    time.sleep(0.1)
    if REPORT:
        with lock:
            report = {"requests": counts["requests"], "errors": counts["errors"], "v1": counts["v1"],
                      "v2": counts["v2"], "lastErrors": list(errors)}
        with open(f"{REPORT}.new", "w") as file:
            json.dump(report, file)
        os.replace(f"{REPORT}.new", REPORT)
