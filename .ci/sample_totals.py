"""Adds up the sample's bills of a month by other means than costbook's, and compares.

Usage: sample_totals.py <sample> <out of a month>. Nothing but Python's own library; every amount is a Decimal.
"""
import csv, glob, gzip, io, json, sys, zipfile
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation, ROUND_FLOOR, getcontext
from xml.etree import ElementTree

getcontext().prec = 80
QUANTUM = Decimal(1).scaleb(-10)


def text_of(path):
    data = open(path, "rb").read()
    return (gzip.decompress(data) if path.endswith(".gz") else data).decode("utf-8-sig")


def table(path):
    return csv.DictReader(io.StringIO(text_of(path), newline=""))


def number(text):
    """The amount, or None where it is none: `1,234.56`, `NaN`."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def real_day(text):
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def focus(path):
    for row in table(path):
        billed, effective = number(row["BilledCost"]), number(row["EffectiveCost"])
        if billed is not None and effective is not None and real_day(row["ChargePeriodStart"]):
            yield row["BillingPeriodStart"][:7], row["BillingCurrency"], billed, effective


def cur(path):
    for row in table(path):
        cost = lambda header: Decimal(row[header] or 0)
        billed = effective = cost("lineItem/UnblendedCost")
        kind = row["lineItem/LineItemType"]
        if kind == "SavingsPlanCoveredUsage":
            effective = cost("savingsPlan/SavingsPlanEffectiveCost")
        elif kind == "SavingsPlanNegation":
            effective = Decimal(0)
        elif kind == "SavingsPlanRecurringFee":
            effective = cost("savingsPlan/TotalCommitmentToDate") - cost("savingsPlan/UsedCommitment")
        elif kind == "DiscountedUsage":
            effective = cost("reservation/EffectiveCost")
        elif kind == "RIFee":
            effective = cost("reservation/UnusedAmortizedUpfrontFeeForBillingPeriod") + cost("reservation/UnusedRecurringFee")
        yield row["bill/BillingPeriodStartDate"][:7], row["lineItem/CurrencyCode"], billed, effective


def google(path):
    for line in text_of(path).splitlines():
        row = json.loads(line, parse_float=Decimal, parse_int=Decimal)
        net = row["cost"] + sum(credit["amount"] for credit in row["credits"])
        month = row["invoice"]["month"]
        yield f"{month[:4]}-{month[4:]}", row["currency"], net, net


def oracle(path):
    for row in table(path):
        cost = Decimal(row["cost/myCost"])
        yield row["lineItem/intervalUsageStart"][:7], row["cost/currencyCode"], cost, cost


def sheet(path, at):
    """The rows of a sheet as lists of texts."""
    book = zipfile.ZipFile(path)
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    part = lambda name: ElementTree.fromstring(book.read(name))
    shared = ["".join(t.text or "" for t in item.iter(space + "t")) for item in part("xl/sharedStrings.xml")]
    for row in part(f"xl/worksheets/sheet{at}.xml").iter(space + "row"):
        cells = {}
        for cell in row.iter(space + "c"):
            value = cell.find(space + "v")
            if value is not None:
                text = shared[int(value.text)] if cell.get("t") == "s" else value.text
                cells[cell.get("r").rstrip("0123456789")] = text
        yield [cells.get(chr(ord("A") + column), "") for column in range(11)]


def shares(amount, first, last):
    """The amount over the whole months from the first day to the last, by largest remainder."""
    months = []
    day = first
    while day <= last:
        months.append(day.isoformat()[:7])
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    each = (amount / len(months)).quantize(QUANTUM, rounding=ROUND_FLOOR)
    left = int((amount - each * len(months)) / QUANTUM)
    return {month: each + (QUANTUM if index < left else 0) for index, month in enumerate(months)}


def workbook(path):
    rows = list(sheet(path, 2))
    header = next(index for index, row in enumerate(rows) if "Net amount" in row)
    as_day = lambda text: date(1899, 12, 30) + timedelta(days=int(text))
    for row in rows[header + 1 :]:
        if not row[1]:
            continue  # the total at the end
        amount, billed_in = Decimal(row[7]), as_day(row[1]).isoformat()[:7]
        borne = shares(amount, as_day(row[5]), as_day(row[6])) if row[5] else {billed_in: amount}
        for month in {billed_in, *borne}:
            yield month, row[8], amount if month == billed_in else Decimal(0), borne.get(month, Decimal(0))


def main(sample, out):
    month = out.rstrip("/").rsplit("/", 1)[-1]
    # Parquet is left out: its months are older, and no row of theirs is billed later.
    readers = {"aws/*.csv.gz": focus, "azure/*.csv": focus, "aws-inc/*": cur, "google/*": google, "oracle/*": oracle, "invoices-received/*": workbook}
    sums = defaultdict(Decimal)
    for pattern, reader in readers.items():
        paths = glob.glob(f"{sample}/data/{pattern}")
        assert paths, pattern
        for path in paths:
            for billed_in, currency, billed, effective in reader(path):
                if billed_in == month:
                    sums[currency, "BilledCost"] += billed
                    sums[currency, "EffectiveCost"] += effective
    run = json.load(open(f"{out}/run.json"))
    told = {(t["currency"], t["metric"]): Decimal(t["accepted"]) for t in run["totals"]}
    for key, total in sorted(sums.items()):
        assert told[key] == total, (key, told[key], total)
    print("the bills add up to what was accepted:", {" ".join(key): str(total) for key, total in sorted(sums.items())})


if __name__ == "__main__":
    main(*sys.argv[1:])
