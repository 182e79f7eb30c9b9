"""Store an upload as an API does, say its id, and wait for the end.

Run in a process of its own: python -m tests.work.files.one_upload ADDRESS OUTCOME
"""

import asyncio
import io
import signal
import sys

from scenarios import files, owners


async def main(address: str, outcome: str) -> None:
    owners.begin(owners.TaskStore(address) if address else None, is_api=True)
    async with files.stored_upload(io.BytesIO(b"content"), lambda file: None) as task_id:
        print(task_id, flush=True)
        if outcome == "killed before it is taken":
            signal.pause()
    print("taken", flush=True)
    signal.pause()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
