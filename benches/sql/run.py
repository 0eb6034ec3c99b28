"""Runs a file of SQL in DuckDB and prints the last statement's only row as JSON."""

import json
import sys

import duckdb

statements, threads = sys.argv[1], int(sys.argv[2])
connection = duckdb.connect(config={"threads": threads})
connection.execute("SET TimeZone = 'UTC'")
with open(statements, encoding="utf-8") as file:
    result = connection.execute(file.read())
names = [column[0] for column in result.description]
print(json.dumps(dict(zip(names, result.fetchone()))))
