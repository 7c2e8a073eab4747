"""Prints every national holiday of the years given on the command line, by jpholiday, one date a line."""

import datetime
import sys

import jpholiday

first, last = int(sys.argv[1]), int(sys.argv[2])
day = datetime.date(first, 1, 1)
while day.year <= last:
    if jpholiday.is_holiday(day):
        print(day.isoformat())
    day += datetime.timedelta(days=1)
