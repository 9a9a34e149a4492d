# Asks Python's own time zones what src/command/schedule.cpp must answer; run by schedule_test.cpp.
# SPDX-License-Identifier: Apache-2.0
#
# Prints lines "ZONE DAYS MINUTE AFTER DUE" (DAYS as a mask from Monday, instants in seconds since
# 1970): around the changes of clocks of every zone from 2000 to 2037, and at random. With "full" every
# change is asked about, else a few of each zone.
import random
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1)
FIRST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime(2037, 10, 31, tzinfo=UTC).timestamp())


def offset(zone, second):
    return int(datetime.fromtimestamp(second, zone).utcoffset().total_seconds())


def change_between(zone, low, high):
    """The first second with the offset of `high`, when there is one change between the two."""
    after = offset(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if offset(zone, middle) == after else (middle, high)
    return high


def changes(zone):
    """Every instant from FIRST to LAST at which the zone's offset changes (none is nearer to another than four days)."""
    step, found, before = 4 * 86400, [], offset(zone, FIRST)
    for second in range(FIRST + step, LAST, step):
        now = offset(zone, second)
        if now != before:
            found.append(change_between(zone, second - step, second))
        before = now
    return found


def instant_of(zone, local):
    """The second at which a local clock shows `local`: the first of two, or the end of the gap that swallowed it."""
    wall = int((local - EPOCH).total_seconds())
    early = wall - int(local.replace(tzinfo=zone, fold=0).utcoffset().total_seconds())
    late = wall - int(local.replace(tzinfo=zone, fold=1).utcoffset().total_seconds())
    showing = [second for second in (early, late) if second + offset(zone, second) == wall]
    if showing:
        return min(showing)
    return change_between(zone, min(early, late), max(early, late))


def due(zone, days, minute, after):
    today = datetime.fromtimestamp(after, zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    candidates = []
    for ahead in range(-2, 10):
        day = today + timedelta(days=ahead)
        if days >> day.weekday() & 1:
            candidates.append(instant_of(zone, day + timedelta(minutes=minute)))
    return min(second for second in candidates if second > after)


def questions(zone, chance, full):
    all_changes = changes(zone)
    asked = all_changes if full else chance.sample(all_changes, min(6, len(all_changes)))
    for change in asked:
        wall = (change + offset(zone, change - 1)) // 60 % 1440  # what the clock would have shown
        for shift in (-60, -31, -1, 0, 1, 29, 30, 59, 60, 90) if full else chance.sample(range(-90, 91), 5):
            after = change + chance.choice((-1, 0, 1, -86400, -3600, -1800, 1800, 3600, chance.randrange(-90000, 9000)))
            yield chance.choice((127, 127, 1 << chance.randrange(7), chance.randrange(1, 128))), (wall + shift) % 1440, after
    for _ in range(40 if full else 8):
        yield chance.randrange(1, 128), chance.randrange(1440), chance.randrange(FIRST, LAST)


def main():
    full, chance = sys.argv[1:] == ["full"], random.Random(20261122)
    for name in sorted(available_timezones() - {"Factory"}):  # not a zone: the name of "not set up"
        zone = ZoneInfo(name)
        for days, minute, after in questions(zone, chance, full):
            print(name, days, minute, after, due(zone, days, minute, after))


main()
