"""A task that nobody references is collected while it waits, and never ends."""

import asyncio
import gc

kept: set[asyncio.Task[None]] = set()
loop_messages: list[str] = []


async def job(done: list[int]) -> None:
    answer: asyncio.Future[None] = asyncio.Future()
    box = [answer]  # only this job knows the answer that it waits for (1)
    await box[0]
    done.append(1)


async def main() -> None:
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: loop_messages.append(context["message"])
    )
    done: list[int] = []
    for _ in range(100):
        asyncio.create_task(job(done))  # noqa: RUF006 - the mistake that is shown
    for _ in range(100):
        kept.add(asyncio.create_task(job(done)))  # (2)
    await asyncio.sleep(0)
    gc.collect()
    print("destroyed without a reference:", len(loop_messages), "of 100")
    print("still there in a set:", sum(not task.done() for task in kept), "of 100")
    print("the loop says:", loop_messages[0])
    for task in kept:
        task.cancel()


asyncio.run(main())
