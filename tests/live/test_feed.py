"""Followers get the newest event, and no one waits for them."""

from __future__ import annotations

import asyncio

from onelayer.live.feed import Feed


def test_late_follower_gets_the_newest_and_what_follows():
    feed = Feed()
    feed.publish("first")
    feed.publish("second")

    async def follow():
        got = []
        async for text in feed.follow():
            got.append(text)
            if text == "second":
                feed.publish("third", is_last=True)
        return got

    assert asyncio.run(follow()) == ["second", "third"]


def test_slow_follower_skips_what_is_old():
    feed = Feed()
    feed.publish("0")

    async def follow():
        got = []
        async for text in feed.follow():
            got.append(text)
            if text == "0":  # while this one is taken, many others come
                for number in range(1, 1000):
                    feed.publish(str(number), is_last=number == 999)
        return got

    assert asyncio.run(follow()) == ["0", "999"]


def test_follower_waits_for_the_next_event_of_another_thread():
    feed = Feed()

    async def follow():
        following = feed.follow()
        waiting = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await asyncio.to_thread(feed.publish, "news", is_last=True)
        return await waiting

    assert asyncio.run(asyncio.wait_for(follow(), 10)) == "news"


def test_follower_that_leaves_is_forgotten():
    feed = Feed()
    feed.publish("first")

    async def follow():
        following = feed.follow()
        await anext(following)
        await following.aclose()

    asyncio.run(follow())
    feed.publish("after the follower's loop has closed", is_last=True)
